"""The loss, and the last layer joined with it where the two must be derived as one.

The adjoint of an output through ``log(y)`` has a pole at y = 0, which the layer in front cancels:
softmax and cross-entropy, sigmoid and binary cross-entropy. Derived as one unit, the pole never appears.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.derive import Derivation
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, MeanOver, Reduction, SumOver, entries, letter, rebuild
from symbp.calculus.index import base
from symbp.calculus.stable_logs import stable_gradient, stable_logs
from symbp.errors import InputError
from symbp.language.parser import parse
from symbp.language.spec import Loss, Output
from symbp.language.tree import Formula, Read
from symbp.language.walk import walk
from symbp.layers import losses
from symbp.layers.definition import Definition
from symbp.network.graph import Graph, Node
from symbp.network.template import Library, Place, Shape
from symbp.network.unit_text import UnitText, unit_text
from symbp.printers.finished import Finished

CLASSES = ("cross_entropy",)  # losses whose targets sum to one over the last axis


@dataclass(frozen=True, eq=False)
class Head:
    """The loss of one output. ``node`` is the layer that was joined with it, if any; then the unit's
    input is that layer's input."""

    output: Output
    source: str  # the tensor that is judged
    text: UnitText
    node: Node | None
    forward: tuple[Finished, ...]  # the equations of the loss alone
    names: Mapping[str, str]  # local -> tensor names
    target_shape: Shape


def head(graph: Graph, output: Output, source: str, target: str, value: str) -> Head:
    """Derive the loss of one output; raises InputError where the loss does not suit its shape."""
    library = graph.library
    shape = graph.tensors[source].shape
    unit, order, target_shape = loss_unit(library, output, shape, graph)
    others = {local: graph.named[name] for local, name in _loss_inputs(output.loss)}
    names = {"y": source, "t": target, unit.output: value, **others}
    node = next((n for n in graph.nodes if n.output == source and not n.levels), None)
    derivation = library.derive(unit, seed=False)
    if node is not None and _has_pole(derivation):
        joined = join(node, unit)
        if joined is not None:
            return _joined_head(
                library, output, source, node, joined, unit, order, names, target_shape
            )
    text = unit_text(unit, derivation, order)
    return Head(output, source, text, None, text.forward, names, target_shape)


def _joined_head(
    library: Library,
    output: Output,
    source: str,
    node: Node,
    joined: tuple[Unit, Mapping[str, str]],
    loss: Unit,
    order: dict[str, int],
    names: dict[str, str],
    target_shape: Shape,
) -> Head:
    unit, renamed = joined
    layer_order = node.template.training.order
    order = {**{renamed.get(k, k): v + 5000 for k, v in layer_order.items()}, **order}
    text = unit_text(unit, library.derive(unit, seed=False), order)
    unit = text.unit
    names = {**{renamed[k]: v for k, v in node.names.items() if k in renamed}, **names}
    before_loss = {renamed.get(e.name) for e in node.template.training.unit.equations}
    own = [Finished(e, unit, order) for e in unit.equations if e.name not in before_loss]
    stable = stable_logs(unit)
    if stable is not None:
        before, rhs = stable
        order |= {e.name: 6000 + k for k, e in enumerate(before)}
        sizes = {**unit.letters, **{e.name: e.target.indices for e in before}}
        unit = replace(unit, letters=sizes)
        own[-1] = Finished(
            loss.equations[-1], unit, order, Equation(loss.equations[-1].target, rhs)
        )
        own = [*(Finished(e, unit, order) for e in before), *own]
        gradient = stable_gradient(text.unit, before, rhs)
        if gradient is not None:
            text = replace(text, unit=unit, order=order, runs={gradient.name: gradient})
    return Head(output, source, text, node, tuple(own), names, target_shape)


