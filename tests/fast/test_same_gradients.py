"""A Trainer's losses, gradients and updates are those of the lecture style, in every layout."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from tests.examples import example
from tests.fast.trainers import difference, modules, only, plain
from tests.peer.random_data import sample
from tests.peer.random_networks import random_network
from tests.peer.random_real_data import real_sample
from tests.peer.random_real_networks import numbered

NAMES = ("iris_residual", "article", "regression", "spirals", "swish", "bilinear", "deep_sigmoid",
         "deep_repeat", "digits_softmax", "detector", "copy_gru", "parity_lstm")  # fmt: skip
RNG = np.random.default_rng


def drawn(net: symbp.Network, made: Any, batch: int) -> tuple[Any, Any, Any]:
    """Parameters, and rows of the network's own data, or random ones."""
    from symbp.writers.package import package

    x, t = package(net.program).arrays
    rows = np.arange(batch) % len(x)
    targets = {k: v[rows] for k, v in t.items()} if isinstance(t, dict) else t[rows]
    params = made.init_params(3)
    noise = RNG(0)
    params = {k: v + 0.1 * noise.standard_normal(v.shape) for k, v in params.items()}
    return params, x[rows], targets


def agree(net: symbp.Network, data: Any) -> Counter[str]:
    """Every layout that is planned agrees; counts those, and the reasons of the others."""
    found: Counter[str] = Counter()
    for layout, made in modules(net).items():
        if isinstance(made, str):
            found[made] += 1
            continue
        params, x, t = data(made)
        with np.errstate(all="ignore"):
            assert difference(made, params, x, t) <= 1e-12, layout
        found["planned"] += 1
    return found


def by_descent(name: str) -> symbp.Network:
    """An example, trained by gradient descent alone: its own optimizer is compared below."""
    spec = example(name).spec
    text = (Path(symbp.__file__).parent / "examples" / f"{spec.name}.toml").read_text("utf-8")
    return symbp.Network(**plain(tomllib.loads(text)))


@pytest.mark.parametrize("name", NAMES)
def test_examples_have_the_same_gradients(name):
    net = by_descent(name)
    for batch in (1, 5) if name in NAMES[1:4] else (5,):
        found = agree(net, lambda made, b=batch: drawn(net, made, b))
        assert set(found) == {"planned"}


