"""What a formula says, as a small tree; ``start`` is the place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Number:
    value: float
    start: int = 0


@dataclass(frozen=True)
class Symbol:
    """A name as the answer knows it: ``key`` without accents and brackets (W1, yhat, delta2), with
    indices that name axes (W1 and ij)."""

    key: str
    indices: tuple[str, ...] = ()
    start: int = 0


@dataclass(frozen=True)
class Partial:
    """The derivative of ``upper`` by ``lower``; ``upper`` is None for the loss."""

    upper: Symbol | None
    lower: Symbol
    start: int = 0


@dataclass(frozen=True)
class Call:
    """A function, as often derived as it has primes. ``key`` is its name as a symbol."""

    key: str
    primes: int
    arguments: tuple[Node, ...]
    start: int = 0


@dataclass(frozen=True)
class Sum:
    terms: tuple[Node, ...]
    signs: tuple[int, ...]
    start: int = 0


@dataclass(frozen=True)
class Product:
    """Factors with what stands between them: "" (nothing), "*", "@", "odot", "odiv", "cdot", "outer",
    or "/" between two."""

    factors: tuple[Node, ...]
    signs: tuple[str, ...]
    start: int = 0


@dataclass(frozen=True)
class Power:
    base: Node
    exponent: Node
    start: int = 0


@dataclass(frozen=True)
class Transpose:
    body: Node
    start: int = 0


@dataclass(frozen=True)
class Reduce:
    """``kind`` is sum or mean; over letters, or over an axis of a batch of rows, or over everything
    (``axis`` None and no letters). ``batch`` says that the letters count samples."""

    kind: str
    letters: tuple[str, ...]
    axis: int | None
    body: Node
    batch: bool = False
    start: int = 0


@dataclass(frozen=True)
class Compare:
    """1 where it holds, else 0."""

    sign: str
    left: Node
    right: Node
    start: int = 0


@dataclass(frozen=True)
class Ones:
    """A column of ones as long as it must be."""

    start: int = 0


Node: TypeAlias = (
    Number | Symbol | Partial | Call | Sum | Product | Power | Transpose | Reduce | Compare | Ones
)


def symbols(node: Any) -> Iterator[Symbol]:
    """Every symbol in a tree."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Symbol):
            yield found
        elif isinstance(found, tuple):
            waiting += found
        elif hasattr(found, "__dataclass_fields__"):
            waiting += [getattr(found, f.name) for f in fields(found)]
