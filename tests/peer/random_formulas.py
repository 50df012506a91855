"""A pool of formulas for random networks: layers by the rank of their input, and losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerFormula:
    """``rank``: of one sample, None for any; ``fits``: what else its shape must be."""

    text: str
    rank: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    fits: Callable[[Shape], bool] = lambda shape: True
    smooth: bool = True
    keeps_shape: bool = False
    regularized: tuple[str, ...] = ()
    later: bool = False  # the language has it, symbp does not derive it yet

    def table(self) -> dict[str, Any]:
        beside = {"parameters": self.parameters, "sizes": self.sizes}
        table: dict[str, Any] = {"type": "formula", "formula": self.text}
        table |= {key: value for key, value in beside.items() if value}
        return table | ({"regularized": list(self.regularized)} if self.regularized else {})

    def takes(self, shape: Shape, smooth: bool) -> bool:
        rank_fits = self.rank in (None, len(shape))
        drawn = not self.later and (self.smooth or not smooth)
        return drawn and rank_fits and self.fits(shape)


LAYERS = (
    # elementwise
    LayerFormula("x*sigmoid(1.7*x)", keeps_shape=True),
    LayerFormula("x*tanh(a*softplus(x))", parameters={"a": 1.0}, keeps_shape=True),
    LayerFormula("x/(1 + abs(x))", smooth=False, keeps_shape=True),
    LayerFormula("maximum(x, c*x) - 0.1", parameters={"c": 0.3}, smooth=False, keeps_shape=True),
    # any number of axes
    LayerFormula(
        "y[n,...,j] = sum(x[n,...,i]*W[i,j], i) + b[j]",
        parameters={"W": ["i", 4], "b": ["j"]},
        regularized=("W",),
    ),
    LayerFormula(
        "m[n,...] = mean(x[n,...,d]**2, d)\ny[n,...,d] = g[d]*x[n,...,d]/sqrt(m[n,...] + 0.1)",
        parameters={"g": ["d"]},
        keeps_shape=True,
    ),
    # one axis
    LayerFormula("z[n,j] = sum(x[n,i]*A[i,k,j]*x[n,k], i, k)", 1, {"A": ["i", "k", 3]}),
    LayerFormula(
        "p[n,k] = exp(x[n,k])/sum(exp(x[n,m]), m)\ny[n,k] = p[n,k] - 0.3*p[n,k]**2",
        1,
        keeps_shape=True,
    ),
    LayerFormula("y[n,i] = where(i < 2, s*x[n,i], x[n,i]**2)", 1, {"s": 1.0}, keeps_shape=True),
    LayerFormula("d[n,i,j] = x[n,i] - x[n,j]\ny[n,i] = sum(d[n,i,j]**3, j, j > i)/6", 1),
    LayerFormula("y[n,d,h] = x[n,(h,d)]", 1, sizes={"h": 2}, fits=lambda s: s[0] % 2 == 0),
    LayerFormula("y[n,k] = sum(x[n,i]*cos(i*k), i)", 1, sizes={"k": 4}),
    # two axes: a sequence (t, d) or a signal (c, p)
    LayerFormula(
        "a[n,t,u] = softmax(sum(x[n,t,d]*x[n,u,d], d)/sqrt(size(d)), u, u <= t)\n"
        "y[n,t,d] = sum(a[n,t,u]*x[n,u,d], u)",
        2,
        keeps_shape=True,
    ),
    LayerFormula(
        "h[n,t,j] = tanh(sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j])",
        2,
        {"Wx": ["i", 3], "Wh": [3, "j"], "b": ["j"]},
    ),
    LayerFormula("h[n,t,d] = r[d]*h[n,t+1,d] + x[n,t,d]", 2, {"r": ["d"]}, keeps_shape=True),
    LayerFormula(
        "z[n,f,p] = sum(pad(x[n,c,p+u-1])*K[f,c,u], c, u) + b[f]",
        2,
        {"K": [2, "c", 3], "b": ["f"]},
    ),
    LayerFormula(
        "z[n,f,p] = sum(x[n,c,2*p+u]*K[f,c,u], c, u)",
        2,
        {"K": [3, "c", 2]},
        fits=lambda s: s[1] >= 2,
    ),
    LayerFormula("z[n,f,2*p+u] += x[n,c,p]*K[c,f,u]", 2, {"K": ["c", 2, 3]}),
    LayerFormula(
        "h[n,-1,j] = h0[j]\nh[n,t,j] = tanh(x[n,t,j] + w[j]*h[n,t-1,j])",
        2,
        {"h0": ["j"], "w": ["j"]},
        keeps_shape=True,
    ),
    LayerFormula(
        "c[n,t,d] = sigmoid(x[n,t,d] + h[n,t-1,d])*c[n,t-1,d] + a[d]*x[n,t,d]\n"
        "h[n,t,d] = tanh(c[n,t,d])\ny[n,d] = h[n,size(t)-1,d]",
        2,
        {"a": ["d"]},
    ),
    LayerFormula("y[n,c,p] = max(pad(x[n,c,p+u-1], -inf), u)", 2, sizes={"u": 3}, smooth=False),
    LayerFormula("y[n,t,d] = x[n,t,d]*pad(x[n,t-1,d])", 2, keeps_shape=True),
    LayerFormula("y[n,t,d] = x[n,t,d] - 0.5*x[n,size(t)-1-t,d]**2", 2, keeps_shape=True),
    LayerFormula(
        "z[n,t,d] += x[n,t,d]\nz[n,t,d+size(d)] += tanh(x[n,t,d])",
        2,
        fits=lambda s: s[1] <= 4,
    ),
    LayerFormula(
        "z[n,(g,f),p] = sum(x[n,(g,c),p+u]*K[(g,f),c,u], c, u)",
        2,
        {"K": [6, "c", 2]},
        sizes={"g": 2},
        fits=lambda s: s[0] % 2 == 0 and s[1] >= 2,
    ),
    LayerFormula("y[n,c] = max(x[n,c,p], p)", 2, smooth=False),
    LayerFormula("y[n,t] = log(sum(exp(x[n,t,d]), d))", 2),
    # three axes: an image (c, p, q)
    LayerFormula("y[n,c] = mean(x[n,c,p,q], p, q)", 3),
    LayerFormula(
        "y[n,c,p,q] = max(x[n,c,2*p+u,2*q+v], u, v)",
        3,
        sizes={"u": 2, "v": 2},
        smooth=False,
        fits=lambda s: min(s[1:]) >= 2,
    ),
    LayerFormula(
        "z[n,f,p,q] = sum(pad(x[n,c,p+u-1,q+v-1])*K[f,c,u,v], c, u, v)",
        3,
        {"K": [2, "c", 3, 2]},
        fits=lambda s: max(s) <= 5,
    ),
    LayerFormula("z[n,c,2*p+u,2*q+v] += x[n,c,p,q]*K[u,v]", 3, {"K": [2, 3]}),
)


@dataclass(frozen=True)
class LossFormula:
    """``target``: real, or classes; ``rank``: of one output."""

    text: str
    rank: int | None = None
    target: str = "real"
    smooth: bool = True
    whole_batch: bool = False
    later: bool = False


LOSSES = (
    LossFormula("sqrt(1 + (y - t)**2) - 1"),
    LossFormula("(y - t)**4/4 + 0.1*abs(y - t)", smooth=False),
    LossFormula("softplus(-t*y)"),
    LossFormula("L[n] = sqrt(sum((y[n,k] - t[n,k])**2, k) + 0.1)", 1),
    LossFormula("L[n] = -sum(y[n,t[n]], k, k == t[n]) + log(sum(exp(y[n,k]), k))", 1, "classes"),
    LossFormula("L[n] = log(sum(exp(y[n,k]), k)) - y[n,t[n]]", 1, "classes"),
    LossFormula("s[n,m] = sum(y[n,k]*t[m,k], k)\nL[n] = log(sum(exp(s[n,m]), m)) - s[n,n]", 1),
    LossFormula("L = mean((y[n,k] - t[m,k])**2, n, m, k)", 1, whole_batch=True),
)
