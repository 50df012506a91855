"""Mistakes whose size has to be measured on the answer: a constant factor, a share of the weights, the
length of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import sympy as sp

from symbp.calculus.equation import ADJOINT, Equation, adjoint_name
from symbp.calculus.expression import entries
from symbp.judge.diagnose_bench import Bench
from symbp.judge.diagnose_findings import Mistakes, Observed, close, plain, ratio
from symbp.judge.evaluate_parts import Part
from symbp.judge.evaluate_unit import Changed, Written
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.mutations_parts import mutation
from symbp.judge.mutations_right import Edit


def special(bench: Bench, seen: Observed, accepted: Mistakes, name: str) -> Iterator[Mutation]:
    """What may explain a parameter's gradient; whether it does is still to be seen."""
    yield from _scales(bench, seen, accepted, name)
    for way in (_penalty, _updated):
        found = way(bench, seen, accepted, name)
        if found is not None:
            yield found


def pinned(bench: Bench, seen: Observed, name: str) -> Iterator[Mutation]:
    """The adjoints that the answer names, as it has them where they are wrong, from the loss on."""
    for part in reversed(bench.chain.parts):
        values = seen.adjoints.get(part.id)
        where = bench.mutations.where.places.get(ADJOINT + part.id)
        if values is None or where is None or part.kind != "layer":
            continue
        right = [bench.adjoint((), part.id, k) for k in range(len(values))]
        if all(v.size == 1 for v in values):  # in scalar notation
            pairs = zip(right, values, strict=True)
            values = tuple(v if r is None else v.reshape(r.shape) for r, v in pairs)
        fits = [r is not None and r.shape == v.shape for r, v in zip(right, values, strict=True)]
        if all(fits) and not all(close(v, r) for v, r in zip(values, right, strict=True)):
            mistake = Mutation("unknown", where, part, {}, 3, pinned={part.id: values})
            if name in bench.touched(mistake):
                yield mistake


def constant_of(bench: Bench, seen: Observed, mistakes: Mistakes, name: str) -> float | None:
    """The one constant between an answer's gradient and that under mistakes, at every point."""
    values = seen.gradients.get(name, ())
    found: set[float] = set()
    for k, value in enumerate(values):
        wanted = bench.gradient(mistakes, name, k)
        if np.size(value) < 2 and len(values) < 2:
            return None
        constant = ratio(value, wanted, seen.exact)
        if constant is None or any(abs(constant - c) > 1e-7 * abs(c) for c in found):
            return None
        found.add(constant)
    return min(found) if found else None


def _scales(bench: Bench, seen: Observed, accepted: Mistakes, name: str) -> Iterator[Mutation]:
    """A constant in front of an equation: a gradient is affine in it."""
    value = seen.gradients[name][0]
    right = bench.gradient(accepted, name, 0)
    if right is None or right.shape != value.shape:
        return
    ways: list[Callable[[sp.Expr], Mutation | None]] = [
        *(partial(_together, bench, users) for users in bench.sums(name)),
        *(partial(_scaled, bench, place) for place in _equations(bench, name)),
    ]
    for way in ways:
        without = way(sp.S.Zero)
        if without is None:
            continue
        base = bench.gradient((*accepted, without), name, 0)
        if base is None:
            continue
        constant = ratio(value - base, right - base, seen.exact)
        if constant is not None and abs(constant - 1) > 1e-6:
            found = way(number_of(constant))
            if found is not None:
                yield found


def _equations(bench: Bench, name: str) -> Iterator[tuple[Part, Part, int]]:
    """The equations of the map on a parameter's path, those nearest the loss first."""
    for part in reversed(bench.chain.parts):
        for form in [*([part.joined] if part.joined else []), part]:
            for number, written in enumerate(form.system.written):
                if name in bench.reach(form, written.equation.name):
                    yield part, form, number


def _kind(bench: Bench, constant: sp.Expr) -> str:
    """A factor that a mask of the network has is that of the mask."""
    for node in bench.program.graph.nodes:
        for rate in node.template.definition.noise.values():
            if any(abs(float(constant) - c) < 1e-9 for c in (1 - rate, 1 / (1 - rate))):
                return "dropout_scale"
    return "sign" if constant == -1 else "scale"


def _together(bench: Bench, users: tuple[tuple[Part, str], ...], constant: sp.Expr) -> Mutation:
    """All that flows into one tensor, with a constant in front."""
    changes: dict[str, Changed] = {}
    for part, local in users:
        own = enumerate(part.system.written)
        new = {
            k: (Written(Equation(w.equation.target, constant * w.equation.rhs)),)
            for k, w in own
            if w.equation.name == adjoint_name(local)
        }
        changes[part.id] = part.system.replaced(new)
    part, local = users[0]
    where = bench.mutations.where.of(part, adjoint_name(local)) or ""
    kind = _kind(bench, constant)
    edit = Edit(kind, sp.S.Zero, 2, None, None, constant)
    return Mutation(kind, where, part, changes, 2, None, edit)