def loss_unit(
    library: Library, output: Output, shape: Shape, graph: Graph
) -> tuple[Unit, dict[str, int], Shape]:
    """The loss as a unit that ends in ``L``: inputs y and t, reduced over the batch."""
    loss, file = output.loss, graph.spec.file
    definition = _definition(loss, len(shape) - 1, shape, file)
    others = tuple(graph.tensors[graph.named[name]].shape for _, name in _loss_inputs(loss))
    shapes = (shape, shape[: _target_rank(loss, len(shape))], *others)
    place = Place(shapes, file, frozenset({"t"}))
    unit, _, order, resolved = library.unit(definition, definition.formula, place, True)
    last = unit.equations[-1]
    rhs = last.rhs
    sizes, letters = dict(unit.sizes), dict(unit.letters)
    if last.target.indices:
        batch = last.target.indices[0]
        rest = last.target.indices[1:]
        if rest:
            rhs = _over(SumOver, rhs, rest)
        rhs = _over(MeanOver if loss.reduction == "mean" else SumOver, rhs, (batch,))
    rhs = sp.nsimplify(sp.Rational(str(output.weight))) * rhs if output.weight != 1 else rhs
    equations = (*unit.equations[:-1], Equation(Entry("L"), rhs))
    letters = {k: v for k, v in letters.items() if k != last.name} | {"L": ()}
    given: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
    if loss.type in CLASSES:
        t = letters["t"]
        given = ((SumOver(Entry("t", *t), t[-1]), sp.S.One),)
    unit = replace(
        unit,
        equations=equations,
        inputs=tuple(i for i in definition.inputs if i != "t"),
        letters=letters,
        sizes=sizes,
        given=given,
        assumptions=("one_hot",) if given else (),
    )
    order = {**order, "L": 0}
    return unit, order, resolved.shapes.get("t", shape)


def _target_rank(loss: Loss, rank: int) -> int:
    """As many axes as a formula reads of its target; those of the output otherwise."""
    equations = loss.formula.equations if loss.formula is not None else ()
    found = [
        len(node.positions)
        for e in equations
        for node in walk(e.rhs)
        if isinstance(node, Read) and node.name == "t"
    ]
    fits = found and min(found) == max(found) < rank and "..." not in equations[0].text
    return found[0] if fits else rank


def _loss_inputs(loss: Loss) -> tuple[tuple[str, str], ...]:
    """Other tensors of the network that a loss by formula reads: local name, name in the network."""
    return tuple(dict(loss.options).get("inputs", ()))  # type: ignore[call-overload]


def _over(kind: type[Reduction], body: sp.Expr, bound: tuple[sp.Symbol, ...]) -> sp.Expr:
    scale, body = body.as_coeff_Mul()
    if kind is SumOver and isinstance(body, SumOver):
        body, bound = body.body, (*bound, *body.letters)
    return scale * kind(body, *bound)


def _definition(loss: Loss, rank: int, shape: Shape, file: str | None) -> Definition:
    if loss.formula is not None:
        options = dict(loss.options)
        formula = loss.formula
        output = formula.equations[-1].name if formula.equations else "L"
        return Definition(
            formula=formula,
            inputs=("y", "t", *(local for local, _ in _loss_inputs(loss))),
            output=output,
            sizes=dict(options.get("sizes", ())),  # type: ignore[call-overload]
            constants=dict(options.get("constants", ())),  # type: ignore[call-overload]
            latex=dict(options.get("latex", ())),  # type: ignore[call-overload]
            line=loss.formula_line,
        )
    assert loss.type is not None
    if loss.type == "cross_entropy" and rank not in (1, 2):
        raise InputError(
            f"cross_entropy takes an output of shape [c] or [t, c], not {list(shape[1:])}",
            file,
            loss.line or None,
        )
    delta = dict(loss.options).get("delta", 1.0)
    text = losses.formula(loss.type, rank, float(delta))  # type: ignore[arg-type]
    return Definition(formula=text, inputs=("y", "t"), output="L")


def _has_pole(derivation: Derivation) -> bool:
    """Whether the adjoint of y divides by something that depends on y."""
    adjoint = derivation.adjoint("y")
    if adjoint is None:
        return False
    for equation in adjoint.equations:
        for node in sp.preorder_traversal(equation.rhs):
            if node.is_Pow and node.exp.could_extract_minus_sign():
                if any(r.name == "y" for r in entries(node.base)):
                    return True
    return False


