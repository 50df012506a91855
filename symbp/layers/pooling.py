"""Pooling: windows of an image, or all of it, become one number a channel."""

from __future__ import annotations

from symbp.layers.convolution import place
from symbp.layers.definition import Definition

Pair = tuple[int, int]


def pool2d(op: str, kernel: Pair, stride: Pair) -> Definition:
    """The ``max`` or ``mean`` of each window, (c, h, w) -> (c, p, q), without padding.

    The gradient of a maximum goes to its first entry in row-major order.
    """
    window = ",".join(map(place, "pq", "uv", stride))
    return Definition(
        formula=f"y[n,c,p,q] = {op}(x[n,c,{window}], u, v)",
        sizes=dict(zip("uv", kernel, strict=True)),
    )


def globalavgpool() -> Definition:
    """The mean of each channel, (c, h, w) -> (c,) (Lin et al. 2014, section 3.2)."""
    return Definition(formula="y[n,c] = mean(x[n,c,p,q], p, q)")
