"""Roots of functions of q > 0, from samples close enough for cubics to tell what happens in between."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Function = Callable[[float], float]
HALVINGS = 200
ROUNDS = 6
WITHIN = np.linspace(0, 1, 17)
NEAR = 0.2  # of the larger of two samples: so small an extremum between them may reach 0


@dataclass(frozen=True)
class Sample:
    """A function and its derivative at q; a value within its error counts as 0."""

    q: float
    value: float
    error: float = 0.0
    slope: float = math.nan

    @property
    def sign(self) -> int:
        return 0 if abs(self.value) <= self.error else 1 if self.value > 0 else -1


@dataclass(frozen=True)
class Root:
    """``crossing`` is the sign behind the root; 0 where the function touches 0 and turns back."""

    q: float
    crossing: int


def roots(samples: list[Sample], f: Function, slope: Function, touching: float = 0.0) -> list[Root]:
    """All roots between samples in rising order of q.

    Where the function turns towards 0 between two samples, its extremum is looked at; one that is
    within ``touching`` times q of 0 is a root of its own.
    """
    clear = [s for s in refined(samples, f, slope) if s.sign]
    found: list[Root] = []
    for left, right in itertools.pairwise(clear):
        if left.sign != right.sign:
            found.append(Root(bisected(f, left.q, right.q, left.sign), right.sign))
        elif left.slope * left.sign < 0 < right.slope * right.sign:
            turn = bisected(lambda q, sign=left.sign: sign * slope(q), left.q, right.q, -1)  # type: ignore[misc]
            height = f(turn) * left.sign
            if abs(height) <= touching * turn:
                found.append(Root(turn, 0))
            elif height < 0:
                found.append(Root(bisected(f, left.q, turn, left.sign), -left.sign))
                found.append(Root(bisected(f, turn, right.q, -left.sign), left.sign))
    return found


def refined(samples: list[Sample], f: Function, slope: Function) -> list[Sample]:
    """With more samples where the cubic between two of them has an extremum close to 0."""
    for _ in range(ROUNDS):
        made = samples[:1]
        for left, right in itertools.pairwise(samples):
            if _turns_near_zero(left, right):
                q = math.sqrt(left.q * right.q)
                made.append(Sample(q, f(q), max(left.error, right.error), slope(q)))
            made.append(right)
        if len(made) == len(samples):
            break
        samples = made
    return samples


def _turns_near_zero(left: Sample, right: Sample) -> bool:
    """By the cubic in log q that has the values and slopes of both."""
    if not left.q or not all(
        map(math.isfinite, (left.value, right.value, left.slope, right.slope))
    ):
        return False
    step = math.log(right.q / left.q)
    u = WITHIN
    with np.errstate(all="ignore"):
        curve = (
            (1 + 2 * u) * (1 - u) ** 2 * left.value
            + u**2 * (3 - 2 * u) * right.value
            + u * (1 - u) ** 2 * step * left.q * left.slope
            - u**2 * (1 - u) * step * right.q * right.slope
        )
        rises = np.diff(curve) > 0
    turns = curve[1:-1][rises[1:] != rises[:-1]]
    return bool((abs(turns) < NEAR * max(abs(left.value), abs(right.value))).any())


def bisected(f: Function, left: float, right: float, sign: int) -> float:
    """Where ``f``, of this sign at ``left``, changes it; halved by orders of magnitude."""
    for _ in range(HALVINGS):
        middle = math.sqrt(left) * math.sqrt(right) if left > 0 else right / 1024
        if not left < middle < right or right < 1e-250:
            break
        if f(middle) * sign > 0:
            left = middle
        else:
            right = middle
    return left + (right - left) / 2
