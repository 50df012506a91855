"""Random networks: every gradient by the complex step, to the last digits where they are smooth."""

from __future__ import annotations

import pytest

import symbp
from symbp.errors import InputError
from tests.peer.random_networks import random_network

QUICK, ALL = 40, 240


def numbers(first: int, last: int, step: int) -> list[range]:
    return [range(k, min(k + step, last)) for k in range(first, last, step)]


def divides_by_rounding(tables: dict) -> bool:
    """Binary cross-entropy of a softmax takes 1 - y, of which a sure network leaves few digits."""
    losses = [tables["loss"]] if "loss" in tables else [o["loss"] for o in tables["output"]]
    soft = any(
        "softmax" in (layer["type"], layer.get("activation")) for layer in tables["layer"][-6:]
    )
    return soft and any(loss["type"] == "binary_cross_entropy" for loss in losses)


def errors(seed: int, smooth: bool) -> list[float]:
    """The errors of one network by complex step; none where this version does not derive it."""
    tables = random_network(seed, smooth=smooth)
    if divides_by_rounding(tables):
        return []
    try:
        network = symbp.Network(**tables)
    except InputError as refused:
        assert "not derived by this version" in refused.message or "is real" in refused.message
        return []
    report = symbp.verify(network, seed=seed)
    assert report.ok, f"network {seed}:\n{report}"
    return [row.complex_step for row in report.rows if row.complex_step is not None]


def worst(seeds: range, smooth: bool) -> float:
    found = [error for seed in seeds for error in errors(seed, smooth)]
    assert len(found) > len(seeds)
    return max(found)


@pytest.mark.parametrize("seeds", numbers(0, QUICK, 10), ids=str)
def test_smooth_networks_are_exact(seeds):
    assert worst(seeds, smooth=True) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("seeds", numbers(QUICK, ALL, 10), ids=str)
def test_many_smooth_networks_are_exact(seeds):
    assert worst(seeds, smooth=True) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("seeds", numbers(1000, 1100, 10), ids=str)
def test_networks_with_kinks_are_right(seeds):
    assert worst(seeds, smooth=False) < 1e-12
