"""Every formula that random networks draw from, alone, against PyTorch."""

from __future__ import annotations

import pytest

from tests.layers.proved import Table, dense, network
from tests.network.test_random_networks import compare, module_of
from tests.peer.random_data import good_sample
from tests.peer.random_formulas import LAYERS, LOSSES

SHAPES = {None: (3, 2), 1: (4,), 2: (4, 3), 3: (2, 5, 4)}


def agrees_with_pytorch(tables: Table) -> None:
    sample = good_sample(tables, 0)
    assert sample is not None
    for training in (False, True):
        compare(module_of(tables), tables, sample, training)


@pytest.mark.parametrize("formula", LAYERS, ids=lambda f: f.text[:24])
def test_layers_agree_with_pytorch(formula):
    """Between two layers, so that the gradient of its input is needed, too."""
    shape = SHAPES[formula.rank]
    assert formula.fits(shape)
    mse = {"type": "mse"}
    inner = dense(shape[-1], "tanh")
    agrees_with_pytorch(network(inner, formula.table(), dense(2), shape=shape, loss=mse))


@pytest.mark.parametrize("formula", LOSSES, ids=lambda f: f.text[:24])
def test_losses_agree_with_pytorch(formula):
    loss = {"type": "formula", "formula": formula.text}
    agrees_with_pytorch(network(dense(4, "tanh"), dense(3), shape=(5,), loss=loss))
