"""The gallery against PyTorch: output, loss and every gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.gallery.cases import CASES, Sample, built, sample
from tests.gallery.page import gallery
from tests.gallery.references import REFERENCES

TOLERANCE = 1e-10


def read(case_shapes: list[str], params: dict[str, Tensor], x: Tensor) -> dict[str, Tensor]:
    """What the maps in front give the block, by its local names."""
    maps = (params[f"A{k}"] for k, _ in enumerate(case_shapes, 1))
    return {
        local: torch.tensordot(x, map_, dims=1)
        for local, map_ in zip(case_shapes, maps, strict=True)
    }


def expected(title: str, point: Sample, params: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The output and the loss of the network around a block."""
    case, reference = CASES[title], REFERENCES[title]
    local = read(list(case.shapes), params, torch.tensor(point.x))
    t = torch.tensor(point.t)
    if "loss" in gallery()[title]:
        if case.activation:
            options = {"dim": -1} if case.activation == "softmax" else {}
            local["y"] = getattr(torch, case.activation)(local["y"], **options)
        return local["y"], reference(t=t, **local)
    own = {name.rstrip("0123456789"): p for name, p in params.items() if name[0] != "A"}
    y = reference(**local, **own)
    return y, (y - t).square().sum() / 2 / len(y)


@pytest.mark.parametrize("title", REFERENCES)
def test_output_loss_and_gradients_are_those_of_pytorch(title: str) -> None:
    module, point = built(title)[1], sample(title)
    params = {k: torch.tensor(v, requires_grad=True) for k, v in point.params.items()}
    y, loss = expected(title, point, params)
    loss.backward()
    value, grads = module.loss_and_grads(point.params, point.x, point.t)
    close(module.forward(point.params, point.x), y)
    close(value, loss)
    assert grads.keys() == params.keys()
    for name, gradient in grads.items():
        assert np.abs(gradient).max() > 1e-6, f"{name} has no gradient to compare"
        theirs = params[name].grad
        assert theirs is not None
        close(gradient, theirs)


def close(mine: np.ndarray | float, theirs: Tensor) -> None:
    """Equal shapes, and equal to ten digits of the largest entry."""
    array = theirs.detach().numpy()
    assert np.shape(mine) == array.shape
    np.testing.assert_allclose(mine, array, rtol=0, atol=TOLERANCE * max(np.abs(array).max(), 1e-3))
