"""What a value in a network file may be: each kind reads one value, or says that it is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

MAX_SIZE = 10**7  # of one axis
MAX_ENTRIES = 10**8  # of one array
MAX_AXES = 8
MAX_TEXT = 10_000  # characters of a formula


@dataclass(frozen=True)
class Kind:
    """``read`` returns the value in its one normal form, or raises ValueError."""

    description: str  # completes "units must be ..."
    read: Callable[[object], object]
    choices: tuple[str, ...] = ()


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Option:
    """A key with its kind and default; without a default it must be given."""

    kind: Kind
    default: object = REQUIRED


def integer(low: int, high: int = MAX_SIZE) -> Kind:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return int(value)

    return Kind(f"an integer from {low} to {high}", read)


def number(
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> Kind:
    """A finite real number; an integer becomes a float."""
    bounds = [
        f"{words} {bound:g}"
        for words, bound in [
            ("at least", at_least), ("above", above), ("at most", at_most), ("below", below),
        ]
        if bound is not None
    ]  # fmt: skip

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        real = float(value) if abs(value) < 2**63 or isinstance(value, float) else math.nan
        inside = (
            math.isfinite(real)
            and (at_least is None or real >= at_least)
            and (above is None or real > above)
            and (at_most is None or real <= at_most)
            and (below is None or real < below)
        )
        if not inside:
            raise ValueError
        return real

    return Kind(" ".join(["a number", " and ".join(bounds)]).strip(), read)


def word(*choices: str) -> Kind:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError
        return value

    return Kind(f"one of {', '.join(choices)}", read, choices)


def each(kind: Kind, count: int) -> Kind:
    """One value for ``count`` axes, or a list of ``count`` values; a tuple either way."""

    def read(value: object) -> tuple[object, ...]:
        values = value if isinstance(value, list) else [value] * count
        if len(values) != count:
            raise ValueError
        return tuple(kind.read(item) for item in values)

    many = f", or a list of {count} of them" if count > 1 else ""
    return Kind(kind.description + many, read)


def list_of(kind: Kind, description: str, count: int | None = None) -> Kind:
    """A list that is not empty, or of ``count`` values."""

    def read(value: object) -> tuple[object, ...]:
        if not isinstance(value, list) or not value or count not in (None, len(value)):
            raise ValueError
        return tuple(kind.read(item) for item in value)

    return Kind(description, read)


def either(first: Kind, second: Kind) -> Kind:
    def read(value: object) -> object:
        try:
            return first.read(value)
        except ValueError:
            return second.read(value)

    return Kind(f"{first.description}, or {second.description}", read)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _line_of_text(value: object) -> str:
    printable = isinstance(value, str) and value.isprintable() and len(value) <= 200
    if not printable or not str(value).strip():
        raise ValueError
    return str(value)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _formula_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise ValueError
    return value


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _shape(value: object) -> tuple[object, ...]:
    shape = list_of(SIZE, "").read(value)
    assert isinstance(shape, tuple)
    if len(shape) > MAX_AXES or math.prod(shape) > MAX_ENTRIES:
        raise ValueError
    return shape


def constant(value: object) -> object:
    """A finite number, or nested lists of them as nested tuples; integers stay integers.

    Raises ValueError where the lists are ragged or empty, or hold anything else.
    """
    shape: list[int] = []
    inner = value
    while isinstance(inner, list) and inner:
        shape.append(len(inner))
        inner = inner[0]
    if len(shape) > MAX_AXES or math.prod(shape) > MAX_SIZE:
        raise ValueError
    return _nested(value, tuple(shape))


def _nested(value: object, shape: tuple[int, ...]) -> object:
    if shape:
        if not isinstance(value, list) or len(value) != shape[0]:
            raise ValueError
        return tuple(_nested(item, shape[1:]) for item in value)
    real = REAL.read(value)
    return int(value) if isinstance(value, int) else real


SIZE = integer(1)
FLAG = Kind("true or false", _flag)
REAL = number()
LINE = Kind("a line of at most 200 printable characters", _line_of_text)
NAME = Kind("a name", _word)
FORMULA = Kind(f"a formula, a string of at most {MAX_TEXT} characters", _formula_text)
TABLE = Kind("a table", _table)
SHAPE = Kind(
    f"a list of at most {MAX_AXES} sizes of at least 1, together at most {MAX_ENTRIES} entries",
    _shape,
)
