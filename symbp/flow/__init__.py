"""How the gradient flows: symbolic factors, mean-field predictions, measurements, and cures."""

from __future__ import annotations

from typing import Any, Protocol

from symbp.network.program import Program

DIGITS = 4


class HasProgram(Protocol):
    """A network."""

    @property
    def program(self) -> Program: ...


def lecture_data(network: HasProgram, *, seeds: int = 8) -> dict[str, Any]:
    """A few kilobytes for a plot layer by layer, lists in the order from output to input.

    ``layers`` are their names, ``tensors`` what the derivation calls the tensors whose gradient norms
    ``measured`` (median), ``low`` and ``high`` (quartiles over initialisations), ``predicted`` and
    ``bound`` are; ``factors`` what the gradient is multiplied with on its way there, in LaTeX; numbers
    have four digits, null where there is none. Raises InputError where the network's data do not fit.
    """
    from symbp.flow.as_json import finite
    from symbp.flow.report import report

    def short(value: float | None) -> float | None:
        known = finite(value)
        return None if known is None else float(f"{known:.{DIGITS}g}")

    found = report(network.program, seeds=seeds)
    rows = found.rows
    parts = {
        part: [short(getattr(row.measured, part)) if row.measured else None for row in rows]
        for part in ("median", "low", "high")
    }
    return {
        "layers": [row.layer for row in rows],
        "tensors": [row.key[0] for row in rows],
        "factors": [row.factor.latex for row in rows],
        "measured": parts["median"],
        "low": parts["low"],
        "high": parts["high"],
        "predicted": [short(row.predicted) for row in rows],
        "bound": [short(row.limit) for row in rows],
        "verdicts": [row.verdict for row in rows],
        "verdict": found.verdict,
        "rate": short(found.rate),
        "product": found.product.latex,
        "notes": list(found.notes),
    }


__all__ = ["lecture_data"]
