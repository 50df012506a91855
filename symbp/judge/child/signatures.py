"""Which of our values an answer's parameters stand for, by their names and their order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

ROLES: Mapping[str, str] = {
    "rate": r"(learning_?)?rate|lr|alpha|eta|step(_?size)?|l_?rate|learn(ing)?_?rate",
    "list": r"(n_?)?layers?(_?(sizes?|dims?|widths?))?|sizes|dims?|widths|architecture|structure"
    r"|topology|nodes|units|shape|layers_?dims?",
    "seed": r"seed|random_?(state|seed)|rng",
    "epochs": r"(n_?|num_?)?(epochs?|iterations?|iters?|steps)",
    "weights": r"parameters?|params?|weights|theta",
    "cache": r"cache|caches|memory|activations",
    "output": r"(y_?)?(out|output|outputs|o|pred|preds|prediction|predictions|predicted|hat|p|probs)"
    r"|yhat|ypred|a\d|a_?out|al",
    "target": r"(y|t|d)(_?(true|train|batch|real|target|data|label))?|targets?|labels?|truth|expected"
    r"|desired|actual|y_?one_?hot|ground_?truth|tgt",
    "input": r"x(_?(train|batch|data|in|input))?|inputs?|data|features|a0|batch",
    "width": r".*(size|dim|units|nodes|neurons|width|in|out|hidden|features|classes|n_?[xhyio]\d?|"
    r"input|output|[idho]\d?)",
}
PATTERNS = {role: re.compile(pattern, re.IGNORECASE) for role, pattern in ROLES.items()}


def role(name: str, roles: tuple[str, ...]) -> str | None:
    """The first of these roles whose names match."""
    return next((r for r in roles if PATTERNS[r].fullmatch(name.strip("_"))), None)


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Those of a bound method, function or class; none where Python cannot tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def call(function: Callable[..., Any], values: Mapping[str, Any], order: tuple[str, ...]) -> Any:
    """Call it with what its parameters stand for; names that tell nothing take what is left, in
    ``order``. Parameters with a default that tell nothing keep it."""
    roles = tuple(r for r in ROLES if r in values)
    given: list[Any] = []
    named: dict[str, Any] = {}
    known = {p.name: role(p.name, roles) for p in parameters(function)}
    left = [r for r in order if r not in known.values()]
    for p in parameters(function):
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        mine = known[p.name]
        if mine is None and p.default is p.empty and left:
            mine = left.pop(0)
        if mine is None:
            continue
        if p.kind is p.KEYWORD_ONLY or len(given) < _before(function, p.name):
            named[p.name] = values[mine]
        else:
            given.append(values[mine])
    return function(*given, **named)


def takes(function: Callable[..., Any], wanted: str, roles: tuple[str, ...]) -> bool:
    """Whether one of its parameters has this role."""
    return any(role(p.name, roles) == wanted for p in parameters(function))


def _before(function: Callable[..., Any], name: str) -> int:
    return [p.name for p in parameters(function)].index(name)
