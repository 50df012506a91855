"""An answer in Python: run in a child at all points at once, its names mapped to the network's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symbp.judge.child import process
from symbp.judge.child.places import kind_of, places
from symbp.judge.outcome import Answer, Array, Network, Outcome, Point, Problem, Unusable


def read(network: Network, path: Path, source: str) -> Answer:
    """The answer of a Python file; it runs when it is evaluated.

    Raises Unusable for what Python cannot read, or what defines neither a function nor a class.
    """
    kind = kind_of(source, path)
    names = Names(network)
    where = places(source, names.of)
    lines = source.splitlines()

    def run(points: tuple[Point, ...]) -> tuple[Outcome, ...]:
        table, arrays = job(network, points)
        try:
            table, arrays = process.run(source, table, arrays)
        except process.Stopped as stopped:
            raise Unusable(str(stopped), path) from None
        refused = table.get("refused")
        for found in table.get("points", ()):
            refused = refused or (found["failed"] and [*found["failed"], None])
        if refused:
            reason, line, column = refused
            text = lines[line - 1] if line and line <= len(lines) else None
            indent = len(text) - len(text.lstrip()) + 1 if text else None
            raise Unusable(reason, path, line, column or indent, text)
        return tuple(outcome_of(found, arrays, names, where) for found in table["points"])

    return Answer(path.name, kind, None, where, run)


def job(network: Network, points: tuple[Point, ...]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The points as a table and the arrays that it names."""
    arrays: dict[str, Array] = {}

    def stored(value: Array) -> str:
        arrays[f"a{len(arrays)}"] = np.asarray(value)
        return f"a{len(arrays) - 1}"

    described = []
    for point in points:
        params = {name: stored(value) for name, value in point.params.items()}
        t: Any = point.t
        t = {k: stored(v) for k, v in t.items()} if isinstance(t, Mapping) else stored(t)
        described.append({"params": params, "x": stored(point.x), "t": t})
    trained = [p.key for p in network.program.graph.parameters]
    first = points[0].params if points else {}
    shapes = {name: list(np.shape(first[name])) for name in trained if name in first}
    mean = all(o.loss.reduction == "mean" for o in network.spec.outputs)
    known = {"shapes": shapes, "widths": widths(network), "mean": mean}
    return {"points": described, **known}, arrays


def widths(network: Network) -> list[int]:
    """Of the input and of every dense layer, in order: what a textbook's constructor takes."""
    graph = network.program.graph
    matrices = [t for t in graph.parameters if t.role == "parameter" and len(t.shape) == 2]
    return [*graph.spec.input_shape[-1:], *(int(t.shape[-1] or 0) for t in matrices)]


class Names:
    """An answer's names for gradients and for other quantities, as the network calls them."""

    def __init__(self, network: Network) -> None:
        program = network.program
        self.params = tuple(p.key for p in program.graph.parameters)
        lower = [name.lower() for name in self.params]
        self.small = {n.lower(): n for n in self.params if lower.count(n.lower()) == 1}
        self.shapes = {
            p.key: tuple(int(s) for s in (*(v.times for v in p.levels), *p.shape) if s is not None)
            for p in program.graph.parameters
        }
        self.tensors = frozenset(n for n, t in program.tensors.items() if t.role != "parameter")

    def param(self, name: str) -> str | None:
        """``W1``, ``w1``, ``dW1`` or ``grad_W1`` -> ``W1``."""
        for front in ("", "d", "grad_", "grad", "d_", "g_"):
            bare = name.removeprefix(front) if name.startswith(front) else ""
            found = bare if bare in self.params else self.small.get(bare.lower().replace("_", ""))
            if found is not None:
                return found
        return None

    def of(self, name: str) -> str | None:
        """The name in ``where``: a parameter for its gradient, or another quantity."""
        gradient = self.param(name) if name[:1] in "dg" and name not in self.params else None
        return gradient or self.other(name)

    def other(self, name: str) -> str | None:
        """``delta2``, ``delta_2`` and ``d_z2`` -> ``dz2``; ``z1`` stays."""
        bare = name.removeprefix("self.").replace("_", "")
        if bare in self.tensors:
            return bare
        number = bare.removeprefix("delta")
        if bare.startswith("delta") and f"z{number}" in self.tensors:
            return f"dz{number}"
        for front in ("d", "delta", "grad"):
            if bare.startswith(front) and bare.removeprefix(front) in self.tensors:
                return "d" + bare.removeprefix(front)
        return None


def outcome_of(
    found: Mapping[str, Any],
    arrays: Mapping[str, Array],
    names: Names,
    where: Mapping[str, tuple[int, str]],
) -> Outcome:
    gradients: dict[str, Array] = {}
    problems: dict[str, Problem] = {}
    for name, (kind, text, line) in found["problems"].items():
        key = names.param(name)
        if key is not None:
            problems[key] = Problem(kind, text, line or where.get(key, (None,))[0])
    for name, key in found["gradients"].items():
        param = names.param(name)
        if param is None or (param in gradients and name != param):
            continue
        value = arrays[key]
        problem = _misfit(value, names.shapes[param])
        if problem is None:
            gradients[param] = value.reshape(names.shapes[param])
        else:
            problems[param] = Problem(*problem, where.get(param, (None,))[0], value)
    others = {names.other(name): arrays[key] for name, key in found["others"].items()}
    return Outcome(gradients, {k: v for k, v in others.items() if k is not None}, problems)


def _misfit(value: Array, shape: tuple[int, ...]) -> tuple[str, str] | None:
    if not np.all(np.isfinite(value)):
        return "number", "holds NaN or infinity"
    row = len(shape) == 1 and value.shape in ((1, *shape), (*shape, 1))
    if value.shape == shape or row or (value.size == 1 and int(np.prod(shape)) == 1):
        return None
    return "shape", f"the result has the shape {value.shape}; the parameter has {shape}"
