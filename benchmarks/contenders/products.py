"""The matrix products of a step and nothing else, each by BLAS into a buffer that is there already.

Those that the formulas name, one by one: a recurrent layer has five at every time step, a
convolution is the product of its kernels and its windows. It trains nothing, and shows what the
arithmetic alone costs; a step that merges products can be below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from benchmarks.contenders import Absent
from benchmarks.task import Task

Shape = tuple[int, ...]
Product = tuple[np.ndarray, np.ndarray, np.ndarray]  # left, right, and where the product goes


class Products:
    def __init__(self, products: list[Product]) -> None:
        self.flat = [p for p in products if p[2].ndim == 2]
        self.stacked = [p for p in products if p[2].ndim > 2]

    def step(self) -> float:
        dot, matmul = np.dot, np.matmul
        for left, right, out in self.flat:
            dot(left, right, out)
        for left, right, out in self.stacked:
            matmul(left, right, out)
        return 0.0

    def params(self) -> None:
        return None


class Maker:
    """Products of random arrays of the task's dtype; the same name is the same array."""

    def __init__(self, dtype: str) -> None:
        self.dtype, self.rng = np.dtype(dtype), np.random.default_rng(0)
        self.made: dict[str, np.ndarray] = {}

    def array(self, name: str, *shape: int) -> np.ndarray:
        if name not in self.made:
            self.made[name] = self.rng.standard_normal(shape).astype(self.dtype)
        return self.made[name]

    def product(self, left: np.ndarray, right: np.ndarray) -> Product:
        return left, right, np.empty((left @ right).shape, self.dtype)

    def dense(self, name: str, x: np.ndarray, units: int, below: bool = True) -> Iterator[Product]:
        """x W, the gradient by W, and by x where something trained lies below."""
        w = self.array(f"W{name}", x.shape[-1], units)
        dz = self.array(f"dz{name}", len(x), units)
        yield self.product(x, w)
        yield self.product(x.T, dz)
        if below:
            yield self.product(dz, w.T)


def chain(widths: tuple[int, ...], m: Maker, n: int) -> Iterator[Product]:
    for k, (i, j) in enumerate(pairwise(widths)):
        yield from m.dense(f"{k}", m.array(f"x{k}", n, i), j, below=k > 0)


def cnn(m: Maker, n: int) -> Iterator[Product]:
    for name, filters, entries, places in (("1", 8, 9, 26 * 26), ("2", 16, 72, 11 * 11)):
        kernel = m.array(f"K{name}", filters, entries)
        windows = m.array(f"x{name}", entries, places * n)
        delta = m.array(f"dz{name}", filters, places * n)
        yield m.product(kernel, windows)
        yield m.product(delta, windows.T)
        if name == "2":
            yield m.product(kernel.T, delta)
    yield from m.dense("3", m.array("x3", n, 400), 10)


def rnn(m: Maker, n: int) -> Iterator[Product]:
    for step in range(50):
        yield from m.dense("x", m.array(f"x{step}", n, 16), 64, below=False)
        yield from m.dense("h", m.array(f"h{step}", n, 64), 64)
    yield from m.dense("y", m.array("h50", n, 64), 10)


def transformer(m: Maker, n: int) -> Iterator[Product]:
    rows = n * 32
    for letter in "qkvo":
        yield from m.dense(letter, m.array(f"x{letter}", rows, 64), 64)
    yield from m.dense("4", m.array("x4", rows, 64), 256)
    yield from m.dense("5", m.array("x5", rows, 256), 64)
    q, k, v, delta = (m.array(name, n, 4, 32, 16) for name in ("q", "k", "v", "delta"))
    scores = m.array("a", n, 4, 32, 32)
    yield m.product(q, k.swapaxes(2, 3))
    yield m.product(scores, v)
    yield m.product(delta, v.swapaxes(2, 3))
    yield m.product(scores.swapaxes(2, 3), delta)
    yield m.product(scores, k)
    yield m.product(scores.swapaxes(2, 3), q)


MADE: dict[str, Callable[[Maker, int], Iterator[Product]]] = {
    "mlp": lambda m, n: chain((784, 256, 128, 10), m, n),
    "deep": lambda m, n: chain((64,) * 51, m, n),
    "cnn": cnn,
    "rnn": rnn,
    "transformer": transformer,
}


def make(task: Task) -> Products:
    if task.name not in MADE:
        raise Absent(f"the products of {task.name} are no measure")
    return Products(list(MADE[task.name](Maker(task.dtype), task.batch)))
