"""Scalar form: the article's lines to the letter, and every result against SymPy's own derivative."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Mapping

import mpmath
import pytest
import sympy as sp

import symbp
from symbp.calculus.equation import ADJOINT
from symbp.writers.scalar import Scalar
from symbp.writers.storage import plan
from tests.examples import example
from tests.writers.scalar_networks import ACTIVATIONS, LOSSES, Draw, Drawn

ARTICLE = r"""
\frac{\partial L}{\partial w_1} = (y - t) \sigma'(w_2 h + b_2) w_2 \sigma'(w_1 x + b_1) x
\frac{\partial L}{\partial b_1} = (y - t) \sigma'(w_2 h + b_2) w_2 \sigma'(w_1 x + b_1)
\frac{\partial L}{\partial w_2} = (y - t) \sigma'(w_2 h + b_2) h
\frac{\partial L}{\partial b_2} = (y - t) \sigma'(w_2 h + b_2)
""".lstrip()


# -- the article ------------------------------------------------------------------------------------


def test_the_results_of_the_article_one_a_line():
    derived = example("article").derive(notation="scalar")
    assert derived.render("latex", result_only=True) == ARTICLE


def test_the_gradients_by_its_layers():
    derived = example("article").derive(notation="scalar", wrt=("y", "h"))
    assert derived.render("latex", result_only=True).splitlines() == [
        r"\frac{\partial L}{\partial y} = y - t",
        r"\frac{\partial L}{\partial h} = (y - t) \sigma'(w_2 h + b_2) w_2",
    ]


@pytest.mark.parametrize(
    "line",
    [
        r"h = \sigma(w_1 x + b_1)",
        r"y = \sigma(w_2 h + b_2)",
        r"L = \frac{1}{2} (y - t)^2",
        r"\sigma(u) = \frac{1}{1 + e^{-u}}",
        r"= \sigma(u) (1 - \sigma(u))",
        r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial y} \frac{\partial y}{\partial w_2}",
        r"\frac{\partial y}{\partial w_2} = \sigma'(w_2 h + b_2) h",
        r"\frac{\partial L}{\partial w_1} = \frac{\partial L}{\partial h} \frac{\partial h}{\partial w_1}",
        r"= (y - t) y (1 - y) w_2 h (1 - h) x",
        r"w_1 \leftarrow w_1 - \alpha \frac{\partial L}{\partial w_1}",
        r"b_2 \leftarrow b_2 - \alpha \frac{\partial L}{\partial b_2}",
        *ARTICLE.splitlines(),
    ],
)
def test_a_line_of_the_article_s_derivation(line):
    lines = example("article").derive(notation="scalar").render("latex").splitlines()
    assert line in [text.split("  % ")[0] for text in lines]


def test_sigmoid_and_binary_cross_entropy_cancel_to_p_minus_t():
    text = example("spirals").derive(notation="scalar").render("text")
    steps = [
        "∂L/∂z3 = ∂L/∂p · ∂p/∂z3",
        "∂L/∂p = (1 - t)/(1 - p) - t/p",
        "∂p/∂z3 = σ'(z3)",
        "= ((1 - t)/(1 - p) - t/p) p (1 - p)",
        "= p - t",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_a_loss_by_formula_gives_one_fraction():
    (line,) = example("regression").derive(notation="scalar", wrt=("y",)).results
    assert line.right.latex == r"\frac{e^{y - t} - e^{t - y}}{e^{t - y} + e^{y - t}}"


# -- against SymPy ----------------------------------------------------------------------------------


class Evaluated:
    """Numbers for every tensor and adjoint of a scalar form, copies of a repeat one by one."""

    def __init__(
        self, scalar: Scalar, numbers: Mapping[tuple[str, tuple[int, ...]], sp.Expr]
    ) -> None:
        self.scalar = scalar
        self.numbers = numbers
        self.known: dict[tuple[str, tuple[tuple[str, int], ...]], sp.Expr] = {}

    def read(self, name: str, copies: Mapping[str, int]) -> sp.Expr:
        bare = name.removeprefix(ADJOINT)
        levels = self.levels(bare)
        here = {letter: copies[letter] for letter in levels}
        key = (name, tuple(here.items()))
        if key not in self.known:
            value = self.adjoint(bare, here) if name != bare else self.tensor(bare, here)
            self.known[key] = sp.N(value, 30)
        return self.known[key]

    def levels(self, name: str) -> list[str]:
        return [level.letter for level in self.scalar.program.tensors[name].levels]

    def tensor(self, name: str, copies: dict[str, int]) -> sp.Expr:
        if (name, tuple(copies.values())) in self.numbers:
            return self.numbers[name, tuple(copies.values())]
        for repeat in self.scalar.repeats:
            letter, last = repeat.level.letter, repeat.level.times - 1
            if name == repeat.result:
                return self.read(repeat.end, {**copies, letter: last})
            if name == repeat.start and copies[letter] > 0:
                return self.read(repeat.end, {**copies, letter: copies[letter] - 1})
            if name in (repeat.start, repeat.first):
                return self.read(repeat.source, copies)
        return self.scalar.value((self.scalar.definitions[name],), self.read, copies)

    def adjoint(self, name: str, copies: dict[str, int]) -> sp.Expr:
        for repeat in self.scalar.repeats:
            letter, last = repeat.level.letter, repeat.level.times - 1
            if name == repeat.first:
                return self.read(ADJOINT + repeat.start, {**copies, letter: 0})
            if name == repeat.end and copies[letter] < last:
                return self.read(ADJOINT + repeat.start, {**copies, letter: copies[letter] + 1})
            if name == repeat.end:
                return self.read(ADJOINT + repeat.result, copies)
        return self.scalar.value(self.scalar.derived(name), self.read, copies)


def check(network: symbp.Network, drawn: Drawn, seed: int) -> None:
    """Every gradient of the scalar form at a random point equals SymPy's derivative of the loss."""
    scalar = Scalar(plan(network.program))
    assert not scalar.degenerate
    pick = random.Random(seed)
    symbols = {symbol: key for key, symbol in drawn.parameters.items()}
    sign = pick.choice([-1, 1])
    points = {
        s: sp.Rational(pick.randrange(-1499, 1500, 2), 1009)
        for s in [*symbols, sp.Symbol("x", real=True)]
    }
    points |= {sp.Symbol("t", real=True): target(drawn.text, pick, sign)}
    points |= {sp.Symbol("r", real=True): sp.Rational(pick.randint(-900, 900), 1009)}
    points = {s: sp.Float(v, 30) for s, v in points.items()}
    numbers = {symbols[s]: v for s, v in points.items() if s in symbols}
    numbers |= {(s.name, ()): v for s, v in points.items() if s not in symbols}
    found = Evaluated(scalar, numbers)
    largest = 0.0
    mpmath.mp.dps = 30
    slopes = [drawn.loss.diff(symbol) for symbol in drawn.parameters.values()]
    numeric = sp.lambdify(list(points), slopes, "mpmath", cse=True)
    all_expected = numeric(*(mpmath.mpf(str(v)) for v in points.values()))
    for (name, copies), exact in zip(drawn.parameters, all_expected, strict=True):
        letters = found.levels(name)
        value = float(found.read(ADJOINT + name, dict(zip(letters, copies, strict=True))))
        expected = float(exact)
        assert math.isclose(value, expected, rel_tol=1e-11, abs_tol=1e-13), (name, copies)
        largest = max(largest, abs(expected))
    assert largest > 0


