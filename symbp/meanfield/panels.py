"""The real line, cut until sixteen Gauss-Legendre points know an activation on every piece.

Cuts are the activation's landmarks, powers of sqrt(2), and halves of what phi^2 or phi'^2 still
varies too much on. A normal density of any width is smooth on such pieces, so that one set of values
of phi serves every variance.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from symbp.meanfield.activation import Activation
from symbp.meanfield.jets import Array, values

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(16)
CUTS = 2.0 ** np.arange(-32, 21.5, 0.5)  # for densities of variance 1e-12 to 1e10
NEARBY = 2.0 ** np.arange(-24, 9, 8)  # cuts around each landmark
TOLERANCE = 1e-13  # of the integral over a piece
NOISE = 1e-9  # what halving does not make better, and is smaller, is rounding
GAIN = 8.0
HARMLESS = 1e-14  # of the largest value
MOST_PRECISE = 120  # pieces
WIDE = 64.0  # around 0
LEVELS = 48
MOST = 1_500  # pieces
NARROWEST = 2.0**-34  # width by distance from 0,
COARSE, FAR = 2.0**-2, 512.0  # and so much where only large variances reach


@dataclass(frozen=True)
class Panels:
    """Pieces from ``left`` to ``right`` (k,), and x, phi, phi' at their points (k, 16).

    ``squares`` (k, 16, 2) is phi^2 and phi'^2; ``errors`` (k, 2) belongs to their integrals without
    a density.
    """

    left: Array
    right: Array
    x: Array
    phi: Array
    slope: Array
    squares: Array
    errors: Array

    @property
    def weights(self) -> Array:
        """Of the points (k, 16), for an integral over x."""
        return (self.right - self.left)[:, None] / 2 * WEIGHTS

    @property
    def integrals(self) -> Array:
        """Of phi^2 and phi'^2 over each piece (k, 2)."""
        return np.einsum("kpf,kp->kf", self.squares, self.weights)

    def __getitem__(self, rows: Array) -> Panels:
        return Panels(*(getattr(self, part.name)[rows] for part in fields(self)))


def joined(parts: list[Panels]) -> Panels:
    """All pieces, from left to right."""
    whole = Panels(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Panels)))
    return whole[np.argsort(whole.left)]


def sample(activation: Activation, left: Array, right: Array, precise: bool = False) -> Panels:
    """Values on pieces, whose errors are not known yet."""
    x = (left + right)[:, None] / 2 + (right - left)[:, None] / 2 * POINTS
    phi, slope = values(activation, x, precise)
    with np.errstate(over="ignore"):
        squares = np.stack([phi**2, slope**2], axis=2)
    return Panels(left, right, x, phi, slope, squares, np.full((len(x), 2), np.inf))


def cut(activation: Activation, points: Array) -> Panels:
    """The pieces of an activation with these landmarks."""
    around = [points, *(points + d for d in NEARBY), *(points - d for d in NEARBY), CUTS, -CUTS]
    edges = np.unique(np.concatenate(around))
    edges = edges[abs(edges) <= CUTS[-1]]
    now = sample(activation, edges[:-1], edges[1:])
    highest = np.where(np.isfinite(now.squares), now.squares, 0.0)[abs(now.left) < WIDE].max((0, 1))
    before = np.full((len(now.x), 2), np.inf)
    kept: list[Panels] = []
    for _ in range(LEVELS):
        now, halves = _compared(activation, now)
        width, outside = now.right - now.left, np.maximum(abs(now.left), abs(now.right))
        noise = np.maximum(NOISE * now.integrals, NOISE**2 * highest * width[:, None])
        rough = (now.errors > TOLERANCE * now.integrals) & (
            (now.errors < before / GAIN) | (now.errors > noise)
        )
        narrowest = np.where(outside > FAR, COARSE, NARROWEST) * outside
        split = np.flatnonzero(rough.any(axis=1) & (width > narrowest))
        room = max(MOST - sum(len(p.left) for p in kept) - len(width), 0)
        split = np.sort(split[np.argsort(outside[split], kind="stable")][:room])
        kept.append(now[np.setdiff1d(np.arange(len(width)), split)])
        if not split.size:
            break
        before = np.repeat(now.errors[split], 2, axis=0) / 2
        now = halves[np.sort(np.concatenate([2 * split, 2 * split + 1]))]
    else:
        kept.append(_compared(activation, now)[0])
    return _without_noise(activation, joined(kept), highest)


def _without_noise(activation: Activation, found: Panels, highest: Array) -> Panels:
    """What cancellation spoils close to 0, as in sin(x)/x, computed with more digits."""
    noise = np.maximum(
        NOISE * found.integrals, HARMLESS * highest * (found.right - found.left)[:, None]
    )
    near = np.maximum(abs(found.left), abs(found.right)) < 1
    rows = np.flatnonzero((found.errors > noise).any(axis=1) & near)
    if not 0 < rows.size <= MOST_PRECISE:
        return found
    again = sample(activation, found.left[rows], found.right[rows], precise=True)
    errors = NOISE * again.integrals
    rest = np.setdiff1d(np.arange(len(found.left)), rows)
    return joined([found[rest], replace(again, errors=errors)])


def _compared(activation: Activation, pieces: Panels) -> tuple[Panels, Panels]:
    """The pieces with their errors, and their halves in the same order."""
    middle = (pieces.left + pieces.right) / 2
    left = np.stack([pieces.left, middle], axis=1).ravel()
    right = np.stack([middle, pieces.right], axis=1).ravel()
    halves = sample(activation, left, right)
    with np.errstate(invalid="ignore"):
        errors = abs(pieces.integrals - halves.integrals.reshape(-1, 2, 2).sum(axis=1))
    return replace(pieces, errors=np.where(np.isfinite(errors), errors, 0.0)), halves
