"""The verdict on every gradient of a generated module."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.writers.table import Column, Table

FINITE_DIFFERENCE = 1e-6  # an error above is a wrong gradient, not rounding
COMPLEX_STEP = 1e-9


@dataclass(frozen=True)
class Row:
    """One gradient in one mode.

    ``finite_difference`` is the error that the module's own ``check_gradients`` gives;
    ``complex_step`` the largest difference from the complex step over the largest gradient of all,
    None where it does not apply; ``mode`` is "training", "inference", or "both" where they agree.
    """

    parameter: str
    mode: str
    finite_difference: float
    complex_step: float | None
    note: str = ""  # why there is no number

    @property
    def right(self) -> bool:
        exact = self.complex_step is None or self.complex_step <= COMPLEX_STEP
        return self.finite_difference <= FINITE_DIFFERENCE and exact

    @property
    def verdict(self) -> str:
        return "right" if self.right else self.note or "wrong"


@dataclass(frozen=True)
class Report:
    """What ``verify`` found; ``print(report)`` shows it as a table."""

    network: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(row.right for row in self.rows)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The parameters whose gradient is wrong, each once."""
        return tuple(dict.fromkeys(row.parameter for row in self.rows if not row.right))

    def table(self) -> str:
        """Aligned text, at most 100 columns wide; a sentence where there is nothing to check."""
        if not self.rows:
            return self.summary
        columns = (
            Column("gradient of"),
            Column("mode"),
            Column("finite differences", right=True),
            Column("complex step", right=True),
            Column("verdict"),
        )
        rows = tuple(
            (r.parameter, r.mode, _error(r.finite_difference), _error(r.complex_step), r.verdict)
            for r in self.rows
        )
        return f"{Table(columns, rows).text()}\n\n{self.summary}"

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.rows:
            return f"{self.network} has no parameters: there is nothing to check."
        if self.ok:
            count = len({row.parameter for row in self.rows})
            return (
                "The one gradient is right." if count == 1 else f"All {count} gradients are right."
            )
        if len(self.wrong) == 1:
            return f"The gradient of {self.wrong[0]} is wrong."
        return f"The gradients of {len(self.wrong)} parameters are wrong."

    def __str__(self) -> str:
        return self.table()


def _error(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1e}" if math.isfinite(value) else "-"
