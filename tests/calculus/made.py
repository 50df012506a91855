"""Units made from a formula's text, for tests that look at equations."""

from __future__ import annotations

from typing import Any

from symbp.calculus.equation import Unit
from symbp.layers.definition import Definition
from symbp.network.template import Library, Place

RNN = (
    "h[n,t,j] = tanh(sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j])\n"
    "y[n,t,j] = h[n,t,j]"
)
RNN_PARAMETERS = {"Wx": ("i", 4), "Wh": ("j", "j"), "b": ("j",)}


def made(
    text: str,
    shape: tuple[int, ...] = (5, 3),
    *,
    integers: frozenset[str] = frozenset(),
    **declared: Any,
) -> Unit:
    """The unit of a formula over ``x``, samples of which have this shape."""
    output = text.split("\n")[-1].partition("[")[0].strip()
    declared.setdefault("inputs", ("x",))
    definition = Definition(text, output=output, **declared)
    shapes = ((None, *shape),) * len(declared["inputs"])
    return Library().unit(definition, text, Place(shapes, None, integers), True)[0]


def equations(unit: Unit) -> dict[str, str]:
    """Right sides as text, by the text of what they define."""
    return {str(e.target): str(e.rhs) for e in unit.equations}
