"""Thin products over long sums are split, where the slices are equal for every batch."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.fast.instructions import Call
from symbp.fast.passes import thin as splitting
from symbp.fast.passes.thin import thin
from symbp.fast.strides import Array, Count, whole
from tests.fast.bodies import dot, values
from tests.fast.test_passes import differ

NONE: frozenset[str] = frozenset()
RNG = np.random.default_rng


def thin_product(per_sample: int) -> Call:
    """(20, K) times (K, 20) with K entries a sample."""
    size, few = Count((0, per_sample)), Count.of(20)
    left = whole(Array("left", (few, size)), [None, None])
    right = whole(Array("right", (size, few)), [None, None])
    return dot(left, right, whole(Array("g", (few, few), "gradient"), [None, None]))


def operands(per_sample: int, batch: int) -> dict[str, np.ndarray]:
    k = per_sample * batch
    return {"left": RNG(0).standard_normal((20, k)), "right": RNG(1).standard_normal((k, 20))}


def test_a_thin_product_over_a_long_sum_is_split():
    made = thin((thin_product(60),), NONE)
    assert [call.text[:10] for call in made] == ["np.matmul(", "np.add.red"]
    for batch in (1, 3, 64):
        given = operands(60, batch)
        found = values(made, batch, **given)["g"]
        np.testing.assert_allclose(found, given["left"] @ given["right"], rtol=1e-9, atol=1e-9)


def test_a_sum_whose_slices_are_not_equal_for_every_batch_stays_whole(monkeypatch):
    body = (thin_product(59),)
    assert thin(body, NONE) == body
    monkeypatch.setattr(splitting, "_slices", lambda _: 2)
    given = operands(59, 64)
    assert differ(thin(body, NONE), body, "g", 64, **given)


@pytest.mark.parametrize("per_sample", [1, 20])
def test_short_sums_stay_whole(per_sample):
    assert thin((thin_product(per_sample),), NONE) == (thin_product(per_sample),)
