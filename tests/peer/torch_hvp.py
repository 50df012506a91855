"""Hessian-vector products of a network's tables by differentiating PyTorch's gradients again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from tests.peer.torch_network import Arrays, Walk
from tests.peer.torch_run import Table


def hessian_vector_product(
    tables: Table,
    params: Mapping[str, np.ndarray],
    x: np.ndarray,
    t: object,
    vectors: Mapping[str, np.ndarray],
) -> Arrays:
    """H v, with H the second derivatives of the loss by all trained parameters, out of training.

    ``tables``: as ``tomllib`` gives them. ``x``: (n, ...). ``vectors`` and the result: an array for
    each trained parameter, of its shape.
    """
    leaves = {
        k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in params.items()
    }
    walk = Walk(tables, leaves)
    total = walk.total_loss(walk.forward(torch.tensor(x)), t)
    trained = [leaves[key] for key in vectors]
    first = torch.autograd.grad(
        total, trained, create_graph=True, allow_unused=True, materialize_grads=True
    )
    along = sum(
        (g * torch.tensor(vectors[key])).sum() for key, g in zip(vectors, first, strict=True)
    )
    assert isinstance(along, torch.Tensor)
    if not along.requires_grad:  # a loss that is linear in every parameter
        return {key: np.zeros_like(vector) for key, vector in vectors.items()}
    second = torch.autograd.grad(along, trained, allow_unused=True, materialize_grads=True)
    return {key: g.numpy() for key, g in zip(vectors, second, strict=True)}
