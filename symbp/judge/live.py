"""A function or a class of the caller's own process as an answer: for notebooks and graders' cells.

It runs where it is, without limits: it is the caller's own code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from symbp.judge.child import answer as python
from symbp.judge.child import classes, functions
from symbp.judge.child.driver import packed
from symbp.judge.child.given import Given
from symbp.judge.outcome import Answer, Network, Outcome, Point, Unusable


def read(network: Network, thing: Callable[..., Any]) -> Answer:
    """The answer of a function ``gradients(params, x, t)``, or of a class with forward and backward."""
    names = python.Names(network)
    name = getattr(thing, "__name__", type(thing).__name__)
    path = Path(_file(thing))

    def run(points: tuple[Point, ...]) -> tuple[Outcome, ...]:
        given = [Given(p.params, p.x, _arrays(p.t)) for p in points]
        if isinstance(thing, type):
            job, _ = python.job(network, points)
            found = [classes.evaluate(thing, g, job, path) for g in given]
        else:
            found = [functions.evaluate(thing, g, path) for g in given]
        if all(f.failed is not None for f in found):
            text, line = found[0].failed or ("", None)
            raise Unusable(text, name, line)
        table, arrays = packed("class" if isinstance(thing, type) else "function", found)
        return tuple(python.outcome_of(f, arrays, names, {}) for f in table["points"])

    return Answer(name, "class" if isinstance(thing, type) else "function", None, {}, run)


def _file(thing: Callable[..., Any]) -> str:
    try:
        return inspect.getfile(thing)
    except (TypeError, OSError):  # a built-in, or a class of a notebook
        return "<answer>"


def _arrays(t: Any) -> Any:
    return {k: np.asarray(v) for k, v in t.items()} if isinstance(t, dict) else np.asarray(t)
