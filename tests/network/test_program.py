"""Statements in the right order, whatever the shape of the network: its module proves it."""

from __future__ import annotations

import numpy as np
import pytest

import symbp
from tests import peers
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    functions,
    gradients_hold,
    lines,
    module_of,
    network,
    nothing_is_changed,
    sample,
)
from tests.network.networks import (
    BRANCHES,
    CLASHES,
    NAMES,
    REPEATS,
    repeat,
    with_a_layer_named,
)

NETWORKS = {f"repeat: {name}": tables for name, tables in REPEATS.items()} | BRANCHES | NAMES
networks = pytest.mark.parametrize("name", NETWORKS)
# PyTorch draws other masks; test_random_networks hands it the module's own.
without_masks = pytest.mark.parametrize("name", [n for n in NETWORKS if "dropout" not in n])


@networks
def test_gradients_are_central_differences_and_change_nothing(name):
    gradients_hold(NETWORKS[name])
    nothing_is_changed(NETWORKS[name])


@without_masks
def test_outputs_and_gradients_are_those_of_pytorch(name):
    peers.torch()
    agrees_with_the_peer(NETWORKS[name])


def gradients(tables):
    module = module_of(tables)
    return module.loss_and_grads(*sample(module, tables))[1]


@pytest.mark.parametrize("word", CLASHES)
def test_a_name_that_clashes_with_generated_code_changes_nothing(word):
    np.testing.assert_equal(gradients(with_a_layer_named(word)), gradients(with_a_layer_named("q")))


@pytest.mark.parametrize("name", ["dead branch", "dead repeat", "dead batchnorm"])
def test_what_nothing_reads_has_zero_gradients(name):
    grads = gradients(BRANCHES[name])
    dead = [key for key in grads if key[-1] == "2"]
    assert dead
    assert all(not grads[key].any() for key in dead)
    assert all(grads[key].any() for key in grads if key not in dead)


def test_shared_weights_are_one_parameter():
    assert set(gradients(BRANCHES["share"])) == {"W1", "b1"}


def test_code_does_not_grow_with_the_times_of_a_repeat():
    few, many = (functions(network(dense(4), repeat(k, dense(4, "tanh")))) for k in (3, 300))
    assert few.replace("3", "#").count("\n") == many.replace("300", "#").count("\n")


def test_formulas_are_derived_once_for_layers_that_share_them():
    net = symbp.Network(**network(*(dense(k, "tanh") for k in (5, 6, 7, 8)), dense(8)))
    kinds = {id(node.template.training.derivation) for node in net.program.graph.nodes}
    assert len(kinds) == 2  # dense and tanh


def test_a_layer_that_is_read_twice_sums_two_terms():
    tables = network(
        dense(4, "tanh", name="a"),
        dense(4, name="b"),
        {"type": "multiply", "inputs": ["b", "a"]},
    )
    (line,) = [line for line in lines(tables) if line.startswith("da =")]
    assert line == "da = dy * b + db @ W2.T"


def test_copies_hand_their_adjoint_on_after_they_used_it():
    body = lines(REPEATS["reads its source"])
    start = body.index("for l in reversed(range(3)):")
    inside = body[start : body.index("dh1 = dz2 @ W2[l].T", start) + 1]
    assert any(line.startswith("da_sum = da_sum + ") for line in inside)


def test_a_repeat_keeps_what_its_backward_pass_reads():
    body = lines(REPEATS["plain"])
    assert "h1 = [z1] + [None] * 3" in body
    assert "dW2 = np.empty_like(W2)" in body


def test_buffers_move_in_training_alone():
    tables = REPEATS["nested batchnorm"]
    module = module_of(tables)
    params, x, t = sample(module, tables)
    kept = {name: params[name].copy() for name in module.BUFFERS}
    module.loss_and_grads(params, x, t, training=True)
    for name in module.BUFFERS:
        np.testing.assert_array_equal(params[name], kept[name])
    trained, _ = module.train(x, t, params=params, epochs=1)
    assert all((trained[name] != kept[name]).all() for name in module.BUFFERS)
    assert {params[name].shape for name in module.BUFFERS} == {(3, 2, 4), (3, 4)}


def test_ids_are_unique_and_readable():
    for tables in (REPEATS["two residuals"], BRANCHES["two outputs"], REPEATS["nested batchnorm"]):
        program = symbp.Network(**tables).program
        from symbp.network.items import statements

        parts = (program.forward, program.loss, program.backward, program.updates)
        ids = [s.id for part in parts for s in statements(part)]
        assert len(ids) == len(set(ids))
        assert all(i.partition(".")[0] in ("forward", "loss", "backward", "update") for i in ids)
