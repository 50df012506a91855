"""Names, shapes and nodes of a network, in file order."""

from __future__ import annotations

import pytest

import symbp
from symbp.network.graph import Repeat
from symbp.network.identifiers import Identifiers
from tests.layers.proved import dense, network
from tests.network.networks import REPEATS, repeat


def graph(tables):
    return symbp.Network(**tables).program.graph


def names(tables):
    return [node.output for node in graph(tables).nodes]


def test_tensors_have_the_users_names_and_short_ones_else():
    tables = network(dense(3, "tanh", name="h"), {"type": "layernorm"}, dense(2, "softmax"))
    assert names(tables) == ["z1", "h", "u2", "z3", "y"]


def test_the_last_tensor_is_y_unless_it_has_a_name():
    assert names(network(dense(3)))[-1] == "y"
    assert names(network(dense(3, name="out")))[-1] == "out"


def test_an_activation_of_a_layer_is_a_layer_behind_it():
    kinds = [node.kind for node in graph(network(dense(3, "tanh"))).nodes]
    assert kinds == ["dense", "activation"]


def test_shapes_have_the_batch_in_front():
    found = graph(network(dense(3, name="h"), dense(2), shape=(5, 4))).tensors
    assert found["h"].shape == (None, 5, 3)
    assert found["W1"].shape == (4, 3)


def test_a_repeat_is_one_item_with_its_chain_once():
    found = graph(REPEATS["two residuals"])
    (item,) = [i for i in found.items if isinstance(i, Repeat)]
    assert item.level.times == 3
    assert len([n for n in item.items if not isinstance(n, Repeat)]) == 9
    assert all(n.levels == (item.level,) for n in item.items if not isinstance(n, Repeat))


def test_a_nested_repeat_at_the_end_hands_on_a_copy():
    (outer,) = [i for i in graph(REPEATS["nested alone"]).items if isinstance(i, Repeat)]
    assert isinstance(outer.items[0], Repeat)
    assert outer.items[-1].output == outer.end


def test_sharing_layers_have_the_parameters_of_their_owner():
    nodes = graph(REPEATS["weights from outside"]).nodes
    owners = [n.names["W"] for n in nodes if n.kind == "dense"]
    assert owners == ["W1", "W1", "W2"]


def test_the_loops_of_repeats_have_letters_of_their_own():
    tables = network(dense(4, name="l"), repeat(2, repeat(2, dense(4, "tanh"))))
    letters = {level.letter for node in graph(tables).nodes for level in node.levels}
    assert len(letters) == 2
    assert "l" not in letters


TAKEN = ["np", "n", "params", "cache", "loss", "sum", "lambda", "sigmoid", "training"]


@pytest.mark.parametrize("word", TAKEN)
def test_words_of_the_generated_code_get_an_underscore(word):
    assert Identifiers().take(word) == f"{word}_"


def test_a_name_and_its_adjoint_are_taken_together():
    found = Identifiers()
    assert [found.take(w) for w in ("h", "h", "dh", "ddh")] == ["h", "h_", "dh__", "ddh"]


def test_what_the_user_names_is_not_taken_from_him():
    found = Identifiers()
    found.promise(["z1"])
    assert [found.take(w) for w in ("z1", "z1")] == ["z1", "z1_"]
