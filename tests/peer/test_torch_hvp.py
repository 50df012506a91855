"""The witness for Hessian-vector products, against differences of its own gradients."""

from __future__ import annotations

import numpy as np
import pytest

from tests.peer.random_data import error
from tests.peer.random_real_data import good_real_sample
from tests.peer.random_real_networks import KINDS, numbered
from tests.peer.torch_hvp import hessian_vector_product
from tests.peer.torch_network import evaluate


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_second_derivatives_are_differences_of_first_ones(number):
    tables, step = numbered(number), 1e-6
    sample = good_real_sample(tables, number)
    assert sample is not None
    params, x, t = sample
    if KINDS[number] == "ties":  # moved off, as a difference would choose another maximum
        params = {key: value + 0.1 * np.sin(1 + value) for key, value in params.items()}
    rng = np.random.default_rng(number)
    grads = evaluate(tables, params, x, t).grads
    vectors = {key: rng.normal(size=np.shape(gradient)) for key, gradient in grads.items()}
    sides = []
    for sign in (1, -1):
        moved = {k: v + sign * step * vectors[k] if k in vectors else v for k, v in params.items()}
        sides.append(evaluate(tables, moved, x, t).grads)
    differences = {key: (sides[0][key] - sides[1][key]) / (2 * step) for key in grads}
    assert error(hessian_vector_product(tables, params, x, t, vectors), differences) < 1e-6
