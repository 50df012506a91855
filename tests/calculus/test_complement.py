"""log(1 - p) of a softmax p: exact, finite, and with a gradient that is both."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import symbp
from symbp.proof.module import load

HALVED = "y[n,k] = exp(x[n,k]/2)/sum(exp(x[n,m]/2), m)"


def network(last=None, loss=None, units=4, shape=(4,)):
    return symbp.Network(
        name="net", input={"shape": list(shape)},
        layer=[{"type": "dense", "units": units}, last or {"type": "softmax"}],
        loss=loss or {"type": "binary_cross_entropy"},
    )  # fmt: skip


def judged(made, x, t):
    """Loss and gradient by the pre-activations of one sample; no warning may come."""
    params = {"W1": np.eye(x.size), "b1": np.zeros(x.size)}
    with np.errstate(all="raise", under="ignore"):
        value, grads = made.loss_and_grads(params, x[None], t[None])
    return value, grads["b1"]


def exact(x, t):
    """The same with 60 digits, and nothing that cancels."""
    with mpmath.workdps(60):
        powers = [mpmath.exp(mpmath.mpf(float(u))) for u in x]
        targets = [mpmath.mpf(float(v)) for v in t]
        total, indices = mpmath.fsum(powers), range(x.size)
        others = [mpmath.fsum(powers[m] for m in indices if m != k) for k in indices]
        value = mpmath.fsum(
            -v * mpmath.log(e / total) - (1 - v) * mpmath.log(o / total)
            for v, e, o in zip(targets, powers, others, strict=True)
        )
        gradient = [
            x.size * powers[j] / total
            - targets[j]
            - mpmath.fsum((1 - targets[k]) * powers[j] / others[k] for k in indices if k != j)
            for j in indices
        ]
        return float(value), np.array([float(g) for g in gradient])


@pytest.mark.parametrize("scale", [1e-3, 1, 30])
@pytest.mark.parametrize("units", [2, 4])
def test_loss_and_gradient_are_exact(units, scale):
    made = load(network(units=units, shape=(units,)).generate())
    rng = np.random.default_rng(0)
    for t in [*np.eye(units), *(1 - np.eye(units)), *rng.uniform(size=(3, units))]:
        x = scale * rng.standard_normal(units)
        (value, gradient), (wanted, slopes) = judged(made, x, t), exact(x, t)
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-14)
        assert gradient == pytest.approx(slopes, rel=1e-10, abs=1e-13)


EXTREMES = [[1e4, -1e4, 0, 1], [1e4, 1e4, -1e4, -1e4], [1e4, 0, 0, 0], [-1e4, -1e4, -1e4, 1e4]]


@pytest.mark.parametrize("logits", EXTREMES)
def test_extreme_logits_are_exact(logits):
    made, x = load(network().generate()), np.array(logits, float)
    for t in (np.eye(4)[0], np.eye(4)[3], np.full(4, 0.25), np.zeros(4), np.ones(4)):
        (value, gradient), (wanted, slopes) = judged(made, x, t), exact(x, t)
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-11)
        assert gradient == pytest.approx(slopes, rel=1e-10, abs=1e-13)


def test_logits_at_the_edge_are_finite():
    made = load(network().generate())
    for logits in ([1e300, -1e300, 1e4, -1e4], [1e300] * 4, [0, 0, 0, 5e-324]):
        for t in np.eye(4):
            value, gradient = judged(made, np.array(logits, float), t)
            assert np.isfinite(value) and np.isfinite(gradient).all()


def test_a_softmax_of_a_function_is_as_stable():
    made = load(network({"type": "formula", "formula": HALVED}).generate())
    x, t = np.array([2e4, -2e4, 0, 2]), np.array([0, 0, 1, 1.0])
    value, gradient = judged(made, x, t)
    wanted, slopes = exact(x / 2, t)
    assert value == pytest.approx(wanted, rel=1e-12)
    assert gradient == pytest.approx(slopes / 2, rel=1e-10, abs=1e-13)


LOSSES = {
    "binary cross-entropy": {"type": "binary_cross_entropy"},
    "its sum": {"type": "binary_cross_entropy", "reduction": "sum"},
    "the complement alone": {"formula": "L[n] = -sum(log(1 - y[n,k])*t[n,k]**2, k)"},
    "a product of both": {"formula": "L[n] = sum(log(1 - y[n,k])**2*log(y[n,k]), k)"},
    "with the output itself": {"formula": "L[n] = sum(y[n,k]**2 - log(1 - y[n,k]), k)"},
}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_that_reads_it_has_right_gradients(loss):
    report = symbp.verify(network(loss=LOSSES[loss]))
    assert report.ok, report


def test_sequences_have_right_gradients():
    report = symbp.verify(network(shape=(3, 4)))
    assert report.ok, report


def test_the_formula_that_is_shown_is_the_textbook_one():
    text = symbp.derive(network()).text()
    assert "log(1 - y" in text and "(1 - y)" in text


def test_names_follow_the_output():
    source = network({"type": "softmax", "name": "p"}).generate()
    assert "log_not_p = " in source and "y_others" not in source
