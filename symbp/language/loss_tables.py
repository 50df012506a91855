"""The tables [loss] with [target], or [[output]]: what is learnt, and how it is judged."""

from __future__ import annotations

from symbp.language.declared import freeze, read_declared
from symbp.language.formula_names import mentioned
from symbp.language.kinds import Option, number
from symbp.language.options import LOSSES, REDUCTION
from symbp.language.scope import Scope
from symbp.language.sections import Section
from symbp.language.spec import Loss, Output
from symbp.language.tree import Affine, Formula
from symbp.language.wording import unknown

WEIGHT = Option(number(above=0), 1.0)


def read_outputs(top: Section, scope: Scope) -> tuple[Output, ...]:
    """The outputs in file order; one of source None where the last layer is the output."""
    sections = top.tables("output", "an output")
    if not sections:
        return (_read_single(top, scope),)
    for key in ("loss", "target"):
        if key in top.values:
            raise top.error(
                f"[{key}] and [[output]] exclude each other; each output has its own {key}", key
            )
    return tuple(_read_output(section, scope, len(sections)) for section in sections)


def _read_single(top: Section, scope: Scope) -> Output:
    if "loss" not in top.values:
        raise top.error('the network needs a loss: [loss] with type = "mse", for example')
    target = top.table("target", "[target]")
    target.only(["name"])
    name = scope.name(target, target.values.get("name", "t"), "target")
    loss = top.table("loss", "[loss]")
    return Output(None, name, _read_loss(loss, scope), line=loss.line() or 0)


def _read_output(section: Section, scope: Scope, count: int) -> Output:
    section.only(["from", "target", "loss", "weight"])
    for key in ("from", "target"):
        if count > 1 and key not in section.values:
            raise section.error(f"each of several outputs needs {key}")
    if "loss" not in section.values:
        raise section.error('an output needs a loss: loss = { type = "mse" }, for example')
    source = section.values.get("from")
    if source is not None and (not isinstance(source, str) or source not in scope.layers):
        raise section.error(unknown("layer {} in from", source, scope.layers), "from")
    weight = section.get("weight", WEIGHT)
    assert isinstance(weight, float)
    return Output(
        source=source,
        target=scope.name(section, section.values.get("target", "t"), "target", "target"),
        loss=_read_loss(section.table("loss", "the loss"), scope),
        weight=weight,
        line=section.line() or 0,
    )


def _read_loss(section: Section, scope: Scope) -> Loss:
    kind = section.values.get("type", "formula" if "formula" in section.values else None)
    if kind is None:
        raise section.error(f"{section.what} needs a type or a formula; types: {', '.join(LOSSES)}")
    if not isinstance(kind, str) or kind not in LOSSES:
        raise section.error(unknown("loss {}", kind, LOSSES), "type")
    if kind != "formula" and "formula" in section.values:
        raise section.error(f"{section.what} has a type or a formula, not both", "formula")
    section.only([*LOSSES[kind], "reduction", "type"])
    reduction = str(section.get("reduction", REDUCTION))
    line = section.line() or 0
    if kind != "formula":
        return Loss(kind, None, freeze(section.read(LOSSES[kind])), reduction, line)
    inputs = section.table("inputs") if "inputs" in section.values else None
    declared = read_declared(section, ["y", "t"], inputs)
    _check_end(section, declared.formula)
    if "y" not in mentioned(declared.formula) and not declared.inputs:
        raise section.error("the loss does not depend on the output y", "formula")
    options = {k: declared.options[k] for k in ("constants", "sizes", "latex")}
    sources = {
        local: scope.source(section, name, "inputs", local) for local, name in declared.inputs
    }
    options["inputs"] = freeze(sources)
    return Loss(None, declared.formula, freeze(options), reduction, line, declared.line)


def _check_end(section: Section, formula: Formula) -> None:
    """Equations of a loss end in L[n], one value a sample, or in L, one for the batch."""
    if not formula.equations:
        return
    last = formula.equations[-1]
    position = last.positions[0] if len(last.positions) == 1 else None
    per_sample = isinstance(position, Affine) and position.letter == "n"
    if last.name != "L" or (last.positions and not per_sample):
        raise section.error(
            "the last equation of a loss defines L[n], one value a sample, or L, one value for "
            "the batch",
            "formula",
        )
    if not last.positions and "reduction" in section.values:
        raise section.error(
            "a loss that ends in L is one value for the batch; leave reduction out", "reduction"
        )