def _scaled(bench: Bench, place: tuple[Part, Part, int], constant: sp.Expr) -> Mutation | None:
    """An equation with a constant in front."""
    part, form, number = place
    e = form.system.written[number].equation
    where = bench.mutations.where.of(form, e.name, e)
    if where is None:
        return None
    kind = _kind(bench, constant)
    rank = 1 if kind == "dropout_scale" and part.drops else 2
    edit = Edit(kind, constant * e.rhs, rank, None, None, constant)
    new = (Written(Equation(e.target, edit.rhs)),) if constant else ()
    return mutation(part, form.system, number, new, where, edit, False)


def composed_scale(
    bench: Bench, seen: Observed, accepted: Mistakes, mutation: Mutation, name: str
) -> Mutation | None:
    """The mistake with a constant in front of its equation, where that makes it the answer."""
    equation, edit = mutation.equation, mutation.edit
    if equation is None or edit is None or edit.rhs == 0 or len(mutation.changes) != 1:
        return None
    constant = constant_of(bench, seen, (*accepted, mutation), name)
    batch = float(bench.states[0].batch)
    if constant is None or min(abs(constant - batch), abs(constant - 1 / batch)) < 1e-9:
        return None  # the size of the batch has a name of its own
    number = number_of(constant)
    kind = _kind(bench, number)
    return bench.mutations.composed(mutation, Edit(kind, number * edit.rhs, 1, None, None, number))


def number_of(value: float) -> sp.Expr:
    known = plain(value)
    return sp.Float(known) if isinstance(known, float) else sp.Rational(known)


def _penalty(bench: Bench, seen: Observed, accepted: Mistakes, name: str) -> Mutation | None:
    """A multiple of the parameter itself, or of its signs, too much or too little."""
    for shape in (lambda w: w, np.sign):
        found: list[float] = []
        for k, value in enumerate(seen.gradients.get(name, ())):
            right = bench.gradient(accepted, name, k)
            weights = shape(bench.values(name, k))
            if right is None or right.shape != value.shape:
                return None
            rest = ratio(value - right, weights, 1e-5)
            if rest is not None and close(value, right + rest * weights, exact=seen.exact):
                found.append(rest)
        if found and len(found) == len(bench.points) and np.ptp(found) <= 1e-5 * abs(found[0]):
            where = bench.mutations.where.places[ADJOINT + name]
            edit = Edit("regularization", sp.S.Zero, 1, None, None, number_of(round(found[0], 12)))
            shares = tuple(
                found[0] * shape(bench.values(name, k)) for k in range(len(bench.points))
            )
            part = next(p for p in bench.chain.parts if name in p.names.values())
            return Mutation("regularization", where, part, {}, 1, None, edit, added={name: shares})
    return None


def _updated(bench: Bench, seen: Observed, accepted: Mistakes, name: str) -> Mutation | None:
    """Weights that the step has changed already: the gradient is affine in the length of the step."""
    for part, weight, equation in _readers(bench, name):
        steps = seen.gradients.get(weight)
        if steps is None or weight == name:
            continue
        where = bench.mutations.where.of(part, equation.name)
        if where is None:
            continue
        trial = _moved(part, where, equation, weight, steps, 1.0)
        lengths = []
        for k, value in enumerate(seen.gradients[name]):
            zero = bench.gradient(accepted, name, k)
            one = bench.gradient((*accepted, trial), name, k)
            if zero is None or one is None or zero.shape != value.shape:
                break
            length = ratio(value - zero, one - zero, 1e-5)
            if length is None:
                break
            lengths.append(length)
        if (
            lengths
            and len(lengths) == len(bench.points)
            and np.ptp(lengths) <= 1e-4 * abs(lengths[0])
        ):
            found = _moved(part, where, equation, weight, steps, lengths[0])
            mistakes = (*accepted, found)
            if all(close(v, bench.gradient(mistakes, name, k), exact=1e-7)
                   for k, v in enumerate(seen.gradients[name])):  # fmt: skip
                return found
    return None


def _readers(bench: Bench, name: str) -> Iterator[tuple[Part, str, Equation]]:
    """The adjoint equations on a parameter's path that read a weight."""
    for part in reversed(bench.chain.parts):
        for written in part.system.written if part.kind == "layer" else ():
            e = written.equation
            for read in dict.fromkeys(r.name for r in entries(e.rhs)):
                weight = part.names.get(read, "")
                if read in part.unit.parameters and name in bench.reach(part, e.name):
                    yield part, weight, e


def _moved(
    part: Part, where: str, equation: Equation, weight: str, steps: tuple, length: float
) -> Mutation:
    moved = {weight: tuple(-length * step for step in steps)}
    local = next(k for k, v in part.names.items() if v == weight)
    term = next(r for r in entries(equation.rhs) if r.name == local)
    edit = Edit("updated_weight", equation.rhs, 1, None, term, sp.Float(length))
    return Mutation("updated_weight", where, part, {}, 1, equation, edit, moved=moved)


__all__ = ["composed_scale", "constant_of", "number_of", "pinned", "special"]
