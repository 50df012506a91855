"""The picture of a network: everything in it has its key, nothing stands on anything else."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import symbp
from symbp import examples
from symbp.lecture.page_keys import Keys
from symbp.lecture.picture import picture
from symbp.lecture.picture_layout import layout
from symbp.lecture.picture_plan import Box, Open, Tag, plan
from symbp.writers.equations import equations

RESIDUALS = symbp.Network(
    name="residuals",
    input={"shape": [3]},
    layer=[
        {
            "type": "residual",
            "layers": [
                {"type": "dense", "units": 3},
                {"type": "residual", "layers": [{"type": "dense", "units": 3}]},
            ],
        }
    ],
    loss={"type": "mse"},
)


def network(name: str) -> symbp.Network:
    return RESIDUALS if name == "residuals" else symbp.load(name)


def svg(name: str) -> ElementTree.Element:
    program = network(name).program
    return ElementTree.fromstring(picture(program, equations(program), "en"))


@pytest.mark.parametrize("name", ["residuals", *examples.names()])
def test_every_tensor_that_an_equation_defines_has_its_place(name):
    program = network(name).program
    found = {e.get("data-eq") for e in svg(name).iter() if e.get("data-term")}
    ids = {id for text in found if text for id in text.split()}
    assert {e.id for e in equations(program)} <= ids


@pytest.mark.parametrize("name", ["residuals", *examples.names()])
def test_rows_lie_below_each_other_and_ways_beside_each_other(name):
    program = network(name).program
    entries = equations(program)
    made = layout(plan(program, entries, Keys(program, entries)))
    for above, below in zip(made.rows, made.rows[1:], strict=False):
        assert above.bottom <= below.y
    for k, way in enumerate(made.ways):
        for other in made.ways[k + 1 :]:
            apart = way.end <= other.start or other.end <= way.start
            assert apart or way.lane != other.lane


def test_nested_residuals_go_around_in_lanes_of_their_own():
    program = RESIDUALS.program
    entries = equations(program)
    made = layout(plan(program, entries, Keys(program, entries)))
    assert sorted(way.lane for way in made.ways) == [0, 1]


def test_copies_of_a_repeat_are_one_frame():
    program = symbp.load("deep_repeat").program
    entries = equations(program)
    rows = plan(program, entries, Keys(program, entries))
    assert sum(isinstance(row, Open) for row in rows) == 1
    assert sum(isinstance(row, Box) for row in rows) == 9
    assert "× 12" in "".join(svg("deep_repeat").itertext())


def test_the_picture_runs_from_the_input_to_the_loss():
    program = symbp.load("article").program
    entries = equations(program)
    rows = plan(program, entries, Keys(program, entries))
    assert [row.tensor for row in rows if isinstance(row, Tag)] == [
        "x",
        "z1",
        "h",
        "z2",
        "y",
        "loss",
    ]
    kinds = [row.kind for row in rows if isinstance(row, Box)]
    assert kinds == ["dense", "sigmoid", "dense", "sigmoid", "mse"]


def test_long_names_are_cut():
    long = symbp.Network(
        name="long",
        input={"shape": [2], "name": "a_very_long_name_for_an_input"},
        layer=[{"type": "dense", "units": 2, "name": "another_name_that_is_long"}],
        loss={"type": "mse"},
    )
    text = picture(long.program, equations(long.program), "en")
    shown = re.findall(r'class="it">([^<]*)<', text)
    assert max(map(len, shown)) <= 9
