"""The report on the fast style: layouts, passes, memory."""

from __future__ import annotations

from symbp.fast.explain import explain
from tests.examples import example


def test_it_names_the_layout_the_passes_and_the_memory():
    text = explain(example("digits_mlp").program, "float32", 32)
    for word in ("batch innermost", "chosen", "common results", "dead results", "buffer planning"):
        assert word in text


def test_of_a_tiny_network_it_says_that_it_runs_on_floats():
    assert explain(example("article").program).startswith("scalar unrolling: chosen")