def join(node: Node, loss: Unit) -> tuple[Unit, Mapping[str, str]] | None:
    """The layer's equations and the loss as one unit, and how the layer's local names were renamed."""
    unit = node.template.training.unit
    if node.template.training is not node.template.inference or len(unit.inputs) != 1:
        return None
    if unit.links or unit.fills:
        return None
    output = unit.letters[unit.output]
    if not unit.definition(unit.output).target.plain:  # type: ignore[union-attr]
        return None
    moved = _letters(unit, dict(zip(output, loss.letters["y"], strict=True)), loss)
    taken = {*loss.letters, "y", "t", "L"}
    renamed: dict[str, str] = {unit.output: "y"}
    for name in unit.letters:
        if name != unit.output:
            renamed[name] = name if name not in taken else f"{name}_in"
    equations = tuple(
        Equation(_rename(e.target, renamed, moved), _rename(e.rhs, renamed, moved))
        for e in unit.equations
    )
    letters = {renamed[k]: tuple(moved.get(i, i) for i in v) for k, v in unit.letters.items()}
    family = {base(old): base(new) for old, new in moved.items()}
    sizes = {family.get(k, k): v for k, v in unit.sizes.items()}
    axes = {family.get(k, k): family.get(v, v) for k, v in unit.axes.items()}
    united = _unite(axes, dict(loss.axes))
    return replace(
        loss,
        equations=(*equations, *loss.equations),
        inputs=(renamed[unit.inputs[0]],),
        parameters=tuple(renamed[p] for p in unit.parameters),
        letters={**loss.letters, **letters},
        sizes={**sizes, **loss.sizes},
        axes=united,
        parts=frozenset({*loss.parts, *(renamed[p] for p in unit.parts)}),
        cuts=frozenset({*loss.cuts, *(renamed[p] for p in unit.cuts)}),
    ), renamed


def _letters(unit: Unit, known: dict, loss: Unit) -> dict:
    """Letters of the layer in the loss's words; others step aside where the loss uses their name."""
    moved = dict(known)
    used = {*loss.sizes, *(base(i) for i in known.values())}
    for family in unit.sizes:
        index = letter(family)
        if index in moved or family not in used:
            continue
        name = next(c for c in "ijkdefghpqruvw" if c not in used and c not in unit.sizes)
        moved[index] = letter(name)
        used.add(name)
    return moved


def _rename(expr: sp.Basic, names: Mapping[str, str], letters: Mapping) -> sp.Basic:
    """Rename tensors, and letters by family, bound ones too."""
    if isinstance(expr, sp.Symbol):
        _, mark, count = expr.name.partition("_")
        new = letters.get(letter(base(expr)))
        return expr if new is None else letter(new.name + mark + count)
    if isinstance(expr, Entry):
        return Entry(
            names.get(expr.name, expr.name), *(_rename(i, names, letters) for i in expr.indices)
        )
    if not expr.args:
        return expr
    return rebuild(expr, [_rename(a, names, letters) for a in expr.args])


def _unite(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """One axis name for letters that either side puts on one axis."""
    axes = dict(second)
    for family, axis in first.items():
        if family in axes:
            old, new = axis, axes[family]
            first = {k: new if v == old else v for k, v in first.items()}
    return {**first, **axes}


def penalty(
    library: Library, rank: int, l2: float, l1: float, file: str | None
) -> tuple[UnitText, str]:
    """``l2/2 sum(W**2) + l1 sum(|W|)`` for a parameter with ``rank`` axes."""
    letters = ",".join("ijklpqrs"[:rank])
    read = f"W[{letters}]" if rank else "W"
    over = f", {letters.replace(',', ', ')}" if rank else ""

    def total(body: str) -> str:
        return f"sum({body}{over})" if rank else body

    terms = []
    if l2:
        terms.append(f"{l2!r}/2*{total(f'{read}**2')}")
    if l1:
        terms.append(f"{l1!r}*{total(f'abs({read})')}")
    formula: Formula = parse("R = " + " + ".join(terms))
    sizes = {letter: 2 for letter in letters.split(",") if letter}
    definition = Definition(
        formula=formula,
        inputs=(),
        output="R",
        parameters={"W": tuple(letters.split(",")) if rank else ()},
        sizes=sizes,
    )
    unit, _, order, _ = library.unit(definition, formula, Place((), file), True)
    return unit_text(unit, library.derive(unit, seed=False), order), "W"
