"""The parse tree of a formula: what the user wrote, checked, and nothing else.

Every node is frozen and compares by content. Numbers are exact: ``0.01`` is ``Fraction(1, 100)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Affine:
    """A position ``2*p + u - 1 + size(t)``: terms are (coefficient, letter), in the order written."""

    terms: tuple[tuple[int, str], ...] = ()
    constant: int = 0
    sizes: tuple[tuple[int, str], ...] = ()  # (coefficient, letter) of each size(letter)

    @property
    def letter(self) -> str | None:
        """The letter of a bare position ``i``; None for anything more."""
        bare = len(self.terms) == 1 and not self.constant and not self.sizes
        return self.terms[0][1] if bare and self.terms[0][0] == 1 else None


@dataclass(frozen=True)
class Group:
    """A position ``(h, d)``: one axis split in several, row-major."""

    parts: tuple[Affine | Gather, ...]


@dataclass(frozen=True)
class Gather:
    """A position that reads an integer tensor: ``E[tok[n,t], d]``.

    In full ``sign * read + rest``, for ``x[n, t + lag[n] - 1]``.
    """

    read: Read
    sign: int = 1  # or -1
    rest: Affine | Gather = Affine()


@dataclass(frozen=True)
class Ellipsis_:
    """A position ``...``: any number of axes."""


Position = Affine | Group | Gather | Ellipsis_


@dataclass(frozen=True)
class Number:
    value: Fraction


@dataclass(frozen=True)
class Constant:
    """``pi`` or ``inf``."""

    name: str


@dataclass(frozen=True)
class Name:
    """A bare word: a scalar, an index letter as a number, or, in an elementwise formula, a tensor."""

    name: str


@dataclass(frozen=True)
class Read:
    name: str
    positions: tuple[Position, ...]


@dataclass(frozen=True)
class Pad:
    read: Read
    value: Expr | None = None  # None: zero


@dataclass(frozen=True)
class SizeOf:
    letter: str


@dataclass(frozen=True)
class StopGradient:
    body: Expr


@dataclass(frozen=True)
class Negative:
    body: Expr


@dataclass(frozen=True)
class Binary:
    op: str  # + - * / **
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Call:
    function: str  # a function of the language, or an activation by name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True)
class Reduction:
    op: str  # sum mean max min softmax
    body: Expr
    letters: tuple[str, ...]
    condition: Condition | None = None


@dataclass(frozen=True)
class Where:
    condition: Condition
    then: Expr
    otherwise: Expr


@dataclass(frozen=True)
class Compare:
    op: str  # < <= > >= == !=
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Logical:
    op: str  # and or
    parts: tuple[Condition, ...]


Condition = Compare | Logical
Expr = (
    Number | Constant | Name | Read | Pad | SizeOf | StopGradient
    | Negative | Binary | Call | Reduction | Where
)  # fmt: skip


@dataclass(frozen=True)
class Equation:
    """``name[positions] = rhs``; ``positions`` is empty for a scalar such as ``L``."""

    name: str
    positions: tuple[Position, ...]
    rhs: Expr
    accumulate: bool = False  # +=
    line: int = field(default=0, compare=False)  # 1 is the formula's first line
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Formula:
    """Either equations, or one bare expression: an elementwise formula."""

    equations: tuple[Equation, ...] = ()
    elementwise: Expr | None = None
