"""``gradients(params, x, t)``, called at every point; runs in the child alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from symbp.judge.child.given import Found, Given, as_integers
from symbp.judge.child.loading import said
from symbp.judge.child.watch import locals_of, number

NAMES = ("gradients", "gradient", "grads", "loss_and_grads")


def find(namespace: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The function that gives the gradients."""
    return next((namespace[n] for n in NAMES if callable(namespace.get(n))), None)


def evaluate(function: Callable[..., Any], given: Given, path: Path) -> Found:
    """Its dict of gradients at one point, and its local numbers."""
    found = Found()
    try:
        with locals_of(path, found.others):
            result = _called(function, given)
    except (Exception, SystemExit) as error:
        found.failed = said(error, path)
        return found
    table = _dict(result)
    if table is None:
        shown = type(result).__name__
        found.failed = (f"gradients returned {shown}; expected a dict by parameter names", None)
        return found
    for name, value in table.items():
        array = number(value)
        if array is None:
            text = f"is a {type(value).__name__}; expected an array of numbers"
            found.problems[str(name)] = ("exception", text, None)
        else:
            found.gradients[str(name)] = array
    return found


def _called(function: Callable[..., Any], given: Given) -> Any:
    """With the targets as they are; where those index an array, as integers."""
    try:
        return function(*given.copies())
    except IndexError:
        integers = as_integers(given.t)
        if integers is None:
            raise
        params, x, _ = given.copies()
        return function(params, x, integers)


def _dict(result: Any) -> Mapping[Any, Any] | None:
    """The gradients, also of a pair (loss, gradients)."""
    for candidate in (result, *(result if isinstance(result, (tuple, list)) else ())):
        if isinstance(candidate, Mapping):
            return candidate
    return None
