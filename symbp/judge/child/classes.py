"""A textbook class, whose gradients are recovered from its own updates.

Runs in the child alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symbp.judge.child.given import Found, Given
from symbp.judge.child.loading import NAME, said
from symbp.judge.child.steps import BACKWARD, FORWARD, Trial, method
from symbp.judge.child.watch import Array

SMALL = 2.0**-3  # learning rates; powers of two, so that multiplying and dividing is exact,
LARGE = 2.0**20  # and one so large that rounding of the weights does not matter
SAME = 1e-6
NEW = "the update is no multiple of the learning rate: it reads weights that are new already"


def find(namespace: Mapping[str, Any]) -> type | None:
    """The class of the network: the last one with a forward and a backward pass."""
    found = None
    for thing in namespace.values():
        own = isinstance(thing, type) and thing.__module__ == NAME
        if own and method(thing, FORWARD) and method(thing, BACKWARD):
            found = thing
    return found


def evaluate(kind: type, given: Given, job: Mapping[str, Any], path: Path) -> Found:
    """The gradients by its own updates at two learning rates, the larger for its digits.

    Where the two do not agree, the update is no multiple of the learning rate: it reads what the
    same step has changed. Then the smaller one is told, and the parameter has the problem "order".
    """
    found = Found()
    try:
        small = Trial(kind, job, path, SMALL).step(given)
    except (Exception, SystemExit) as error:
        found.failed = said(error, path)
        return found
    found.others, found.gradients = small.others, dict(small.gradients)
    if not small.scaled:
        return found
    try:
        large = Trial(kind, job, path, LARGE).step(given).gradients
    except (Exception, SystemExit):
        return found
    for name, value in small.gradients.items():
        other = large.get(name, value)
        if not np.all(np.isfinite(other)):
            continue
        if _agree(value, other, given.params.get(name, value)):
            found.gradients[name] = other
        else:
            found.problems[name] = ("order", NEW, None)
    return found


def _agree(small: Array, large: Array, weight: Array) -> bool:
    scale = max(np.max(np.abs(small), initial=0), np.max(np.abs(large), initial=0))
    rounding = 1e-14 * (1 + np.max(np.abs(weight), initial=0)) / SMALL
    return bool(np.all(np.abs(small - large) <= SAME * scale + rounding))
