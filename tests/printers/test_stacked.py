"""A matrix times each of a stack: one product, in the order of the result."""

from __future__ import annotations

from tests.layers.proved import agrees_with_the_peer, formula, gradients_hold, lines, network
from tests.network.real_networks import conv, conv2d

MIXED = formula("y[n,f,p] = sum(K[f,c]*x[n,c,p], c)", parameters={"K": (3, "c")})


def test_a_matrix_meets_each_sample() -> None:
    found = network(MIXED, shape=(4, 5))
    assert "y = K @ x" in [line.replace("K1", "K") for line in lines(found)]
    gradients_hold(found)


def test_a_convolution_of_a_signal_needs_no_transpose() -> None:
    found = network(conv(3, 3, bias=False), conv(2, 3, bias=False), shape=(2, 9))
    assert "z1 += K1[:, :, u] @ x[:, :, u : u + 7]" in lines(found)
    assert "dz1[:, :, u : u + 5] += K2[:, :, u].T @ dy" in lines(found)
    gradients_hold(found)


def test_the_places_of_an_image_count_as_one_axis() -> None:
    found = network(conv2d(3, 2), shape=(2, 4, 4))
    assert not any("transpose" in line for line in lines(found))
    product = "(K1[:, :, u, v] @ x[:, :, u : u + 3, v : v + 3].reshape(-1, 2, 9))"
    assert f"y += {product}.reshape(-1, 3, 3, 3)" in lines(found)


def test_groups_are_a_stack_of_matrices() -> None:
    found = network(conv2d(4, 2, groups=2), conv2d(4, 2, groups=2, bias=False), shape=(2, 5, 5))
    forward = lines(found)[: lines(found).index("def _loss(params, cache, t):")]
    assert not any("einsum" in line for line in forward)
    gradients_hold(found)
    agrees_with_the_peer(found)
