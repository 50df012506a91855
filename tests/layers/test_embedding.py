"""Embeddings and positions: shapes and numbers, and the errors of what does not fit."""

from __future__ import annotations

import pytest

from tests import peers
from tests.layers.forward import definition, numbers_agree, refusal, shapes
from tests.layers.proved import (
    agrees_with_the_peer,
    dense,
    gradients_hold,
    network,
    nothing_is_changed,
)

EMBEDDING = {"type": "embedding", "vocabulary": 11, "dim": 4}
WAVES = {"type": "positional"}
LEARNED = {"type": "positional", "kind": "learned"}


def test_an_embedding_gives_every_token_its_row():
    assert shapes(EMBEDDING, (6,)) == {"y": (6, 4), "E": (11, 4)}
    numbers_agree(EMBEDDING, (6,))
    assert definition(EMBEDDING, (6,)).formula == "y[n,t,d] = E[x[n,t],d]"


@pytest.mark.parametrize("features", range(1, 9))
def test_waves_agree_for_even_and_odd_features(features):
    assert shapes(WAVES, (5, features)) == {"y": (5, features)}
    numbers_agree(WAVES, (5, features))


@pytest.mark.parametrize("shape", [(1, 1), (5, 4), (3, 7)])
def test_learned_positions_are_added(shape):
    assert shapes(LEARNED, shape) == {"y": shape, "P": shape}
    numbers_agree(LEARNED, shape)


def test_tables_of_vectors_are_not_regularized():
    assert definition(EMBEDDING, (6,)).regularized == ()
    assert definition(LEARNED, (6, 2)).regularized == ()


REFUSED = {
    "embedding": (EMBEDDING, (6, 2), "embedding takes an input of shape [t], not [6, 2]"),
    "waves": (WAVES, (6,), "positional takes an input of shape [t, d], not [6]"),
    "learned": (LEARNED, (3, 4, 5), "positional takes an input of shape [t, d], not [3, 4, 5]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    table, shape, message = REFUSED[name]
    assert refusal(table, shape) == message


@pytest.mark.parametrize("layer", [WAVES, LEARNED])
@pytest.mark.parametrize("features", [4, 5])
def test_gradients_hold_and_agree_with_pytorch(layer, features):
    tables = network(dense(features), layer, dense(2), shape=(3, 2))
    gradients_hold(tables)
    nothing_is_changed(tables)
    peers.torch()
    agrees_with_the_peer(tables)
