"""Convolutions of one and of two axes."""

from __future__ import annotations

from symbp.layers.definition import Definition

PLACES, WINDOW = "pq", "uv"  # the letters of an output's positions, and of a kernel's

Sizes = tuple[int, ...]  # one for each axis that the kernel moves along


def place(p: str, u: str, stride: int = 1, dilation: int = 1, padding: int = 0) -> str:
    """The position that entry ``u`` of a window reads for output ``p``: ``2*p+u-1``."""
    behind = f"-{padding}" if padding else ""
    return f"{_times(stride, p)}+{_times(dilation, u)}{behind}"


def _times(factor: int, letter: str) -> str:
    return letter if factor == 1 else f"{factor}*{letter}"


def convolution(
    channels: int,
    filters: int,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    bias: bool,
) -> Definition:
    """Cross-correlation with zero padding: (c, *spatial) -> (filters, *spatial).

    K (filters, c/groups, *kernel), b (filters,). With groups, filter (g,f) sees the channels (g,c)
    of its own group (Krizhevsky et al. 2012, section 3.5). The fans of K are those of its window.
    """
    p, u = PLACES[: len(kernel)], WINDOW[: len(kernel)]
    f, c = ("(g,f)", "(g,c)") if groups > 1 else ("f", "c")
    read = f"x[n,{c},{','.join(map(place, p, u, stride, dilation, padding))}]"
    if any(padding):
        read = f"pad({read})"
    offset = f" + b[{f}]" if bias else ""
    weights = {"K": (filters, channels // groups, *kernel)}
    return Definition(
        formula=(
            f"y[n,{f},{','.join(p)}] = "
            f"sum({read}*K[{f},c,{','.join(u)}], c, {', '.join(u)}){offset}"
        ),
        parameters={**weights, "b": (filters,)} if bias else weights,
        sizes={"g": groups} if groups > 1 else {},
        regularized=("K",),
        kernels=("K",),
    )
