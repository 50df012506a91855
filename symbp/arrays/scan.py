"""What the arrays of a loop are: histories with a step in front, whole arrays, and values of one step.

A tensor that nothing outside its own step reads loses the letter of the loop; an adjoint that only the
next step reads is carried from step to step in one variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from symbp.arrays.schedule import Loop, Scheduled, flat
from symbp.calculus.equation import Equation, Link
from symbp.calculus.expression import Entry, Letter, entries, rebuild


@dataclass(frozen=True)
class Inside:
    """How the code of a loop, and behind it, writes tensors: without the axis in ``drop``, and under
    the name in ``rename``. ``letter`` is the loop's variable, inside it."""

    letter: Letter | None = None
    drop: Mapping[str, int] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)

    def apply(self, expr: object) -> object:
        """An expression, or an equation, as the code has it."""
        if isinstance(expr, Equation):
            return Equation(self.apply(expr.target), self.apply(expr.rhs))  # type: ignore[arg-type]
        if isinstance(expr, Entry):
            indices = [self.apply(i) for i in expr.indices]
            if expr.name in self.drop:
                del indices[self.drop[expr.name]]
            return Entry(self.rename.get(expr.name, expr.name), *indices)
        if not expr.args:  # type: ignore[attr-defined]
            return expr
        return rebuild(expr, [self.apply(a) for a in expr.args])  # type: ignore[arg-type, attr-defined]


@dataclass(frozen=True)
class History:
    """``base`` with ``steps`` entries before its first (behind its last, where ``ahead``), and the
    tensors that are views of it: (name, by how many steps it lags)."""

    base: str
    axis: int
    steps: int
    ahead: bool
    views: tuple[tuple[str, int], ...]
    starts: tuple[str | None, ...]


@dataclass(frozen=True)
class Stored:
    """The arrays of one loop: ``histories``, ``whole`` arrays, and ``carried`` (name, like, axis)."""

    inside: Inside
    histories: tuple[History, ...]
    whole: tuple[str, ...]
    carried: tuple[tuple[str, str, int], ...]


def stored(
    loop: Loop,
    links: Sequence[Link],
    letters: Mapping[str, tuple[Letter, ...]],
    read_outside: Collection[str],
) -> Stored:
    """Decide for each tensor that a loop defines what it is."""
    body = flat(loop.body)
    made = list(dict.fromkeys(e.name for e in body))
    mine = [k for k in links if k.base in made]
    drop: dict[str, int] = {}
    rename: dict[str, str] = {}
    histories: list[History] = []
    carried: list[tuple[str, str, int]] = []
    for base in dict.fromkeys(k.base for k in mine):
        own = [k for k in mine if k.base == base]
        alone = all(abs(k.offset) == 1 for k in own) and base not in read_outside
        if alone and not any(r.name == base for e in body for r in entries(e.rhs)):
            (link,) = own
            carried.append((link.name, base, link.axis))
            drop |= {link.name: link.axis, base: link.axis}
            rename[base] = link.name
        else:
            histories.append(_history(base, own))
    parts = {e.name for e in body if not _fills(e, letters)}
    kept = {*read_outside, *(h.base for h in histories), *parts}
    for name in made:
        if name not in kept and name not in drop:
            drop[name] = _axis(letters[name.lstrip("∂")], loop.letter)
    whole = tuple(n for n in made if n in kept and n not in {h.base for h in histories})
    return Stored(Inside(loop.letter, drop, rename), tuple(histories), whole, tuple(carried))


def _history(base: str, own: list[Link]) -> History:
    far = max(own, key=lambda k: abs(k.offset))
    views = tuple((k.name, abs(k.offset)) for k in own)
    return History(base, far.axis, abs(far.offset), far.offset > 0, views, far.starts)


def _fills(equation: Equation, letters: Mapping[str, tuple[Letter, ...]]) -> bool:
    """Whether an equation defines all of a step's entries."""
    return equation.target.plain and len(equation.target.indices) == len(
        letters[equation.name.lstrip("∂")]
    )


def _axis(letters: tuple[Letter, ...], letter: Letter) -> int:
    return letters.index(letter)


def loops_of(items: Scheduled) -> list[Loop]:
    return [item for item in items if isinstance(item, Loop)]
