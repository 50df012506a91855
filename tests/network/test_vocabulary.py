"""Tensors of whole numbers that index others: how large their numbers may be, and who says so."""

from __future__ import annotations

import numpy as np
import pytest

import symbp
from symbp.network.vocabulary import bounds
from symbp.proof.module import load
from tests.calculus.made import made

WHOLE = {"integers": frozenset({"x"})}


@pytest.mark.parametrize(
    ("text", "shape", "parameters", "bound"),
    [
        ("y[n,t,d] = E[x[n,t],d]", (5,), {"E": (7, 3)}, 7),
        ("y[n,t,d] = E[x[n,t]+2,d]", (5,), {"E": (7, 3)}, 5),
        ("y[n,t,d,u] = E[x[n,t]+u,d]*w[u]", (5,), {"E": (7, 3), "w": (3,)}, 5),
        ("y[n,t,d] = E[x[n,t],d] + F[x[n,t],d]", (5,), {"E": (7, 3), "F": (4, "d")}, 4),
    ],
)
def test_a_bound_is_the_size_of_the_axis_less_what_is_added(text, shape, parameters, bound):
    assert bounds(made(text, shape=shape, parameters=parameters, **WHOLE)) == {"x": bound}


def test_tensors_that_index_nothing_have_no_bound():
    assert bounds(made("y[n,t,d] = x[n,t,d]**2")) == {}


# -- in a module ------------------------------------------------------------------------------------

EMBEDDING = {"type": "embedding", "vocabulary": 6, "dim": 3}
WRONG = {
    "too large": (np.array([[0, 1, 2, 6]]), "x holds int64 from 0 to 6"),
    "below zero": (np.array([[0, 1, 2, -1]]), "x holds int64 from -1 to 2"),
    "no whole numbers": (np.array([[0, 1, 2, 1.5]]), "x holds float64 from 0.0 to 2.0"),
}


@pytest.fixture(scope="module")
def module():
    layers = [EMBEDDING, {"type": "rnn", "units": 2}]
    tables = {"name": "net", "input": {"shape": [4]}, "layer": layers, "loss": {"type": "mse"}}
    return load(symbp.generate(symbp.Network(**tables)))


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("verb", ["predict", "train"])
def test_an_index_out_of_the_vocabulary_is_named(module, fault, verb):
    x, message = WRONG[fault]
    with pytest.raises(ValueError, match=f"^{message}; expected integers from 0 to 5$"):
        if verb == "predict":
            module.predict(module.init_params(0), x)
        else:
            module.train(x, np.zeros((1, 4, 2)), epochs=1)


def test_every_index_of_the_vocabulary_is_allowed(module):
    x = np.array([[0, 1, 2, 5], [5, 5, 5, 5]], dtype=np.uint8)
    assert module.predict(module.init_params(0), x).shape == (2, 4, 2)
    module.train(x, np.zeros((2, 4, 2)), epochs=1)