def of_seeds(seeds: range, tables_of: Any, data_of: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in seeds:
        tables = plain(tables_of(seed))
        data = data_of(tables, seed)
        try:
            found += agree(symbp.Network(**tables), lambda _, given=data: given)
        except Exception as problem:
            problem.add_note(f"network {seed}: {tables}")
            raise
    return found


@pytest.mark.parametrize("seeds", [range(1, 4), range(44, 54)], ids=str)
def test_random_networks_have_the_same_gradients(seeds):
    found = of_seeds(seeds, random_network, sample)
    assert found["planned"] >= 0.7 * sum(found.values()), found


@pytest.mark.parametrize("seeds", [range(2, 4), range(4, 12), range(18, 22)], ids=str)
def test_random_networks_of_images_and_sequences_have_the_same_gradients(seeds):
    found = of_seeds(seeds, numbered, real_sample)
    assert found["planned"] >= 0.8 * sum(found.values()), found


OPTIMIZERS = (
    {"optimizer": "adam"},
    {"optimizer": "momentum"},
    {"clip_norm": 0.01},
    {"optimizer": "adam", "clip_norm": 0.01},
    {},
)


def small(**train: Any) -> symbp.Network:
    return symbp.Network(
        name="net",
        input={"shape": [3]},
        layer=[
            {"type": "dense", "units": 4, "activation": "tanh"},
            {"type": "dense", "units": 2, "activation": "softmax"},
        ],
        loss={"type": "cross_entropy"},
        regularization={"l1": 0.01, "l2": 0.1},
        train=train,
    )


def fast_module(net: symbp.Network, dtype: str = "float64") -> Any:
    from symbp.fast import module as fast

    with only(net.program, "row by row"):
        return load(fast.write(net.program, dtype=dtype).source, "fast")


@pytest.mark.parametrize("train", OPTIMIZERS, ids=str)
def test_updates_are_those_of_training(train):
    made = fast_module(small(**train))
    x, t = RNG(0).standard_normal((6, 3)), RNG(1).integers(2, size=6)
    params = made.init_params(0)
    trainer = made.Trainer(params, 6, learning_rate=0.1)
    order = [RNG([0, epoch]).permutation(6) for epoch in range(4)]
    losses = [trainer.step(x[rows], t[rows]) for rows in order]
    wanted, history = made.train(x, t, params=params, epochs=4, learning_rate=0.1)
    np.testing.assert_allclose(losses, history["loss"], rtol=1e-12)
    for name, value in wanted.items():
        if name in trainer.params:
            np.testing.assert_allclose(trainer.params[name], value, rtol=1e-12, atol=1e-13)


def test_single_precision_stays_single():
    made = fast_module(small(), "float32")
    params = made.init_params(0, np.float32)
    x, t = RNG(0).standard_normal((6, 3)).astype(np.float32), RNG(1).integers(2, size=6)
    assert difference(made, params, x, t) <= 1e-4
    trainer = made.Trainer(params, 6)
    trainer.step(x, t)
    arrays = [a for a in trainer.arrays if isinstance(a, np.ndarray)]
    arrays += [*trainer.params.values(), *trainer.gradients.values()]
    assert {a.dtype for a in arrays} <= {np.dtype(kind) for kind in (np.float32, bool, np.intp)}


# -- what a program hands to it -------------------------------------------------------------------


def test_a_batch_of_another_shape_is_an_error_that_names_both():
    trainer = fast_module(small()).Trainer(fast_module(small()).init_params(0), 6)
    with pytest.raises(ValueError, match=r"\(5, 3\).*\(6, 3\)"):
        trainer.step(np.ones((5, 3)), np.zeros(5, int))


@pytest.mark.parametrize("change", [np.asfortranarray, lambda x: np.repeat(x, 2, 0)[::2]],
                         ids=["columns", "strides"])  # fmt: skip
def test_data_that_are_not_contiguous_are_the_same_data(change):
    made = fast_module(small())
    x, t = RNG(0).standard_normal((6, 3)), np.zeros(6, int)
    trainers = [made.Trainer(made.init_params(0), 6) for _ in range(2)]
    assert trainers[0].step(x, t) == trainers[1].step(change(x), t)


@pytest.mark.parametrize("kind", [int, np.float64])
def test_other_kinds_of_numbers_are_taken_in_single_precision(kind):
    made = fast_module(small(), "float32")
    trainer = made.Trainer(made.init_params(0, np.float32), 6)
    trainer.step(np.ones((6, 3), kind), np.zeros(6, int))
    assert {a.dtype for a in trainer.params.values()} == {np.dtype(np.float32)}


def test_what_is_handed_in_stays_as_it_is():
    made = fast_module(small())
    params, x, t = made.init_params(0), RNG(0).standard_normal((6, 3)), np.zeros(6, int)
    before = {name: value.copy() for name, value in params.items()}, x.copy(), t.copy()
    trainer = made.Trainer(params, 6, learning_rate=0.1)
    for _ in range(3):
        trainer.step(x, t)
    np.testing.assert_equal((params, x, t), before)


def test_a_learning_rate_may_be_set_anew():
    made = fast_module(small())
    trainer = made.Trainer(made.init_params(0), 6, learning_rate=0.1)
    x, t = RNG(0).standard_normal((6, 3)), np.zeros(6, int)
    trainer.step(x, t)
    before = {name: value.copy() for name, value in trainer.params.items()}
    trainer.learning_rate = 0.0
    trainer.step(x, t)
    np.testing.assert_equal(trainer.params, before)


@pytest.mark.slow
def test_the_code_does_not_hang_on_the_order_of_hashes():
    import os
    import subprocess
    import sys

    code = ("import symbp; from symbp.fast.module import write; "
            "print(write(symbp.load('parity_lstm').program).source)")  # fmt: skip
    run = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert run[0] == run[1]


WORDS = ("B", "P", "G", "rate", "dtype", "self", "names", "memory1", "x_given", "h_all")


@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_trainer_are_names_for_layers(word):
    layers = [{"type": "dense", "units": 4, "activation": "tanh"} for _ in range(2)]
    layers[0]["name"] = word
    made = fast_module(
        symbp.Network(name="net", input={"shape": [3]}, layer=layers, loss={"type": "mse"})
    )
    x, t = RNG(0).standard_normal((5, 3)), RNG(1).standard_normal((5, 4))
    assert difference(made, made.init_params(0), x, t) <= 1e-12
