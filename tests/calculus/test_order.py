"""Strongly connected components, in an order in which what is needed stands in front."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.calculus.order import components

LONG, SHORTER = 5000, 1500


def test_what_needs_nothing_keeps_its_order():
    assert components("cab", {}) == [["c"], ["a"], ["b"]]


def test_what_is_needed_comes_first_and_the_rest_keeps_its_order():
    assert components("abcd", {"b": "d"}) == [["a"], ["c"], ["d"], ["b"]]


def test_a_cycle_is_one_component_in_the_order_of_the_nodes():
    assert components("abc", {"c": "a", "a": "b", "b": "c"}) == [["a", "b", "c"]]


def test_a_node_that_needs_itself_is_a_component_of_its_own():
    assert components("ab", {"a": "a", "b": "a"}) == [["a"], ["b"]]


def test_cycles_that_meet_are_one_and_cycles_that_follow_are_two():
    meet = {"a": "b", "b": "ac", "c": "b"}
    follow = {"a": "bc", "b": "a", "c": "d", "d": "c"}
    assert components("abc", meet) == [["a", "b", "c"]]
    assert components("abcd", follow) == [["c", "d"], ["a", "b"]]


def test_what_a_cycle_needs_comes_before_and_what_reads_it_behind():
    needs = {"y": "h", "h": "zx", "z": "h"}
    assert components("yhzx", needs) == [["x"], ["h", "z"], ["y"]]


@pytest.mark.parametrize(
    "nodes", [range(LONG), range(SHORTER)[::-1]], ids=["in order", "backwards"]
)
def test_a_chain_may_be_longer_than_the_stack_of_python(nodes):
    needs = {k: [k - 1] for k in nodes if k}
    assert components(nodes, needs) == [[k] for k in sorted(nodes)]


def test_a_ring_may_be_longer_than_the_stack_of_python():
    (ring,) = components(range(LONG), {k: [(k + 1) % LONG] for k in range(LONG)})
    assert ring == list(range(LONG))


@pytest.mark.parametrize("seed", range(6))
def test_components_are_those_of_mutual_reach(seed):
    """Against reachability by repeated squaring of the adjacency matrix."""
    rng = np.random.default_rng(seed)
    size = 12
    edges = rng.random((size, size)) < 0.12
    reach = edges | np.eye(size, dtype=bool)
    for _ in range(4):
        reach = reach @ reach
    needs = {k: np.flatnonzero(edges[k]).tolist() for k in range(size)}
    found = components(range(size), needs)
    assert sorted(node for group in found for node in group) == list(range(size))
    for group in found:
        same = np.flatnonzero(reach[group[0]] & reach[:, group[0]]).tolist()
        assert group == same
    place = {node: k for k, group in enumerate(found) for node in group}
    assert all(place[n] <= place[k] for k, others in needs.items() for n in others)
