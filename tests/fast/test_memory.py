"""What a Trainer keeps is what was planned, and a step makes nothing beside it."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symbp
from benchmarks.memory import held, peak
from symbp.fast import module as fast
from symbp.fast import pipeline
from symbp.fast.memory import memory
from symbp.network.program import Program
from symbp.proof.module import load
from symbp.writers.optimizers import optimizer_of
from symbp.writers.storage import plan
from tests.examples import example
from tests.fast.test_same_gradients import drawn

NAMES = ("detector", "digits_conv", "parity_lstm", "digits_mlp", "deep_repeat", "copy_gru")
CONVERTED = 8192 * 8  # what NumPy converts at a time, in bytes
BATCH = 16


def planned(program: Program, dtype: str = "float64"):
    train = program.graph.spec.train
    folds = not optimizer_of(train).needs_function and not train.clip_norm
    return memory(program, pipeline.planned(plan(program, dtype), folds), dtype, BATCH)


def made(net: symbp.Network, change=lambda source: source):
    module = load(change(fast.write(net.program).source), "fast")
    params, x, t = drawn(net, module, BATCH)
    return module.Trainer(params, BATCH), x, t


@pytest.mark.parametrize("name", NAMES)
def test_what_is_held_is_what_was_planned(name):
    found = planned(example(name).program)
    trainer, _, _ = made(example(name))
    assert held(trainer) == (found.workspace + found.constants).at(BATCH)


@pytest.mark.parametrize("name", NAMES)
def test_no_array_is_larger_than_the_largest_tensor_of_the_formulas(name):
    found = planned(example(name).program)
    assert found.array.at(BATCH) <= found.tensor.at(BATCH)


def test_a_convolution_with_a_large_kernel_copies_no_windows():
    layers = [
        {"type": "conv2d", "filters": 8, "kernel": 7, "padding": "same"},
        {"type": "flatten"},
    ]
    layers.append({"type": "dense", "units": 3})
    net = symbp.Network(
        name="net", input={"shape": [4, 15, 15]}, layer=layers, loss={"type": "mse"}
    )
    found = planned(net.program)
    assert found.array.at(BATCH) <= found.tensor.at(BATCH)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_makes_no_array_but_what_numpy_converts_with(name):
    trainer, x, t = made(example(name))
    assert peak(lambda: trainer.step(x, t)) < 3 * CONVERTED


def test_a_planted_temporary_is_seen():
    def planted(source: str) -> str:
        return re.sub(r"(np\.tanh)\((\w+), (?:out=)?(\w+)\)", r"\3[...] = \1(\2)", source)

    layer = {"type": "dense", "units": 4000, "activation": "tanh"}
    net = symbp.Network(name="net", input={"shape": [3]}, layer=[layer], loss={"type": "mse"})
    found = []
    for change in (lambda source: source, planted):
        module = load(change(fast.write(net.program).source), "fast")
        trainer = module.Trainer(module.init_params(0), BATCH)
        x, t = np.ones((BATCH, 3)), np.ones((BATCH, 4000))
        found.append(peak(lambda run=trainer, x=x, t=t: run.step(x, t)))
    assert found[0] < 3 * CONVERTED < found[1]
