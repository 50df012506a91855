"""What theory follows through a network: the spread of a tensor's entries, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import values
from symbp.meanfield.moments import Moments

Array = np.ndarray
INNER = np.linspace(-8.5, 8.5, 801)  # in standard deviations
OUTER = np.linspace(-8.5, 8.5, 121)


@dataclass(frozen=True)
class Signal:
    """Over the entries of one tensor and over random weights: ``second`` (n,) is the mean square in
    each of n samples, ``mean`` (n,) the mean; ``shared`` the mean product of an entry in two samples.

    ``normal`` says that the entries are normal numbers in a wide network, ``exact`` that nothing was
    guessed on the way to them. NaN stands for what no rule predicts.
    """

    second: Array
    mean: Array
    shared: float
    normal: bool = False
    exact: bool = True


def of_data(x: Array) -> Signal:
    """The signal of a batch x (n, ...)."""
    flat = np.asarray(x, dtype=float).reshape(len(x), -1)
    count = len(flat)
    pairs = max(count * (count - 1), 1)
    apart = (np.sum(flat.sum(axis=0) ** 2) - np.sum(flat**2)) / (pairs * max(flat.shape[1], 1))
    return Signal((flat**2).mean(axis=1), flat.mean(axis=1), float(apart))


def unknown(count: int) -> Signal:
    """Of a layer that no rule covers."""
    return Signal(np.full(count, np.nan), np.full(count, np.nan), np.nan, exact=False)


def activated(signal: Signal, known: Moments) -> tuple[Signal, Array]:
    """The signal behind an activation, and E[phi'^2] in each sample.

    The entries are taken as normal numbers of mean 0 and their own mean square.
    """
    if not np.isfinite(signal.second).all():
        return unknown(len(signal.second)), signal.second
    found = known.over(signal.second)
    exact = signal.exact and signal.normal and not np.any(signal.mean)
    shared = _shared(known.activation, float(signal.second.mean()), signal.shared)
    return Signal(found.second, found.mean, shared, exact=exact), found.slope


def _shared(activation: Activation, q: float, p: float) -> float:
    """E[phi(u) phi(v)] for normal u, v of variance q and covariance p (Schoenholz et al. 2017, section 2).

    u and v have a common part of variance |p| and, given it, are independent.
    """
    if not (q > 0 and np.isfinite(p)):
        return np.nan
    p = float(np.clip(p, -q, q))
    apart = np.exp(-(INNER**2) / 2) / np.exp(-(INNER**2) / 2).sum()
    common = np.exp(-(OUTER**2) / 2) / np.exp(-(OUTER**2) / 2).sum()
    points = np.sqrt(abs(p)) * OUTER[:, None] + np.sqrt(q - abs(p)) * INNER
    given = values(activation, points)[0] @ apart
    return float(common @ (given * (given if p >= 0 else given[::-1])))