def target(text: str, pick: random.Random, sign: int) -> sp.Expr:
    if '"hinge"' in text:
        return sp.Integer(sign)
    if '"binary_cross_entropy"' in text:
        return sp.Rational(pick.randint(100, 900), 1009)
    return sp.Rational(pick.randint(-900, 900), 1009)


def network_of(drawn: Drawn) -> symbp.Network:
    return symbp.Network(**tomllib.loads(drawn.text))


@pytest.mark.parametrize("seed", range(10))
def test_results_are_sympy_s_derivatives(seed):
    drawn = Draw(seed).network()
    check(network_of(drawn), drawn, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 70))
def test_results_of_more_networks_are_sympy_s_derivatives(seed):
    drawn = Draw(seed).network()
    check(network_of(drawn), drawn, seed)


def chain_of(names: list[str], loss: str) -> Drawn:
    """An example with one neuron a layer, composed by hand; shapes do not matter in scalar form."""
    drawn, x = Drawn(), sp.Symbol("x", real=True)
    for name in names:
        drawn.count += 1
        w, b = drawn.parameter("W", ()), drawn.parameter("b", ())
        x = ACTIVATIONS[name](w * x + b)
    drawn.loss = LOSSES[loss](x, sp.Symbol("t", real=True))
    return drawn


