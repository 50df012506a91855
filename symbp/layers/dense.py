"""Layers that mix features: dense."""

from symbp.layers.definition import Definition


def dense(units: int, bias: bool) -> Definition:
    """x W + b over the last axis; W (i, units), b (units,)."""
    offset = " + b[j]" if bias else ""
    return Definition(
        formula=f"y[n,...,j] = sum(x[n,...,i]*W[i,j], i){offset}",
        parameters={"W": ("i", "j"), "b": ("j",)} if bias else {"W": ("i", "j")},
        sizes={"j": units},
        regularized=("W",),
    )
