"""No statement allocates much more than the tensors that the formula names; no text grows with a count.

A convolution by patches (im2col) would hold a number for each offset of its kernel, nine or
twenty-five times its input.
"""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.proof.module import load
from tests.layers.proved import Table, dense, functions, network
from tests.network.networks import repeat

pytestmark = pytest.mark.slow

MSE = {"type": "mse"}
ONE_STATEMENT = 3  # its result, and copies of operands in the order that a product needs
BATCH = 8


def largest_statement(module: ModuleType, run: Callable[[], Any]) -> int:
    """The most bytes that a single statement of a module holds beyond what stood before it."""
    most = before = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal most, before
        now, peak = tracemalloc.get_traced_memory()
        most = max(most, peak - before)
        before = now
        tracemalloc.reset_peak()
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line(frame, event, argument) if frame.f_globals is vars(module) else None

    run()  # what is imported and cached on the way
    outside = sys.gettrace()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    sys.settrace(call)
    try:
        run()
    finally:
        sys.settrace(outside)
        tracemalloc.stop()
    return most


def largest_tensor(net: symbp.Network) -> int:
    """The bytes of the largest tensor with a name in the derivation, borders and masks included."""
    program = net.program
    shapes = [t.shape for t in program.tensors.values()]
    return max(8 * math.prod(BATCH if n is None else n for n in shape) for shape in shapes)


def check(tables: Table, factor: float = ONE_STATEMENT) -> None:
    net = symbp.Network(**tables)
    module = load(symbp.generate(net))
    rng = np.random.default_rng(0)
    params = module.init_params(0)
    x = rng.normal(size=(BATCH, *tables["input"]["shape"]))
    t = rng.normal(size=module.forward(params, x).shape)
    most = largest_statement(module, lambda: module.loss_and_grads(params, x, t))
    assert most <= factor * largest_tensor(net)
    assert most >= x.nbytes / 4  # something was measured


def conv2d(kernel: int) -> Table:
    return {"type": "conv2d", "filters": 16, "kernel": kernel, "padding": kernel // 2}


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_convolution_holds_no_patches(kernel):
    check(network(conv2d(kernel), conv2d(kernel), shape=(16, 28, 28), loss=MSE))


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_recurrence_holds_no_more_than_its_histories(kind):
    layers = [{"type": kind, "units": 24}, {"type": kind, "units": 24}]
    check(network(*layers, shape=(64, 24), loss=MSE))


def test_pooling_holds_no_more_than_its_mask():
    layers = [{"type": "conv2d", "filters": 8, "kernel": 1}, {"type": "maxpool2d", "kernel": 2}]
    check(network(*layers, shape=(8, 28, 28), loss=MSE))


# -- text does not grow with a count ----------------------------------------------------------------


def numbers_of_lines(tables: Table) -> tuple[int, ...]:
    """Of the passes, of the products with the Hessian, and of each derivation.

    The rest of a module may differ: lines break, and many parameters are checked in other ways than
    few."""
    net = symbp.Network(**tables)
    module = net.generate(hvp=True)
    products = module[module.index("def hessian_vector_product") :]
    texts = [functions(tables), products[: products.index("\ndef ")]]
    texts += [net.derive(notation=notation).render("latex") for notation in ("matrix", "index")]
    return tuple(text.count("\n") for text in texts)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_text_does_not_grow_with_the_length_of_a_sequence(kind):
    few, many = (
        numbers_of_lines(network({"type": kind, "units": 3}, dense(2), shape=(steps, 3), loss=MSE))
        for steps in (8, 4096)
    )
    assert few == many


def test_text_does_not_grow_with_the_copies_of_a_repeat():
    few, many = (
        numbers_of_lines(network(repeat(times, dense(4, "tanh"), dense(4)), loss=MSE))
        for times in (2, 50)
    )
    assert few == many


def test_text_does_not_grow_with_the_size_of_a_kernel_or_an_image():
    def lines(kernel: int, size: int) -> tuple[int, ...]:
        table = {"type": "conv2d", "filters": 2, "kernel": kernel}
        return numbers_of_lines(network(table, shape=(2, size, size), loss=MSE))

    assert lines(2, 6) == lines(9, 200)
