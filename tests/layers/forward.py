"""A layer's formula by itself: its shapes by the language, its numbers by a literal evaluation."""

from __future__ import annotations

from typing import Any

import pytest

from symbp.errors import InputError
from symbp.language.network_file import from_tables
from symbp.language.parser import parse
from symbp.language.sizes import resolve
from symbp.layers import define
from symbp.layers.definition import Definition
from tests import peers
from tests.layers.proved import Table

Shape = tuple[int, ...]


def definition(table: Table, shape: Shape) -> Definition:
    """Of the one layer of a network with input ``shape``."""
    tables = {"input": {"shape": list(shape)}, "layer": [table], "loss": {"type": "mse"}}
    (layer,) = from_tables(tables).layers
    return define(layer, (shape,))


def shapes(table: Table, shape: Shape) -> dict[str, Shape]:
    """Of the output ``y`` of one sample, and of the parameters in their order."""
    layer = definition(table, shape)
    formula = parse(layer.formula) if isinstance(layer.formula, str) else layer.formula
    resolved = resolve(
        formula,
        inputs={"x": (None, *shape)},
        parameters=layer.parameters,
        sizes=dict(layer.sizes),
        output=layer.output,
        integer=frozenset({"x"} if table["type"] == "embedding" else ()),
    )
    found = {"y": resolved.shapes[resolved.output][1:]}
    found |= {name: resolved.shapes[name] for name in layer.parameters}
    return {name: tuple(size for size in own if size) for name, own in found.items()}


def refusal(table: Table, shape: Shape) -> str:
    with pytest.raises(InputError) as caught:
        definition(table, shape)
    return caught.value.message.removeprefix("layer 1: ")


class _Run:
    """What PyTorch's layers ask for, from tensors that are there."""

    training = False

    def __init__(self, parameters, dtype):
        self.parameters, self.dtype = parameters, dtype

    def parameter(self, letter, shape):
        assert self.parameters[letter].shape == shape, letter
        return self.parameters[letter]

    def kink(self, distance):
        pass


def numbers_agree(table: Table, shape: Shape, seed: int = 0) -> None:
    """The formula, evaluated literally on random numbers, gives what PyTorch's layer gives."""
    torch = peers.torch()
    from tests.peer.torch_formula import evaluate_formula
    from tests.peer.torch_real_layers import LAYERS

    layer = definition(table, shape)
    assert isinstance(layer.formula, str)
    random = torch.Generator().manual_seed(seed)

    def draw(*size):
        return torch.randn(*size, generator=random, dtype=torch.float64)

    x = draw(3, *shape)
    if table["type"] == "embedding":
        x = torch.randint(table["vocabulary"], (3, *shape), generator=random)
    own = {name: draw(*size) for name, size in shapes(table, shape).items() if name != "y"}
    run: Any = _Run(own, torch.float64)
    mine = evaluate_formula(
        layer.formula,
        {"x": x},
        parameter=run.parameter,
        declared=layer.parameters,
        sizes=layer.sizes,
        kink=run.kink,
        dtype=run.dtype,
    )
    torch.testing.assert_close(mine, LAYERS[table["type"]](table, x, run), rtol=1e-11, atol=1e-11)
