"""What theory says of infinitely wide networks, measured on real ones; and what it is good for."""

from __future__ import annotations

import numpy as np
import pytest

from symbp.api import Network
from symbp.flow.measure import bench
from symbp.meanfield.mean_field import mean_field

WIDTH, LAYERS = 1000, 20
SETTLED = 5  # layers, until the variance has come close to its fixed point


def wide(activation: str, init: float) -> Network:
    """One layer after another of one width, its copies in one loop."""
    dense = {"type": "dense", "units": WIDTH, "activation": activation, "init": init}
    return Network(
        name="wide",
        input={"shape": [WIDTH]},
        layer=[
            dense,
            {"type": "repeat", "times": LAYERS - 1, "layers": [dense]},
            {"type": "dense", "units": 10, "init": 1.0},
        ],
        loss={"type": "mse"},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "sigma_w2", "sigma_b2"),
    [("relu", 1.5, 0.0), ("tanh", 1.5, 0.05), ("tanh", 2.0, 0.05)],
)
def test_chi_is_what_the_theory_predicts(activation: str, sigma_w2: float, sigma_b2: float) -> None:
    """The squared norm of the gradient, from layer to layer, within 3 % of chi."""
    made = bench(wide(activation, sigma_w2).program, samples=8)
    params = made.init_params(0)
    rng = np.random.default_rng(0)
    for name in [name for name in params if name.startswith("b")]:
        params[name] = np.sqrt(sigma_b2) * rng.standard_normal(params[name].shape)
    found = made.norms(params).adjoints
    squares = {copy: norm**2 for (_, loops), norm in found.items() for copy in loops}
    first, last = SETTLED, LAYERS - 2
    measured = (squares[first] / squares[last]) ** (1 / (last - first))
    predicted = mean_field(activation, sigma_w2, sigma_b2).chi
    assert predicted is not None and measured == pytest.approx(predicted, rel=0.03)
