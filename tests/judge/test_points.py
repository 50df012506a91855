"""Points are generic: no zero, no two equal sizes, and a scalar twin with one neuron a layer."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.errors import InputError
from symbp.judge.answer import points, scalar_twin
from tests.judge.reading import dense, generated, network


@pytest.mark.parametrize(
    "name", ["article", "digits_mlp", "parity_lstm", "shakespeare_transformer"]
)
def test_a_batch_has_a_size_of_its_own_and_no_zero_weight(name: str) -> None:
    net = network(name)
    sizes = {s for tensor in net.program.tensors.values() for s in tensor.shape}
    for point in points(net, "matrix"):
        assert len(point.x) >= 3 and len(point.x) not in sizes
        assert all(np.all(value) for value in point.params.values())


def test_points_are_the_same_for_the_same_seed_and_else_others() -> None:
    net = network("article")
    first, again, other = (points(net, None, 1, seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(first.x, again.x) and not np.array_equal(first.x, other.x)


def test_a_kink_is_seen_from_both_sides() -> None:
    net = dense(2, 3, 1, activation="relu")
    twin = scalar_twin(net)
    seen = set()
    for point in points(net, "scalar"):
        grads = generated(twin).loss_and_grads(point.params, point.x, point.t)[1]  # type: ignore[arg-type]
        seen.add(bool(np.any(grads["W1"])))
    assert seen == {True, False}


def test_the_twin_has_one_neuron_a_layer() -> None:
    twin = scalar_twin(network("swish"))
    shapes = {p.key: p.shape for p in twin.program.graph.parameters}
    assert shapes == {"W1": (1, 1), "b1": (1,), "beta2": (), "W3": (1, 1), "b3": (1,)}


def test_one_neuron_of_a_softmax_shows_nothing() -> None:
    with pytest.raises(InputError, match="has no scalar notation, as one neuron of softmax"):
        points(network("digits_softmax"), "scalar")
