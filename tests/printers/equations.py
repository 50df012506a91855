"""Equations that people quote, as finished text with the tensors' own names."""

from __future__ import annotations

from functools import cache

import symbp
from symbp.printers.base import fill
from symbp.printers.dialect import LATEX, PLAIN, Dialect
from symbp.printers.finished import Finished

LAYERS = {
    "dense": {"type": "dense", "units": 3},
    "sigmoid": {"type": "activation", "function": "sigmoid"},
    "softmax": {"type": "softmax"},
    "layernorm": {"type": "layernorm"},
    "batchnorm": {"type": "batchnorm"},
}
LOSSES = {"mse": ("dense", "mse"), "cross entropy": ("softmax", "cross_entropy")}


@cache
def equations(name: str) -> dict[str, Finished]:
    """The equations of a layer, or of a loss joined with its layer, by what they define."""
    layer, loss = LOSSES.get(name, (name, "mse"))
    net = symbp.Network(
        name="one", input={"shape": [4]}, layer=[LAYERS[layer]], loss={"type": loss}
    )
    text = net.program.graph.nodes[0].template.training
    if name in LOSSES:
        text = net.program.heads[0].text
    finished = [*text.forward, *(f for _, several in text.backward for f in several)]
    return {f.equation.name: f for f in finished}


def code(finished: Finished) -> str:
    name = finished.equation.name
    return fill(f"{name} = {finished.code[0]}", lambda name, *_: _name(name))


def formula(finished: Finished, notation: str, dialect: Dialect) -> str | None:
    sides = finished.formula(notation, dialect)
    if sides is None:
        return None

    def write(name: str, index: str, label: str, transposed: bool) -> str:
        text = _name(name) + (f"_{{{index}}}" if index else "") + (f"^({label})" if label else "")
        return text + ("^T" if transposed else "")

    return fill(f"{sides[0]} = {sides[1]}", write)


def _name(name: str) -> str:
    return "N" if name == "#n" else name


__all__ = ["LATEX", "PLAIN", "code", "equations", "formula"]
