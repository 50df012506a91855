"""Tokens become vectors, and vectors learn where they stand."""

from __future__ import annotations

from symbp.layers.definition import Definition


def embedding(vocabulary: int, dim: int) -> Definition:
    """The row of E for each token: integers (t,) -> (t, dim); E (vocabulary, dim)."""
    return Definition(formula="y[n,t,d] = E[x[n,t],d]", parameters={"E": (vocabulary, dim)})


def sinusoidal(features: int) -> Definition:
    """Waves added to (t, d), of wavelengths from 2 pi to 10000*2 pi (Vaswani et al. 2017, sec. 3.5).

    Sines at even features, cosines at odd ones; an odd d has one sine more.
    """
    lines = ["P[t,2*i] += sin(t/10000**(2*i/size(d)))", "y[n,t,d] = x[n,t,d] + P[t,d]"]
    sizes = {"i": (features + 1) // 2}
    if features > 1:
        lines.insert(1, "P[t,2*j+1] += cos(t/10000**(2*j/size(d)))")
        sizes["j"] = features // 2
    return Definition(formula="\n".join(lines), sizes=sizes)


def learned() -> Definition:
    """A vector for each position, added to (t, d); P (t, d) (Gehring et al. 2017, section 3.1)."""
    return Definition(
        formula="y[n,t,d] = x[n,t,d] + P[t,d]",
        parameters={"P": ("t", "d")},
    )
