"""Stable forms: proved equal to the textbook forms, and held against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

import symbp
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import (
    Abs,
    Apply,
    Compare,
    Entry,
    Expm1,
    Log1p,
    MaxOver,
    SumOver,
    Where,
    letter,
    rebuild,
)
from symbp.calculus.functions import U
from symbp.calculus.stabilise import (
    shifted_exponentials,
    stable,
    stable_function,
    stable_logs,
)
from symbp.network.template import named_bodies
from symbp.proof.module import load
from symbp.writers.helpers import helpers

N, K, M = map(letter, "nkm")
POSITIVE = sp.Symbol("v", positive=True)
POINTS = 2000

# -- proofs -------------------------------------------------------------------------------------


def textbook(expr: sp.Basic, u: sp.Expr) -> sp.Basic:
    """Stable nodes by their definitions, for an argument ``u`` whose sign is known."""
    if expr == U:
        return u
    if not expr.args:
        return expr
    if isinstance(expr, Where):
        condition, then, otherwise = expr.args
        return textbook(then if holds(condition, u) else otherwise, u)
    if isinstance(expr, Apply):
        return textbook(named_bodies()[expr.function], textbook(expr.argument, u))
    arguments = [textbook(a, u) for a in expr.args]
    if isinstance(expr, Log1p):
        return sp.log(1 + arguments[0])
    if isinstance(expr, Expm1):
        return sp.exp(arguments[0]) - 1
    if isinstance(expr, Abs):
        return arguments[0] if arguments[0].is_nonnegative else -arguments[0]
    return rebuild(expr, arguments)


def holds(condition: sp.Basic, u: sp.Expr) -> bool:
    if isinstance(condition, Compare):
        left, right = (textbook(a, u) for a in condition.args[1:])
        answer = sp.Rel(left, right, condition.op)
        assert answer in (sp.true, sp.false), answer
        return bool(answer)
    parts = [holds(part, u) for part in condition.args[1:]]
    return all(parts) if condition.op == "and" else any(parts)


def same(first: sp.Expr, second: sp.Expr) -> bool:
    """Whether two formulas in ``u`` are equal for u > 0, u = 0 and u < 0, proved by SymPy."""
    for u in (POSITIVE, sp.S.Zero, -POSITIVE):
        difference = textbook(first, u) - textbook(second, u)
        difference = sp.expand_log(sp.logcombine(sp.simplify(difference), force=True), force=True)
        if sp.simplify(sp.powsimp(difference)) != 0:
            return False
    return True


E = sp.exp(U)
RULES = {
    "log of one and an exponential": sp.log(1 + E),
    "logistic": E / (1 + E),
    "its complement": 1 / (1 + E),
    "logistic in a product": 3 * U * E / (1 + E),
    "an exponential less one": E - 1,
    "its square": 1 / (1 + sp.exp(-U)) ** 2,
    "its derivative": sp.exp(-U) / (1 + sp.exp(-U)) ** 2,
    "a square over a cube": sp.exp(2 * U) / (1 + sp.exp(U)) ** 3,
    "a multiple of it": 2 * E - 2,
    "one less an exponential": 1 - E,
    "a branch below zero": Where(Compare(">", U, sp.S.Zero), U, E - 1),
    "a branch above zero": Where(Compare("<", U, sp.S.Zero), sp.exp(U), U + 1),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_an_identity(rule):
    assert stable(RULES[rule]) != RULES[rule]
    assert same(stable(RULES[rule]), RULES[rule])


SIMPLE = [n for n in sorted(named_bodies()) if n not in ("hardtanh",)]


@pytest.mark.parametrize("name", SIMPLE)
def test_a_stable_function_is_the_function(name):
    assert same(stable_function(named_bodies()[name]), named_bodies()[name])


def softmax_unit() -> Unit:
    """Softmax and the cross-entropy of one sample, over three classes."""
    e, s, y = Entry("e", K), Entry("s"), Entry("y", K)
    loss = -SumOver(Entry("t", K) * sp.log(y), K)
    equations = (
        Equation(e, sp.exp(Entry("x", K))),
        Equation(s, SumOver(Entry("e", M), M)),
        Equation(y, e / s),
        Equation(Entry("L"), loss),
    )
    letters = {"x": (K,), "e": (K,), "s": (), "y": (K,), "t": (K,), "L": ()}
    return Unit(equations, ("x",), (), letters, {"k": 3, "m": 3}, {"k": "k", "m": "k"})


def spelled(expr: sp.Basic, equations: dict[str, Equation], at: dict[sp.Symbol, int]) -> sp.Expr:
    """The formula entry by entry, inputs as symbols; a maximum is any number whatever."""
    if isinstance(expr, MaxOver):
        return sp.Symbol("c", real=True)
    if isinstance(expr, SumOver):
        (index,) = expr.letters
        return sp.Add(*(spelled(expr.body, equations, {**at, index: k}) for k in range(3)))
    if isinstance(expr, Entry):
        places = [at[i] for i in expr.indices]
        if expr.name not in equations:
            return sp.Symbol(f"{expr.name}{places}", real=True)
        found = equations[expr.name]
        return spelled(found.rhs, equations, dict(zip(found.target.indices, places, strict=True)))
    if not expr.args:
        return expr
    return rebuild(expr, [spelled(a, equations, at) for a in expr.args])


def equal_logs(first: sp.Expr, second: sp.Expr) -> bool:
    ratio = sp.simplify(sp.exp(sp.expand(first - second)))
    return sp.simplify(ratio - 1) == 0


def test_softmax_does_not_change_when_it_is_shifted():
    unit = softmax_unit()
    shown = {e.name: e for e in unit.equations}
    run = {**shown, **shifted_exponentials(unit, ("y",))}
    assert run["e"] != shown["e"] and run["e"].rhs.has(MaxOver)
    for k in range(3):
        difference = spelled(run["y"].rhs, run, {K: k}) - spelled(shown["y"].rhs, shown, {K: k})
        assert sp.simplify(difference) == 0


def test_exponentials_that_something_else_reads_are_not_shifted():
    assert not shifted_exponentials(softmax_unit(), ("e",))
    assert not shifted_exponentials(softmax_unit(), ("s",))


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


def arguments() -> np.ndarray:
    """Numbers of every size and both signs, the awkward ones among them."""
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-300, 300, POINTS - 1000)
    usual = np.abs(rng.standard_normal(980)) * 20
    awkward = [0.0, 1e-320, 1e-17, 36.0, 37.5, 709.0, 710.0, 745.0, 746.0, 1e300]
    signs = rng.choice([-1.0, 1.0], POINTS - 20)
    return np.array([*(signs * [*sizes, *usual]), *awkward, *np.negative(awkward)])


def exact(name: str, u: float) -> mpmath.mpf:
    x = mpmath.mpf(u)
    scale, alpha = (
        mpmath.mpf("1.0507009873554804934193349852946"),
        "1.6732632423543772848170429916717",
    )
    match name:
        case "sigmoid":
            return 1 / (1 + mpmath.exp(-x))
        case "softplus":
            return mpmath.log1p(mpmath.exp(x)) if x < 1000 else x
        case "relu":
            return max(x, mpmath.mpf(0))
        case "leaky_relu":
            return x if x > 0 else x / 100
        case "elu":
            return x if x > 0 else mpmath.expm1(x)
        case "selu":
            return scale * (x if x > 0 else mpmath.mpf(alpha) * mpmath.expm1(x))
        case "hardtanh":
            return max(min(x, mpmath.mpf(1)), mpmath.mpf(-1))
        case "tanh":
            return mpmath.tanh(x)
    return mpmath.sin(x)


def generated(name: str):
    source = "\n".join(["import numpy as np", *helpers(f"{name}(u)")])
    return getattr(load(source), name, None) or getattr(np, name)


def distance(found: np.ndarray, wanted: list[mpmath.mpf], floor: float) -> float:
    """The largest error, relative to the wanted number or to ``floor`` where that is larger."""
    return max(
        float(abs(mpmath.mpf(float(a)) - b) / max(abs(b), mpmath.mpf(floor)))
        for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("name", sorted(named_bodies()))
def test_a_generated_function_is_exact(name):
    points = arguments()
    assert len(points) == POINTS
    if name == "sin":  # of 1e300 only its last digits matter
        points = points[np.abs(points) < 1e6]
    with mpmath.workdps(50), np.errstate(all="raise", under="ignore"):
        wanted = [exact(name, u) for u in points]
        assert distance(generated(name)(points), wanted, 1e-300) < 1e-13


def head(last: dict, loss: dict):
    """The loss of given pre-activations: the module of a last layer without parameters."""
    return symbp.Network(name="head", input={"shape": [4]}, layer=[last], loss=loss)


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
