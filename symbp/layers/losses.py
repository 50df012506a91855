"""Losses for output ``y`` and target ``t``: elementwise, or equations that end in ``L[n]``."""

from __future__ import annotations


def formula(kind: str, rank: int, delta: float = 1.0) -> str:
    """The loss of one sample; an elementwise one is summed over the outputs."""
    if kind == "cross_entropy":
        if rank == 1:
            return "L[n] = -sum(t[n,k]*log(y[n,k]), k)"
        return "L[n] = -mean(sum(t[n,s,k]*log(y[n,s,k]), k), s)"
    return {
        "mse": "(y - t)**2/2",
        "mae": "abs(y - t)",
        "huber": (
            f"where(abs(y - t) <= {delta!r}, (y - t)**2/2, {delta!r}*(abs(y - t) - {delta!r}/2))"
        ),
        "binary_cross_entropy": "-(t*log(y) + (1 - t)*log(1 - y))",
        "hinge": "maximum(0, 1 - t*y)",
    }[kind]
