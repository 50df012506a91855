"""``init`` in a network file: named schemes, a number for sigma_w^2, and the solved critical one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.api import Network
from symbp.errors import InputError
from symbp.meanfield.critical import critical
from symbp.proof.module import load
from symbp.writers.initialisers import SCHEMES, initialiser, moments_of
from symbp.writers.outline import interface

HEAD = {"name": "net", "loss": {"type": "mse"}}


def network(*layers: dict[str, Any], inputs: tuple[int, ...] = (30,), **top: Any) -> Network:
    return Network(**HEAD, input={"shape": list(inputs)}, layer=list(layers), **top)


def dense(units: int = 400, **options: Any) -> dict[str, Any]:
    return {"type": "dense", "units": units, **options}


def params(made: Network, seed: int = 0) -> dict[str, np.ndarray]:
    return load(made.generate(), "net").init_params(seed)


def spread(weights: np.ndarray, fan_in: int) -> float:
    """fan-in times the variance."""
    return float(fan_in * np.mean(weights**2))


@pytest.mark.parametrize(
    ("init", "expected"),
    [("he_normal", 2.0), ("he_uniform", 2.0), ("lecun_normal", 1.0), (1.76, 1.76),
     ("glorot_normal", 2 * 30 / 430), ("glorot_uniform", 2 * 30 / 430), ("orthogonal", 30 / 400)],
)  # fmt: skip
def test_weights_start_with_the_variance_that_the_layer_says(init, expected):
    assert spread(params(network(dense(init=init)))["W1"], 30) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("init", [*SCHEMES, "orthogonal", "zeros", "ones", 1.3])
def test_the_variance_is_known_without_drawing(init):
    made = network({"type": "conv2d", "filters": 64, "kernel": 3, "init": init}, inputs=(16, 9, 9))
    kernel = interface(made.program, "float64").parameters[0]
    drawn = params(made)["K1"]
    mean, variance = moments_of(kernel)
    assert drawn.mean() == pytest.approx(mean, abs=0.05)
    assert drawn.var() == pytest.approx(variance, rel=0.1, abs=1e-12)


def test_a_kernel_has_the_fans_of_its_window():
    made = network({"type": "conv2d", "filters": 50, "kernel": 3, "init": 2}, inputs=(16, 9, 9))
    assert spread(params(made)["K1"], 16 * 9) == pytest.approx(2.0, rel=0.05)


def test_orthogonal_weights_keep_lengths_also_under_repeat():
    inner = dense(20, init="orthogonal", activation="tanh")
    repeat = {"type": "repeat", "times": 3, "layers": [inner]}
    weights = params(network(repeat, inputs=(20,)))["W1"]
    np.testing.assert_allclose(weights @ weights.transpose(0, 2, 1), [np.eye(20)] * 3, atol=1e-12)


def test_without_init_a_module_is_what_it_was():
    plain, none = network(dense()), network(dense(init=None))
    assert plain == none and "glorot" not in str(plain.spec.layers)
    assert "np.sqrt(6 / (30 + 400))" in plain.generate()


def test_the_line_of_a_solved_weight_says_its_variance():
    source = network(dense(activation="relu", init="critical"), dense(2)).generate()
    assert '"W1": rng.standard_normal((30, 400)) * np.sqrt(2 / 30),' in source
    assert '"b1": np.zeros(400),' in source


def test_critical_solves_from_the_activation_behind_the_layer():
    layers = [dense(init="critical"), {"type": "layernorm"},
              {"type": "activation", "function": "x*sigmoid(beta*x)", "parameters": {"beta": 1.0}},
              dense(2)]  # fmt: skip
    made = params(network(*layers))
    point = critical("silu")
    assert spread(made["W1"], 30) == pytest.approx(point.sigma_w2, rel=0.05)
    assert np.var(made["b1"]) == pytest.approx(point.sigma_b2, rel=0.2)


def test_the_output_layer_counts_as_linear():
    made = network(dense(activation="tanh"), dense(50, activation="sigmoid"), init="critical")
    assert "np.sqrt(1 / 30)" in made.generate() and "np.sqrt(1 / 400)" in made.generate()


def test_one_init_for_the_whole_network_gives_way_to_a_layers_own():
    made = network(dense(activation="relu"), dense(3, init="zeros"), init="he_normal")
    assert made == network(dense(activation="relu", init="he_normal"), dense(3, init="zeros"))


def test_layers_with_several_weights_start_them_all():
    lstm = {"type": "lstm", "units": 50, "init": 1.5}
    made = params(network(lstm, inputs=(7, 40)))
    assert spread(made["Wx1"], 40) == pytest.approx(1.5, rel=0.1)
    assert spread(made["Wh1"], 50) == pytest.approx(1.5, rel=0.1)
    attention = {"type": "attention", "heads": 2, "init": "critical"}
    assert "np.sqrt(1 / 40)" in network(attention, inputs=(7, 40)).generate()


def test_gradients_of_a_network_with_every_kind_of_init_are_right():
    layers = [dense(6, activation="gelu", init="critical"), dense(5, init="orthogonal"),
              dense(4, init=0.5, activation="tanh"), dense(1, init="he_uniform")]  # fmt: skip
    assert network(*layers, inputs=(3,)).verify().ok


REFUSED = {
    "word": ([dense(init="xavier")], "or a number above 0, not 'xavier'"),
    "number": ([dense(init=0)], "init of a dense layer must be one of"),
    "no solution": ([dense(init="critical", activation="sigmoid"), dense()],
                    'init = "critical" has no solution for sigmoid'),
    "no biases": ([dense(init="critical", activation="gelu", bias=False), dense()],
                  "has no solution for gelu without biases"),
    "diverging": ([dense(init="critical", activation="exp(x**4)"), dense()], "cannot be solved for"),
    "gates": ([{"type": "lstm", "units": 3, "init": "critical"}, dense()], "the gates of lstm"),
    "sharing": ([dense(30, name="a", init=1.0), dense(30, share="a", init=2.0)], "init = 1.0 as there"),
    "no weights": ([{"type": "layernorm", "init": "zeros"}, dense()], "unknown key 'init'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_init_that_cannot_be_is_refused(case):
    layers, message = REFUSED[case]
    shape = (7, 30) if layers[0]["type"] == "lstm" else (30,)
    with pytest.raises(InputError) as caught:
        network(*layers, inputs=shape)
    assert message in caught.value.message


def test_a_mistake_has_its_line(tmp_path: Path):
    path = tmp_path / "net.toml"
    path.write_text(
        'name = "net"\ninit = "critical"\n[input]\nshape = [2]\n[[layer]]\ntype = "dense"\n'
        'units = 3\nactivation = "softplus"\n[[layer]]\ntype = "dense"\nunits = 1\n'
        '[loss]\ntype = "mse"\n'
    )
    with pytest.raises(InputError) as caught:
        symbp.load(path)
    assert str(caught.value).startswith(f"{path}:5: init = ")


def test_defaults_are_named_where_nothing_is_said():
    made = interface(network(dense()).program, "float64").parameters
    assert [initialiser(p) for p in made] == ["glorot_uniform", "zeros"]
