"""Functions of an online course, ``forward_propagation(X, parameters)`` and
``backward_propagation(parameters, cache, X, Y)``, as a class. Runs in the child alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symbp.judge.child.loading import NAME
from symbp.judge.child.signatures import call
from symbp.judge.child.steps import BACKWARD, FORWARD

START = ("initialize_parameters", "init_params", "init_parameters", "initialize", "initialise",
         "initialize_parameters_deep", "initialize_weights")  # fmt: skip


def find(namespace: Mapping[str, Any], job: Mapping[str, Any]) -> type | None:
    """A class around a forward and a backward function; ``parameters`` holds its weights."""
    forward, backward, start = (
        next((namespace[n] for n in names if _is_function(namespace.get(n))), None)
        for names in (FORWARD, BACKWARD, START)
    )
    if forward is None or backward is None:
        return None

    def begin(self: Any) -> None:
        self.parameters = {name: np.zeros(shape) for name, shape in job["shapes"].items()}
        if start is not None:
            self.parameters = _started(start, tuple(job["widths"])) or self.parameters

    def ahead(self: Any, x: Any) -> Any:
        return call(forward, {"input": x, "weights": self.parameters}, ("input", "weights"))

    def back(self: Any, x: Any, y: Any, output: Any, cache: Any) -> Any:
        values = {"input": x, "target": y, "output": output, "cache": cache,
                  "weights": self.parameters}  # fmt: skip
        return call(backward, values, ("weights", "cache", "input", "target"))

    members = {"__init__": begin, "forward": ahead, "backward": back, "__module__": NAME}
    return type("Functions", (), members)


def _is_function(thing: Any) -> bool:
    return callable(thing) and not isinstance(thing, type)


def _started(start: Any, widths: tuple[int, ...]) -> dict[str, Any] | None:
    """What the answer's own initialisation makes, called with the widths or a list of them."""
    for given in (widths, (list(widths),)):
        try:
            made = start(*given)
        except Exception:
            continue
        if isinstance(made, dict):
            return made
    return None
