"""Stable logarithms of an output: proved equal to the textbook forms, and held against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

import symbp
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry
from symbp.calculus.functions import U
from symbp.calculus.stable_logs import stable_logs
from symbp.calculus.unary import Apply
from symbp.network.template import named_bodies
from symbp.proof.module import load
from tests.calculus.exact import POINTS, arguments, distance, exact
from tests.calculus.textbook import POSITIVE, softmax_unit, spelled, textbook

# -- proofs -------------------------------------------------------------------------------------


def equal_logs(first: sp.Expr, second: sp.Expr) -> bool:
    ratio = sp.simplify(sp.exp(sp.expand(first - second)))
    return sp.simplify(ratio - 1) == 0


def test_the_stable_log_of_softmax_is_its_log():
    unit = softmax_unit()
    found = stable_logs(unit)
    assert found is not None
    before, rhs = found
    assert not rhs.has(sp.log)
    shown = {e.name: e for e in unit.equations}
    run = {**shown, **{e.name: e for e in before}}
    for k in range(3):
        target = {f"t[{m}]": sp.Integer(m == k) for m in range(3)}
        values = [
            spelled(formula, equations, {}).xreplace(
                {sp.Symbol(name, real=True): value for name, value in target.items()}
            )
            for formula, equations in ((rhs, run), (unit.equations[-1].rhs, shown))
        ]
        assert equal_logs(*values)


def test_the_stable_logs_of_a_sigmoid_are_its_logs():
    y, t = Entry("y"), Entry("t")
    loss = -(t * sp.log(y) + (1 - t) * sp.log(1 - y))
    equations = (Equation(y, Apply("sigmoid", Entry("x"))), Equation(Entry("L"), loss))
    unit = Unit(equations, ("x",), (), dict.fromkeys("xytL", ()), {}, {}, functions=named_bodies())
    found = stable_logs(unit)
    assert found is not None and not found[0]
    for target in (0, 1, sp.Rational(1, 3)):
        stable_form = found[1].xreplace({Entry("t"): sp.sympify(target), Entry("x"): U})
        plain = loss.xreplace({Entry("t"): sp.sympify(target), y: Apply("sigmoid", U)})
        for u in (POSITIVE, -POSITIVE):
            assert equal_logs(textbook(stable_form, u), textbook(plain, u))


# -- against mpmath -----------------------------------------------------------------------------


def head(last: dict, loss: dict):
    """The loss of given pre-activations: the module of a last layer without parameters."""
    return symbp.Network(name="head", input={"shape": [4]}, layer=[last], loss=loss)


@pytest.mark.slow
def test_the_log_of_softmax_is_exact():
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((POINTS, 4)) * 10.0 ** rng.uniform(-3, 4, (POINTS, 1))
    logits[:3] = [[1e300, -1e300, 0, 1], [1e4, -1e4, 0, 0], [1e-300, 0, 0, 0]]
    module = load(
        head({"type": "softmax"}, {"type": "cross_entropy", "reduction": "sum"}).generate()
    )
    labels = rng.integers(4, size=POINTS)
    with mpmath.workdps(400), np.errstate(all="raise", under="ignore"):
        found = [module.loss({}, logits[[k]], labels[[k]]) for k in range(POINTS)]
        wanted = []
        for row, label in zip(logits, labels, strict=True):
            top = mpmath.mpf(float(row.max()))
            total = mpmath.fsum(mpmath.exp(mpmath.mpf(float(u)) - top) for u in row)
            wanted.append(mpmath.log(total) + top - mpmath.mpf(float(row[label])))
        assert distance(np.array(found), wanted, 1.0) < 1e-13


def test_the_logs_of_a_sigmoid_are_exact():
    rng = np.random.default_rng(2)
    points = arguments()
    targets = rng.choice([0.0, 1.0], POINTS)
    last = {"type": "activation", "function": "sigmoid"}
    network = symbp.Network(
        name="head", input={"shape": [1]}, layer=[last],
        loss={"type": "binary_cross_entropy", "reduction": "sum"},
    )  # fmt: skip
    module = load(network.generate())
    with mpmath.workdps(50), np.errstate(all="raise", under="ignore"):
        found = [
            module.loss({}, np.array([[u]]), np.array([[t]]))
            for u, t in zip(points, targets, strict=True)
        ]
        wanted = [
            exact("softplus", u if t == 0 else -u) for u, t in zip(points, targets, strict=True)
        ]
        assert distance(np.array(found), wanted, 1e-300) < 1e-13
