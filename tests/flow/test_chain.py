"""Theory along real networks: predicted mean squares and gradient norms against measured ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symbp.api import Network
from symbp.flow.chain import judged, predict
from symbp.flow.measure import Bench, bench
from symbp.flow.signal import of_data
from symbp.meanfield.mean_field import mean_field
from symbp.proof.module import load

SEEDS = 5


def network(*layers: dict[str, Any], inputs: tuple[int, ...] = (40,), **tables: Any) -> Network:
    known = {"name": "net", "loss": {"type": "mse"}, "input": {"shape": list(inputs)}}
    return Network(**{**known, "layer": list(layers), **tables})


def dense(units: int = 200, **options: Any) -> dict[str, Any]:
    return {"type": "dense", "units": units, **options}


def act(function: str, **options: Any) -> dict[str, Any]:
    return {"type": "activation", "function": function, **options}


def ratios(made: Network) -> dict[Any, float]:
    """Measured over predicted norms of the gradient, by tensor."""
    found: Bench = bench(made.program)
    norms = found.over_seeds(SEEDS)
    mean = {key: np.mean([n.adjoints[key] ** 2 for n in norms]) for key in norms[0].adjoints}
    starts = {key: mean[key] for key in judged(made.program)}
    predicted = predict(made.program, found.x, starts).norms
    return {k: float(np.sqrt(mean[k]) / predicted[k]) for k in predicted if k in mean}


CHAINS = {
    "relu": [dense(activation="relu", init="he_normal") for _ in range(4)],
    "tanh, by glorot": [dense(activation="tanh") for _ in range(4)],
    "a formula": [dense(activation="x/(1 + abs(x))", init=1.4) for _ in range(4)],
    "learnable scalar": [dense(init=2), act("x*sigmoid(b*x)", parameters={"b": 1.5}), dense()],
    "solved biases": [dense(activation="gelu", init="critical") for _ in range(3)],
    "residual": [dense(), *({"type": "residual", "layers": [dense(activation="relu"), dense()]}
                            for _ in range(3))],
    "layernorm": [dense(), *(x for _ in range(3) for x in (dense(), {"type": "layernorm"}, act("gelu")))],
    "rmsnorm": [dense(), {"type": "rmsnorm"}, act("tanh"), dense()],
    "repeat": [dense(), {"type": "repeat", "times": 3, "layers": [dense(activation="tanh", init=1.5)]}],
    "orthogonal": [dense(40, activation="tanh", init="orthogonal") for _ in range(3)],
    "dropout": [dense(activation="tanh"), {"type": "dropout", "rate": 0.3}, dense()],
}  # fmt: skip


@pytest.mark.parametrize("case", CHAINS)
def test_gradient_norms_are_as_predicted(case):
    found = ratios(network(*CHAINS[case], dense(5)))
    assert len(found) > 3
    assert all(0.88 < ratio < 1.13 for ratio in found.values()), found


def test_a_batch_norm_makes_gradients_grow_as_predicted():
    layers = [x for _ in range(3) for x in (dense(), {"type": "batchnorm"}, act("relu"))]
    made = network(
        *layers, dense(10, activation="softmax"), inputs=(64,),
        loss={"type": "cross_entropy"}, data={"source": "digits"},
    )  # fmt: skip
    found = ratios(made)
    assert all(0.85 < ratio < 1.2 for ratio in found.values()), found


def test_convolutions_count_what_falls_outside_the_image():
    conv = {"type": "conv2d", "filters": 30, "kernel": 5, "padding": "same", "activation": "relu"}
    made = network(conv, {**conv, "stride": 1}, {"type": "flatten"}, dense(3), inputs=(1, 9, 9))
    found = ratios(made)
    assert all(0.85 < ratio < 1.15 for ratio in found.values()), found


def test_mean_squares_are_those_of_the_forward_pass():
    made = network(dense(2000, activation="relu", init=1.5), dense(2000, init=0.7), inputs=(60,))
    x = np.random.default_rng(0).normal(size=(5, 60)) * np.arange(1, 6)[:, None]
    signals = predict(made.program, x).signals
    module = load(made.generate(), "net")
    outputs = [module.forward(module.init_params(seed), x) for seed in range(4)]
    measured = np.mean(np.square(outputs), axis=(0, 2))
    np.testing.assert_allclose(signals["y", ()].second, measured, rtol=0.1)
    assert signals["y", ()].exact


def test_deep_in_a_wide_network_the_signal_settles_at_the_fixed_point():
    made = network(*(dense(1000, activation="tanh", init=2.0) for _ in range(30)), dense(1))
    theory = mean_field("tanh", 2.0, 0.0)
    found = predict(made.program, np.ones((2, 40)))
    assert found.signals["z30", ()].second == pytest.approx(theory.q_star, rel=1e-6)
    factor = (found.norms["z29", ()] / found.norms["z30", ()]) ** 2
    assert factor == pytest.approx(theory.chi, rel=1e-6)


def test_the_gradient_starts_before_an_activation_that_is_joined_with_the_loss():
    made = network(dense(), dense(3, activation="softmax"), loss={"type": "cross_entropy"})
    assert [name for name, _ in judged(made.program)] == ["z2"]
    assert "y" not in {name for name, _ in predict(made.program, np.ones((4, 40))).norms}


def test_what_no_rule_covers_is_not_predicted():
    rnn = {"type": "rnn", "units": 8, "return_sequences": False}
    made = network(rnn, dense(4, activation="tanh", name="h"), dense(1), inputs=(5, 3))
    norms = predict(made.program, np.ones((4, 5, 3))).norms
    assert norms["h", ()] > 0
    assert np.isnan(norms["x", ()])


def test_the_signal_of_data_counts_pairs_of_samples():
    x = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])
    pairs = [x[a] @ x[b] / 2 for a in range(3) for b in range(3) if a != b]
    signal = of_data(x)
    assert signal.shared == pytest.approx(np.mean(pairs))
    np.testing.assert_allclose(signal.second, [2.5, 5.0, 0.5])


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_chi_of_a_network_of_width_1000_is_within_three_percent(activation):
    made = network(*(dense(1000, activation=activation, init=1.9) for _ in range(20)), dense(10))
    found = bench(made.program, samples=8)
    norms = found.norms(found.init_params(0)).adjoints
    predicted = predict(made.program, found.x).norms
    whole = (norms["z2", ()] / norms["z20", ()]) ** (2 / 18)
    theory = (predicted["z2", ()] / predicted["z20", ()]) ** (2 / 18)
    assert whole == pytest.approx(theory, rel=0.03)
