"""The loss of one output as a unit: the formula of its name or of the user, reduced over the batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, MeanOver, Reduction, SumOver
from symbp.errors import InputError
from symbp.language.spec import Loss, Output
from symbp.language.tree import Read
from symbp.language.walk import walk
from symbp.layers import losses
from symbp.layers.definition import Definition
from symbp.network.graph import Graph
from symbp.network.template import Place, Shape

CLASSES = ("cross_entropy",)  # losses whose targets sum to one over the last axis


@dataclass(frozen=True, eq=False)
class LossUnit:
    """The loss as a unit that ends in ``L``: inputs y and t, reduced over the batch."""

    unit: Unit
    order: dict[str, int]
    target_shape: Shape


def loss_unit(graph: Graph, output: Output, shape: Shape) -> LossUnit:
    """The loss of an output of that shape; raises InputError where it does not suit it."""
    loss, file = output.loss, graph.spec.file
    definition = _definition(loss, shape, file)
    others = tuple(graph.tensors[graph.named[name]].shape for _, name in loss_inputs(loss))
    shapes = (shape, shape[: _target_rank(loss, len(shape))], *others)
    place = Place(shapes, file, frozenset({"t"}))
    unit, _, order, resolved = graph.library.unit(definition, definition.formula, place, True)
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
    return LossUnit(unit, {**order, "L": 0}, resolved.shapes.get("t", shape))


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


def loss_inputs(loss: Loss) -> tuple[tuple[str, str], ...]:
    """Other tensors of the network that a loss by formula reads: local name, name in the network."""
    return tuple(dict(loss.options).get("inputs", ()))  # type: ignore[call-overload]


def _over(kind: type[Reduction], body: sp.Expr, bound: tuple[sp.Symbol, ...]) -> sp.Expr:
    scale, body = body.as_coeff_Mul()
    if kind is SumOver and isinstance(body, SumOver):
        body, bound = body.body, (*bound, *body.letters)
    return scale * kind(body, *bound)


def _definition(loss: Loss, shape: Shape, file: str | None) -> Definition:
    if loss.formula is not None:
        options = dict(loss.options)
        formula = loss.formula
        output = formula.equations[-1].name if formula.equations else "L"
        return Definition(
            formula=formula,
            inputs=("y", "t", *(local for local, _ in loss_inputs(loss))),
            output=output,
            sizes=dict(options.get("sizes", ())),  # type: ignore[call-overload]
            constants=dict(options.get("constants", ())),  # type: ignore[call-overload]
            latex=dict(options.get("latex", ())),  # type: ignore[call-overload]
            line=loss.formula_line,
        )
    assert loss.type is not None
    rank = len(shape) - 1
    if loss.type == "cross_entropy" and rank not in (1, 2):
        raise InputError(
            f"cross_entropy takes an output of shape [c] or [t, c], not {list(shape[1:])}",
            file,
            loss.line or None,
        )
    delta = dict(loss.options).get("delta", 1.0)
    text = losses.formula(loss.type, rank, float(delta))  # type: ignore[arg-type]
    return Definition(formula=text, inputs=("y", "t"), output="L")
