"""A parsed formula and the shapes around it -> the size of every index and tensor, all checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from symbp.language import bindings, expand, size_checks
from symbp.language.inference import infer
from symbp.language.program import Axis, Program
from symbp.language.recurrence import Recurrence, recurrences
from symbp.language.rename import renamed
from symbp.language.tree import Equation, Formula

Shape = tuple[int | None, ...]  # None: the batch


@dataclass(frozen=True)
class Resolved:
    """A formula with nothing left open.

    ``equations`` have letters for ``...`` and for what an elementwise formula leaves unsaid;
    ``sizes`` holds every letter (None: of the batch), ``shapes`` every tensor; ``recurrences`` are
    those of the names that read their own or each other's past.
    """

    equations: tuple[Equation, ...]
    sizes: dict[str, int | None]
    shapes: dict[str, Shape]
    output: str
    recurrences: Mapping[str, Recurrence]

    @property
    def recurrent(self) -> frozenset[str]:
        """The names that read their own or each other's past."""
        return frozenset(self.recurrences)


def resolve(
    formula: Formula,
    *,
    inputs: Mapping[str, Shape],
    parameters: Mapping[str, Sequence[int | str]],
    constants: Mapping[str, Sequence[int]] | None = None,
    sizes: Mapping[str, int] | None = None,
    output: str = "y",
    integer: Set[str] = frozenset(),
    batch: tuple[str, ...] = ("n", "m"),
    file: str | None = None,
    line: int = 1,
) -> Resolved:
    """Check a formula against its surroundings and infer every size.

    ``inputs`` have their batch axis in front as None; an axis of ``parameters`` is a size or a
    letter; ``sizes`` gives letters their sizes; ``output`` names the result of an elementwise
    formula; ``integer`` names the tensors that may index others; the first of ``batch`` is the
    letter of the batch, the others may be. Raises InputError at the line of the equation at fault,
    where ``line`` is that of the formula's first line in ``file``.
    """
    given: dict[str, tuple[Axis, ...]] = {name: tuple(shape) for name, shape in inputs.items()}
    others = {**parameters, **(constants or {})}
    given |= {name: tuple(axes) for name, axes in others.items()}
    program = Program(
        _expanded(formula, given, frozenset(inputs), output, batch[0], (file, line)),
        given,
        tuple(parameters),
        tuple(constants or {}),
        frozenset(integer),
        batch,
        file,
        line,
    )
    bindings.check_names(program)
    bindings.check_letters(program)
    found = recurrences(program)
    bindings.check_targets(program, found)
    known = infer(program, size_checks.check_given(program, sizes or {}), found)
    size_checks.check_open(known)
    size_checks.check_batch(known)
    for spot in known.spots:
        size_checks.check_range(known, spot)
    size_checks.check_starts(known, found)
    shapes = {
        name: tuple(known.axes[name, axis] for axis in range(len(axes)))
        for name, axes in [*given.items(), *((e.name, e.positions) for e in program.equations)]
    }
    letters = {letter: known.letters[letter] for letter in sorted(program.letters)}
    equations, letters = renamed(program, letters)
    return Resolved(equations, letters, shapes, equations[-1].name, found)


def _expanded(
    formula: Formula,
    given: Mapping[str, tuple[Axis, ...]],
    inputs: Set[str],
    output: str,
    batch: str,
    place: tuple[str | None, int],
) -> tuple[Equation, ...]:
    if formula.elementwise is not None:
        mine = {name: axes for name, axes in given.items() if name in inputs}
        others = {name: axes for name, axes in given.items() if name not in inputs}
        return (expand.elementwise(formula.elementwise, mine, others, output, batch, place),)
    plain = Program(formula.equations, given, (), (), frozenset(), (batch,), *place)
    taken = plain.letters | {*given} | {equation.name for equation in formula.equations}
    return expand.ellipses(formula, given, taken, batch, place)
