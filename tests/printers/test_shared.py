"""What a line would compute twice stands on a line of its own before it."""

from __future__ import annotations

import pytest

from tests.layers.proved import Table, dense, formula, gradients_hold, lines, network
from tests.network.real_networks import attention, repeat

WEIGHTED = "y[n,k] = softmax(x[n,k]*w[k], k)"
TWICE = "y[n,k] = softmax(x[n,k]*w[k], k)*softmax(x[n,k]**2, k)"


def weighted(text: str) -> Table:
    return network(dense(3), formula(text, parameters={"w": ["k"]}))


def test_a_mask_is_computed_once() -> None:
    found = lines(network(attention(2, causal=True), shape=(4, 6)))
    assert "masked1 = np.where(np.arange(4) <= np.arange(4)[:, None], s1, -np.inf)" in found
    assert "u21 = np.exp(masked1 - masked1.max(axis=-1, keepdims=True))" in found


def test_a_product_is_computed_once() -> None:
    found = lines(weighted(WEIGHTED))
    assert "common2 = z1 * w2" in found
    assert "u2 = np.exp(common2 - common2.max(axis=-1, keepdims=True))" in found


def test_a_read_stays_a_read() -> None:
    assert not any("common" in line for line in lines(network(dense(3, "softmax"))))


@pytest.mark.parametrize(
    "tables",
    [weighted(TWICE), network(repeat(2, attention(2, causal=True)), shape=(4, 6))],
    ids=["two in one layer", "in a loop"],
)
def test_each_value_has_a_name_of_its_own(tables: Table) -> None:
    names = [
        line.split(" = ")[0] for line in lines(tables) if line.startswith(("common", "masked"))
    ]
    assert names and len(names) == len(set(names))
    gradients_hold(tables)
