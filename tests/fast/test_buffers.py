"""Arrays share memory, and calls write in place, only where nobody needs what was there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symbp.fast import workspace
from symbp.fast.passes import buffers as buffering
from symbp.fast.passes.buffers import buffers
from symbp.fast.strides import BATCH_SIZE, Array, Count, Dim, View, whole
from tests.fast.bodies import copy, dot, full, loop, ufunc, values
from tests.fast.test_choices import error, images

NONE: frozenset[str] = frozenset()
x = full("x", 4, 3, role="input")
z, a, b, y = (full(name, 4, 3) for name in "zaby")
g = full("g", 4, 3, role="gradient")
ROW, W = full("row", 3), full("W", 3, 3, role="parameter")
X = np.random.default_rng(0).standard_normal((4, 3))
CHAIN = (ufunc("exp", x, out=a), ufunc("negative", a, out=b), ufunc("tanh", b, out=z),
         ufunc("add", z, "0.0", out=g))  # fmt: skip


def test_a_chain_entry_by_entry_lies_in_one_place():
    assert [[v.name for v in slot.arrays] for slot in buffers(CHAIN, NONE)] == [["a", "b", "z"]]
    np.testing.assert_array_equal(values(CHAIN, shared=True, x=X)["g"], values(CHAIN, x=X)["g"])


def test_a_product_does_not_write_over_its_own_factor():
    square = full("square", 3, 3)
    body = (copy(full("x", 3, 3, role="input"), square), dot(square, W, full("q", 3, 3)))
    assert all("q" not in [v.name for v in s.arrays[1:]] for s in buffers(body, NONE))


def test_arrays_that_live_together_have_memory_of_their_own(monkeypatch):
    body = (ufunc("exp", x, out=a), ufunc("sin", x, out=b), ufunc("add", a, b, out=g))
    assert len(buffers(body, NONE)) == 2
    life = buffering._Lives.life

    def short(own, array):
        found = life(own, array)
        return replace(found, end=found.start - 1)

    right = values(body, x=X)["g"]
    np.testing.assert_array_equal(values(body, shared=True, x=X)["g"], right)
    monkeypatch.setattr(buffering._Lives, "life", short)
    assert abs(values(body, shared=True, x=X)["g"] - right).max() > 0.1


def test_what_every_turn_reads_lives_through_the_whole_loop(monkeypatch):
    inside = loop(3, ufunc("exp", a, out=b), ufunc("sin", b, out=z), ufunc("add", b, z, out=y))
    body = (copy(x, a), inside, copy(y, g))
    right = values(body, x=X)["g"]
    np.testing.assert_array_equal(values(body, shared=True, x=X)["g"], right)
    block = buffering._Lives.block
    monkeypatch.setattr(buffering._Lives, "block", lambda own, body, _: block(own, body, ()))
    assert abs(values(body, shared=True, x=X)["g"] - right).max() > 0.1


def test_a_broadcast_input_is_not_written_over(monkeypatch):
    row = View(ROW.array, (Dim(None, Count.of(4), Count()), *ROW.dims))
    body = (copy(full("given", 3, role="input"), ROW), ufunc("add", row, x, out=a), copy(a, g))
    assert all(len(slot.arrays) == 1 for slot in buffers(body, NONE))
    monkeypatch.setattr(buffering._Lives, "over", lambda *_: True)
    assert any(len(slot.arrays) > 1 for slot in buffers(body, NONE))


def test_sizes_that_no_batch_orders_share_no_place():
    own, fixed = (Array(n, (s, Count.of(9))) for n, s in (("p", BATCH_SIZE), ("q", Count.of(5))))
    p, q = (whole(array, [None, None]) for array in (own, fixed))
    body = (ufunc("exp", x, out=p), copy(p, g), ufunc("exp", x, out=q), copy(q, g))
    assert all(len({len(v.size.terms) for v in s.arrays}) == 1 for s in buffers(body, NONE))


def test_what_is_zero_from_the_start_shares_its_memory_with_none(monkeypatch):
    net = images("relu", size=7)  # no window reaches the last row: its gradient stays zero
    assert error(net) <= 1e-12
    monkeypatch.setattr(workspace, "own", lambda selected: frozenset({selected.loss.array.name}))
    assert error(net) > 1e-3
