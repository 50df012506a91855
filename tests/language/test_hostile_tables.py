"""Whatever Python hands over, the answer is a Spec or an InputError."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symbp.errors import InputError
from symbp.language.network_file import from_tables
from symbp.language.options import DECLARED, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES, TRAIN

ITSELF: list = []
ITSELF.extend([ITSELF, ITSELF])
DENSE = {"type": "dense", "units": 2}
GOOD = {"input": {"shape": [2]}, "layer": [DENSE], "loss": {"type": "mse"}}
VALUES = [
    object(), print, b"bytes", {1, 2}, 1j, range(3), ITSELF, math.nan, -math.inf, 10**400, 2**63,
    np.array(["a"]), np.array(object()), np.full((3, 3), np.nan), np.complex128(1),
    np.datetime64("2020"), datetime.date(2020, 1, 1), {"a": {"b": 1}}, {1: 2}, [[]], [None], "",
    "\0", "a" * 10**6, True, -1, (), 1 << 20000,
]  # fmt: skip
PLACES = [
    ("input", "shape"), ("input", "name"), ("input",), ("target", "name"), ("target",), ("loss",),
    ("loss", "type"), ("loss", "formula"), ("train",), ("train", "epochs"), ("train", "betas"),
    ("train", "learning_rate"), ("train", "optimizer"), ("regularization", "l2"), ("data",),
    ("data", "source"), ("output",), ("layer",), ("layer", 0), ("layer", 0, "units"), ("name",),
    ("layer", 0, "type"), ("layer", 0, "name"), ("layer", 0, "inputs"), ("layer", 0, "share"),
    ("layer", 0, "activation"), ("title",),
]  # fmt: skip


def _with(tables: Any, path: tuple, value: object) -> Any:
    if not path:
        return value
    if isinstance(tables, list):
        return [_with(tables[0], path[1:], value)]
    old = tables if isinstance(tables, dict) else {}
    return {**old, path[0]: _with(old.get(path[0], {}), path[1:], value)}


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_strange_value_from_python_is_an_input_error(place: tuple):
    for value in VALUES:
        try:
            from_tables(_with(GOOD, place, value))
        except InputError:
            continue
        if (place, value) == (("output",), ()):
            continue  # no [[output]] at all, as if not given
        raise AssertionError(f"{value!r} passes for {place}")


NO_TABLES = [None, 3, "name", [GOOD], {}, {1: 2}, ITSELF, np.zeros(3)]


@pytest.mark.parametrize("tables", NO_TABLES, ids=str)
def test_no_table_at_all_is_an_input_error(tables: object):
    with pytest.raises(InputError):
        from_tables(tables)  # type: ignore[arg-type]


def test_gigantic_array_is_refused_before_it_is_unrolled():
    zeros = np.broadcast_to(0.0, (10**5, 10**5))
    with pytest.raises(InputError, match="at most"):
        from_tables({**GOOD, "layer": [{"type": "formula", "formula": "x*c",
                                        "constants": {"c": zeros}}]})  # fmt: skip


KEYS = sorted(
    {"type", "name", "inputs", "share", "layers", "from", "target", "loss", "weight", "reduction"}
    | {"input", "layer", "output", "train", "data", "regularization", "source", "l1", "title"}
    | {key for options in (*LAYERS.values(), *LOSSES.values(), DECLARED, TRAIN) for key in options}
    | {key for table in (OPTIMIZERS, SCHEDULES) for options in table.values() for key in options}
)
WORDS = st.sampled_from([*LAYERS, *LOSSES, *OPTIMIZERS, *SCHEDULES, "x", "t", "h", "same", "relu",
                         "x*W", "z[n,i] = x[n,i]", "L", "a.npz", "zeros", "learned"])  # fmt: skip
LEAVES = st.integers(-2, 9) | st.floats() | st.booleans() | WORDS | st.text(max_size=5)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)
LAYER_TABLES = st.sampled_from(sorted(LAYERS)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind)},
        optional=dict.fromkeys([*LAYERS[kind], "name", "inputs", "share"], TREES),
    )
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LAYER_TABLES, max_size=4), TREES, TREES, TREES)
def test_random_tables_raise_nothing_else(layers, loss, train, data):
    tables = {**GOOD, "layer": layers, "loss": loss, "train": train, "data": data}
    try:
        from_tables(tables)
    except InputError as error:
        assert str(error)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6))
def test_random_trees_raise_nothing_else(tables):
    try:
        from_tables(tables)
    except InputError as error:
        assert str(error)
