"""Normalisation layers."""

from symbp.layers.definition import Definition


def batchnorm(rank: int, eps: float, momentum: float) -> Definition:
    """Ioffe and Szegedy 2015, algorithm 1, over the batch (and the positions of an image).

    Biased variance normalises, unbiased variance moves the running one, as in PyTorch.
    """
    rest = ["p", "q"][: rank - 1]
    x = f"x[{','.join(['n', 'c', *rest])}]"
    y = f"y[{','.join(['n', 'c', *rest])}]"
    over = ", ".join(["n", *rest])
    count = "*".join(f"size({i})" for i in ["n", *rest])
    keep, take = f"(1 - {momentum!r})", repr(momentum)
    return Definition(
        formula=(
            f"m[c] = mean({x}, {over})\n"
            f"v[c] = mean(({x} - m[c])**2, {over})\n"
            f"{y} = gamma[c]*({x} - m[c])/sqrt(v[c] + {eps!r}) + beta[c]"
        ),
        inference=(
            f"{y} = gamma[c]*({x} - running_mean[c])/sqrt(running_var[c] + {eps!r}) + beta[c]"
        ),
        parameters={"gamma": ("c",), "beta": ("c",)},
        buffers={"running_mean": ("c",), "running_var": ("c",)},
        init={"gamma": "ones", "beta": "zeros", "running_mean": "zeros", "running_var": "ones"},
        updates=(
            f"new_running_mean[c] = {keep}*running_mean[c] + {take}*m[c]\n"
            f"new_running_var[c] = {keep}*running_var[c] + {take}*v[c]*{count}/({count} - 1)"
        ),
        latex={"m": r"\mu", "v": r"\sigma^2", "xhat": r"\hat{x}"},
    )


def layernorm(eps: float) -> Definition:
    """Ba, Kiros and Hinton 2016, eq. 4, over the last axis, biased variance."""
    return Definition(
        formula=(
            "m[n,...] = mean(x[n,...,d], d)\n"
            "v[n,...] = mean((x[n,...,d] - m[n,...])**2, d)\n"
            f"y[n,...,d] = gamma[d]*(x[n,...,d] - m[n,...])/sqrt(v[n,...] + {eps!r}) + beta[d]"
        ),
        parameters={"gamma": ("d",), "beta": ("d",)},
        init={"gamma": "ones", "beta": "zeros"},
        latex={"m": r"\mu", "v": r"\sigma^2", "xhat": r"\hat{x}"},
    )


def rmsnorm(eps: float) -> Definition:
    """Zhang and Sennrich 2019, eq. 4, over the last axis."""
    return Definition(
        formula=f"y[n,...,d] = gamma[d]*x[n,...,d]/sqrt(mean(x[n,...,k]**2, k) + {eps!r})",
        parameters={"gamma": ("d",)},
        init={"gamma": "ones"},
        latex={"xhat": r"\hat{x}"},
    )
