"""The Trainer's update in place beside the function ``_updated`` of the lecture style."""

import tracemalloc

import numpy as np
import pytest

import symbp
from symbp.fast import module as fast
from symbp.proof.module import load
from symbp.writers.optimizers import optimizer_of

RULES = {
    "decay": {"weight_decay": 0.1},
    "momentum": {"optimizer": "momentum", "weight_decay": 0.1},
    "nesterov": {"optimizer": "nesterov"},
    "rmsprop": {"optimizer": "rmsprop", "momentum": 0.5},
    "adam": {"optimizer": "adam", "weight_decay": 0.1},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.1},
}


def made(train, dtype="float64"):
    """The network, its module and a Trainer whose parameters take two parts, the second of them short."""
    layer = {"type": "dense", "units": 120, "activation": "tanh"}
    net = symbp.Network(
        name="net", input={"shape": [150]}, layer=[layer], loss={"type": "mse"}, train=train
    )
    module = load(fast.write(net.program, dtype=dtype).source, "fast")
    trainer = module.Trainer(module.init_params(0), 4)
    assert 16384 < trainer.flat[0].size < 2 * 16384
    return net, module, trainer


def stepped(optimizer, module, trainer, rng):
    """Parameters and moments after one update, and what ``_updated`` makes of the same numbers."""
    P, G = trainer.flat
    G[...] = rng.normal(size=G.size)
    kept = [P, *(getattr(trainer, m) for m in optimizer.moments)]
    before, *moments = (a.copy() for a in kept)
    trainer._update()
    given = dict(optimizer.options) | {"rate": trainer.learning_rate}
    given["step"] = getattr(trainer, "steps", 0)
    expected = module._updated(before, G, *moments, *(given[n] for n in optimizer.extra))
    return kept, expected if isinstance(expected, tuple) else (expected,)


@pytest.mark.parametrize("rule", RULES)
def test_an_update_in_place_gives_the_bits_of_the_function(rule):
    net, module, trainer = made(RULES[rule])
    optimizer = optimizer_of(net.spec.train)
    rng = np.random.default_rng(0)
    for _ in range(3):
        found, expected = stepped(optimizer, module, trainer, rng)
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_an_update_makes_no_array(rule):
    *_, trainer = made({**RULES[rule], "clip_norm": 1.0}, "float32")
    trainer._update()
    tracemalloc.start()
    try:
        trainer._update()
        assert tracemalloc.get_traced_memory()[1] < 4096
    finally:
        tracemalloc.stop()
    assert trainer.flat[0].dtype == np.float32


def test_the_gradients_stay_what_they_are():
    *_, trainer = made(RULES["momentum"])
    G = trainer.flat[1]
    G[...] = np.arange(G.size)
    trainer._update()
    assert np.array_equal(G, np.arange(G.size))