def test_the_article_equals_sympy_symbolically():
    """Not at a point: the two expressions are one."""
    scalar = Scalar(plan(example("article").program))
    drawn = chain_of(["sigmoid", "sigmoid"], "mse")
    numbers = dict(drawn.parameters.items())
    numbers |= {(n, ()): sp.Symbol(n, real=True) for n in "xt"}

    def read(name: str, copies: Mapping[str, int]) -> sp.Expr:
        if (name, ()) in numbers:
            return numbers[name, ()]
        return scalar.value((scalar.definitions[name],), read, copies)

    for key, symbol in drawn.parameters.items():
        value = scalar.value(scalar.derived(key[0]), read)
        assert sp.simplify(value - drawn.loss.diff(symbol)) == 0


def test_eight_sigmoid_layers_equal_sympy():
    check(example("deep_sigmoid"), chain_of(["sigmoid"] * 8 + ["identity"], "mse"), 1)


def test_binary_cross_entropy_of_the_spirals_equals_sympy():
    drawn = chain_of(["tanh", "tanh", "sigmoid"], "binary_cross_entropy")
    drawn.toml.append('"binary_cross_entropy"')
    check(example("spirals"), drawn, 2)


def test_swish_with_its_learnable_slope_equals_sympy():
    drawn, x, t = Drawn(count=1), *sp.symbols("x t", real=True)
    w, b = drawn.parameter("W", ()), drawn.parameter("b", ())
    drawn.count = 2
    z, beta = w * x + b, drawn.parameter("beta", ())
    h = z / (1 + sp.exp(-beta * z))
    drawn.count = 3
    drawn.loss = (drawn.parameter("W", ()) * h + drawn.parameter("b", ()) - t) ** 2 / 2
    check(example("swish"), drawn, 3)


# -- what has none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("article", ()),
        ("swish", ()),
        ("iris_residual", ("softmax",)),
        ("deep_repeat", ("layernorm", "softmax")),
    ],
)
def test_softmax_and_norms_have_no_scalar_form(name, kinds):
    assert Scalar(plan(example(name).program)).degenerate == kinds


def test_without_a_scalar_form_the_index_form_is_printed_and_says_so():
    derived = example("iris_residual").derive(notation="scalar")
    assert derived.notation == "index"
    assert "nothing left of softmax" in derived.text()


def test_a_penalty_over_copies_is_a_sum_over_them():
    network = symbp.Network(
        name="copies",
        input={"shape": [2]},
        layer=[{"type": "repeat", "times": 3, "layers": [{"type": "dense", "units": 2}]}],
        loss={"type": "mse"},
        regularization={"l2": 2.0},
    )
    text = network.derive(notation="scalar").text()
    assert "Σ_l w1[l]²" in text
    assert "∂L/∂w1[l] = ∂L/∂y[l+1] · ∂y[l+1]/∂w1[l] + 2 w1[l]" in text


@pytest.mark.slow
def test_a_chain_deeper_than_the_stack_of_python():
    """Beyond 40 factors the gradient of the layer above stands for the rest."""
    layers = [{"type": "dense", "units": 2, "activation": "tanh"} for _ in range(1200)]
    network = symbp.Network(name="deep", input={"shape": [2]}, layer=layers, loss={"type": "mse"})
    (line,) = network.derive(notation="scalar", wrt=("W1",)).results
    assert line.right.plain.startswith("∂L/∂a") and line.right.plain.endswith("tanh'(w1 x + b1) x")
    assert len(line.right.plain) < 1200


def test_parts_of_a_loss_are_not_the_layers_of_that_name():
    layers = [{"type": "dense", "units": 2, "name": name} for name in "se"]
    loss = {"formula": "s[n,k] = y[n,k] - t[n,k]\nL[n] = sum(s[n,k]**2, k)"}
    network = symbp.Network(name="net", input={"shape": [2]}, layer=layers, loss=loss)
    derived = network.derive(notation="scalar", wrt=("W1",))
    assert [line.right.plain for line in derived.results] == ["2 (e - t) w2 x"]
