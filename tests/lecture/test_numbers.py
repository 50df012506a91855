"""The numbers that a lecture steps through are those of the generated module."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

import symbp
from symbp import examples
from symbp.lecture.numbers import ROOM, flat, numbers, value
from symbp.lecture.numbers_notes import noted
from symbp.lecture.numbers_run import Run, run
from symbp.proof import module
from symbp.writers.equations import equations
from tests.layers.proved import dense
from tests.network.networks import BATCHNORM, DROPOUT, OUT, repeat

NORMS = symbp.Network(
    name="norms",
    input={"shape": [3]},
    layer=[
        dense(4),
        repeat(2, dense(4), BATCHNORM, DROPOUT),
        OUT,
    ],
    loss={"type": "mse"},
)


def network(name: str) -> symbp.Network:
    return NORMS if name == "norms" else symbp.load(name)


def gradients(made: Run, names: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The gradients by the notes; those of copies put together."""
    found: dict[str, np.ndarray] = {}
    for note in made.notes:
        name = note.name.removeprefix("d")
        if note.id.startswith("backward.d") and name in names:
            whole = found.setdefault(name, np.full(names[name].shape, np.nan))
            whole[tuple(note.at.values())] = note.value
    return found


@pytest.mark.parametrize("name", ["article", "norms", *examples.names()])
def test_loss_and_gradients_are_those_of_the_module(name):
    made = run(network(name).program)
    live = module.load(symbp.generate(network(name)))
    loss, grads = live.loss_and_grads(made.params, made.x, made.t, training=True, rng=made.rng())
    assert [n.value for n in made.notes if n.id == "loss.loss"] == [loss]
    found = gradients(made, grads)
    assert {k for k, g in grads.items() if not np.array_equal(found[k], g)} == set()


@pytest.mark.parametrize("name", ["article", "norms", "digits_mlp", "parity_lstm"])
def test_the_new_parameters_are_those_of_one_step_of_training(name):
    made = run(network(name).program)
    live = module.load(symbp.generate(network(name)))
    order = np.random.default_rng([made.seed, 0]).permutation(len(made.x))
    rows = np.argsort(order)
    if hasattr(live, "_split"):
        live._split = lambda labels, *_: (np.arange(len(labels)), np.arange(1))
    moved, _ = live.train(made.x[rows], made.t[rows], epochs=1, batch_size=len(rows))
    new = {n.name: n.value for n in made.notes if n.id in {f"update.{k}" for k in moved}}
    assert {*new, *live.BUFFERS} == {*moved}
    assert all(np.array_equal(new[k], moved[k]) for k in new)


def test_plain_descent_moves_against_the_gradient():
    made = run(symbp.load("article").program)
    slopes = gradients(made, made.params)
    for name, slope in slopes.items():
        assert np.array_equal(made.moved[name], made.params[name] - 0.5 * slope)


@pytest.mark.parametrize("name", ["article", "norms", "parity_lstm", "detector"])
def test_every_equation_that_training_runs_has_its_numbers(name):
    program = network(name).program
    entries = [e.id for e in equations(program) if not e.id.endswith(".inference")]
    assert sorted(numbers(program).order) == sorted(entries)


def test_loops_give_a_value_for_each_round():
    steps = numbers(symbp.load("parity_lstm").program).steps
    assert [s.at for s in steps if s.id == "forward.c1"] == [{"step": k} for k in range(8)]
    assert [s.at for s in steps if s.id == "backward.dc1"] == [{"step": k} for k in range(8)][::-1]
    copies = numbers(NORMS.program).steps
    assert [s.at for s in copies if s.id == "backward.dW2"] == [{"l": 1}, {"l": 0}]


def test_a_step_knows_where_the_values_that_it_reads_were_made():
    steps = numbers(symbp.load("article").program).steps
    delta = next(s for s in steps if s.id == "backward.dz1")
    assert {name: steps[k].id for name, k in delta.reads.items()} == {
        "dh": "backward.dh",
        "h": "forward.h",
    }


def test_zeros_before_the_first_step_of_a_recurrence_are_values_of_their_own():
    steps = numbers(symbp.load("parity_lstm").program).steps
    first = next(s for s in steps if s.id == "forward.z1")
    before = steps[first.reads["h_prev1"]]
    assert (before.id, before.value.largest) == ("", 0)


@pytest.mark.parametrize("name", ["article", "shakespeare_transformer"])
def test_they_are_small_valid_json_and_the_same_each_time(name):
    texts = [json.dumps(numbers(network(name).program).as_json(), allow_nan=False) for _ in "ab"]
    assert texts[0] == texts[1]
    assert len(texts[0]) <= ROOM


def test_images_lie_side_by_side_in_a_table():
    images = np.arange(24.0).reshape(2, 3, 2, 2)  # samples below each other, channels beside
    assert flat(images).shape == (4, 6)
    assert flat(images)[2:, 4:].tolist() == images[1, 2].tolist()


def test_few_entries_are_numbers_of_four_digits():
    assert value(np.array([1 / 3, 2.0, np.nan, np.inf])).cells == ((0.3333, 2, "nan", "inf"),)
    assert value(np.float64(0.5)).cells == ((0.5,),)


def test_many_entries_are_a_heat_map_of_their_largest():
    array = np.zeros((100, 3))
    array[50, 1] = -4.0
    shown = value(array)
    assert (shown.shape, shown.heat, shown.largest, len(shown.cells)) == ((100, 3), True, 4, 32)
    assert sorted({cell for row in shown.cells for cell in row}) == [-100, 0]


def test_what_is_no_number_is_named_in_a_heat_map():
    array = np.ones((9, 9))
    array[3, 3] = -np.inf
    assert value(array).cells[3][2:4] == (100, "-inf")


def test_notes_stand_at_the_head_and_the_end_of_an_equation():
    source = "def f(a, b):\n    for l in range(2):\n        b[:, l, 2:3] = a[l]\n    return b\n"
    made = noted(source, {"forward.b": (3, 3)})
    assert "_read('a', {'l': l}, a[l])" in made
    assert "_note('forward.b', 'b', {'l': l}, b[:, l, :])" in made


def test_an_array_that_is_filled_in_another_shape_is_noted_as_it_is():
    source = "def f(a, y):\n    y.reshape(-1, 2)[...] += np.abs(a.reshape(-1, 2))[:, None]\n"
    made = noted(source, {"forward.y": (2, 2)})
    assert "_read('a', {}, a)" in made
    assert "_note('forward.y', 'y', {}, y)" in made
