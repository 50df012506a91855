"""Which tensors of the network one of a part may be taken for, and what may be left out of it."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symbp.calculus.equation import Equation
from symbp.calculus.expression import Entry, Reduction, entries
from symbp.calculus.index import substitute
from symbp.calculus.unary import Apply
from symbp.judge.evaluate import ELSEWHERE
from symbp.judge.evaluate_network import Chain
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_right import Elsewhere, Summand

NEAR = 4  # tensors of the same shape


def elsewhere(chain: Chain, part: Part) -> Elsewhere:
    """For inputs and parameters, tensors near by in the network with the same shape: first those of
    the layer that an input comes from; for inputs and what the part computes itself, what they are
    without one of their summands."""
    own = {e.name: e for e in part.unit.equations}
    inside = {
        n: tuple(_summands(part, e, _read(part, n), _read(part, n), True)) for n, e in own.items()
    }
    return Elsewhere(
        {local: tuple(_like(chain, part, local)) for local in part.outside},
        {**inside, **{local: tuple(_without(chain, part, local)) for local in part.inputs}},
    )


def _read(part: Part, local: str) -> Entry:
    return Entry(local, *part.unit.letters[local])


def _like(chain: Chain, part: Part, local: str) -> list[str]:
    layers = [p for p in chain.parts if p.kind == "layer" and p.levels == part.levels]
    order = {p.id: k for k, p in enumerate(layers)}
    here, maker = order.get(part.id, 0), part.names[local]
    layers.sort(key=lambda p: (p.id != maker, abs(order[p.id] - here), order[p.id]))
    shape = part.unit.shape_of(part.unit.letters[local])
    parameter = local in part.unit.parameters
    own, found = set(part.names.values()), []
    for other in layers:
        hidden = {k.back for k in other.unit.links}
        for name, letters in sorted(other.unit.letters.items()):
            kind = name in other.unit.parameters
            tensor = other.names.get(name, "")
            if kind == parameter and name not in hidden and tensor not in own:
                if other.unit.shape_of(letters) == shape and len(shape):
                    own.add(tensor)
                    found.append(f"{ELSEWHERE}{other.id}:{name}")
    return found[:NEAR]


def _without(chain: Chain, part: Part, local: str) -> Iterator[Summand]:
    """An input with a summand left out of it, or of what it is a function of."""
    maker = _maker(chain, part, local)
    if maker is None:
        return
    here, letters = _read(part, local), part.unit.letters[local]
    equation = maker.unit.definition(maker.unit.output)
    yield from _summands(maker, equation, here, here)
    before = _maker(chain, maker, maker.inputs[0]) if len(maker.inputs) == 1 else None
    if before is None or before.levels != part.levels or not _is_by_entry(maker, equation):
        return
    assert equation is not None
    (inner,) = set(entries(equation.rhs))
    moved = Entry(f"{ELSEWHERE}{before.id}:{before.unit.output}", *letters)
    function = equation.rhs.xreplace({inner: moved})
    for summand in _summands(before, before.unit.definition(before.unit.output), moved, function):
        wrong = equation.rhs.xreplace({inner: summand.wrong})
        yield Summand(before, summand.equation, summand.term, wrong, function)


def _maker(chain: Chain, part: Part, local: str) -> Part | None:
    """The layer in the same copies that an input comes from."""
    own = part.names.get(local)
    found = (p for p in chain.parts if p.id == own and p.kind == "layer")
    return next((p for p in found if p.levels == part.levels), None)


def _is_by_entry(part: Part, equation: Equation | None) -> bool:
    """Whether a layer is one named function of its input, entry by entry."""
    if equation is None or not isinstance(equation.rhs, Apply):
        return False
    argument = equation.rhs.argument
    return isinstance(argument, Entry) and argument.indices == equation.target.indices


def _summands(
    maker: Part, equation: Equation | None, read: Entry, shown: sp.Expr, near: bool = False
) -> Iterator[Summand]:
    """What an equation adds to other terms, tensor by tensor, left out of what is read of it; ``near``
    where it is read by the layer itself."""
    if equation is None or not equation.rhs.is_Add or not equation.target.plain:
        return
    places = dict(zip(equation.target.indices, read.indices, strict=True))
    for term in sorted(equation.rhs.args, key=str):
        sign, body = term.as_coeff_Mul()
        free = body.free_symbols <= equation.target.free_symbols
        if isinstance(body, Entry) and body.plain and free and not term.has(Reduction):
            moved = substitute(body, places)
            far = moved if near else Entry(f"{ELSEWHERE}{maker.id}:{body.name}", *moved.indices)
            yield Summand(maker, equation, term, read - sign * far, shown)
