"""Every example that claims to learn something does: each reaches its mark from its own file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from symbp.data.shapes import SIDE
from symbp.proof import module
from symbp.writers.main_part import Arrays
from symbp.writers.package import package
from tests.examples import example

pytestmark = pytest.mark.slow
ACCURACY = {  # of the part held out
    "digits_mlp": 0.95,
    "digits_conv": 0.97,
    "parity_lstm": 0.999,
    "copy_gru": 0.99,
    "shakespeare_transformer": 0.30,
    "detector": 0.95,
}


@dataclass(frozen=True, eq=False)
class Run:
    module: ModuleType
    arrays: Arrays
    params: dict[str, np.ndarray]
    history: dict[str, list[float]]


@cache
def run(name: str) -> Run:
    """The example's own module, trained as its file says."""
    made = package(example(name).program)
    loaded = module.load(made.module.source, name)
    return Run(loaded, made.arrays, *loaded.train(*made.arrays))


@pytest.mark.parametrize("name", ACCURACY)
def test_an_example_reaches_its_mark_on_samples_that_it_never_saw(name):
    history = run(name).history
    assert history["accuracy"][-1] >= ACCURACY[name]
    assert history["loss"][-1] < 0.75 * history["loss"][0]


def test_the_detector_finds_the_box_within_a_pixel():
    trained = run("detector")
    x, t = trained.arrays
    error = trained.module.predict(trained.params, x)["corners"] - t["box"]
    assert SIDE * np.sqrt(np.mean(error**2)) < 0.75


def test_the_transformer_beats_the_table_of_pairs():
    """Each character guessed from the one before it alone, counted in what the network trained on."""
    trained = run("shakespeare_transformer")
    (x, t), train = trained.arrays, example("shakespeare_transformer").spec.train
    kept, held = trained.module._split(np.zeros(len(x)), train.held_out, train.seed)
    pairs = np.full((36, 36), 0.2)
    np.add.at(pairs, (x[kept], t[kept]), 1)
    pairs /= pairs.sum(axis=1, keepdims=True)
    assert trained.history["held_out_loss"][-1] < -np.log(pairs[x[held], t[held]]).mean() - 0.05


def test_the_transformer_does_not_see_what_comes():
    trained = run("shakespeare_transformer")
    x = trained.arrays[0][:4]
    changed = x.copy()
    changed[:, 20:] = 0
    before, after = (trained.module.predict(trained.params, tokens) for tokens in (x, changed))
    np.testing.assert_array_equal(before[:, :20], after[:, :20])
    assert (before[:, 20:] != after[:, 20:]).any()
