"""Random networks that have a scalar form, each beside its loss composed by hand in plain SymPy.

Nothing here reads symbp's derivation: a layer of one neuron is ``f(w x + b)``, and the composed loss of
the whole network is one expression in its parameters.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import sympy as sp

Copies = tuple[int, ...]


def choice(*cases: tuple[sp.Expr, object]) -> sp.Expr:
    """A Piecewise as it is written: SymPy's search for simpler conditions takes seconds here."""
    return sp.Piecewise(*cases, evaluate=False)


def above(a: sp.Expr, b: sp.Expr | int) -> sp.Expr:
    return sp.Gt(a, b, evaluate=False)


ACTIVATIONS = {
    "identity": lambda u: u,
    "sigmoid": lambda u: 1 / (1 + sp.exp(-u)),
    "tanh": sp.tanh,
    "sin": sp.sin,
    "relu": lambda u: choice((u, above(u, 0)), (0, True)),
    "leaky_relu": lambda u: choice((u, above(u, 0)), (u / 100, True)),
    "elu": lambda u: choice((u, above(u, 0)), (sp.exp(u) - 1, True)),
    "softplus": lambda u: sp.log(1 + sp.exp(u)),
    "silu": lambda u: u / (1 + sp.exp(-u)),
    "gelu": lambda u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2,
    "hardtanh": lambda u: choice((-1, above(-1, u)), (1, above(u, 1)), (u, True)),
}
FORMULAS = {
    "x/(1 + abs(x))": lambda u: u / (1 + choice((u, above(u, 0)), (-u, True))),
    "x*exp(-x**2)": lambda u: u * sp.exp(-(u**2)),
    "log(1 + x**2)": lambda u: sp.log(1 + u**2),
    "tanh(x)/(2 + cos(x))": lambda u: sp.tanh(u) / (2 + sp.cos(u)),
}
LEARNABLE = {
    "x*sigmoid(c*x)": lambda u, c: u / (1 + sp.exp(-c * u)),
    "where(x > 0, x, c*x)": lambda u, c: choice((u, above(u, 0)), (c * u, True)),
    "sin(c*x) + c": lambda u, c: sp.sin(c * u) + c,
}
LOSSES = {
    "mse": lambda y, t: (y - t) ** 2 / 2,
    "mae": lambda y, t: choice((y - t, above(y, t)), (t - y, True)),
    "huber": lambda y, t: choice(
        ((y - t) ** 2 / 2, sp.And(above(1, y - t), above(1, t - y))),
        (choice((y - t, above(y, t)), (t - y, True)) - sp.Rational(1, 2), True),
    ),
    "binary_cross_entropy": lambda y, t: -(t * sp.log(y) + (1 - t) * sp.log(1 - y)),
    "hinge": lambda y, t: choice((1 - t * y, above(1, t * y)), (0, True)),
}


@dataclass
class Drawn:
    """``loss`` in the symbols of ``parameters``: (key, copies) -> symbol; numbers make a point."""

    toml: list[str] = field(default_factory=list)
    parameters: dict[tuple[str, Copies], sp.Symbol] = field(default_factory=dict)
    weights: list[sp.Symbol] = field(default_factory=list)
    loss: sp.Expr = sp.S.Zero
    count: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.toml)

    def parameter(self, letter: str, copies: Copies) -> sp.Symbol:
        name = f"{letter}{self.count}"
        symbol = sp.Symbol(name + "".join(f"_{k}" for k in copies), real=True)
        self.parameters[name, copies] = symbol
        if letter == "W":
            self.weights.append(symbol)
        return symbol


class Draw:
    """``chain`` appends the layers' text once, and gives what they make of an expression."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.drawn = Drawn()

    def network(self) -> Drawn:
        pick, drawn = self.random, self.drawn
        drawn.toml += ['name = "net"', "[input]", "shape = [2]"]
        x = sp.Symbol("x", real=True)
        hidden = self.chain(x, "[[layer", pick.randint(1, 3), depth=0, final=None)
        if pick.random() < 0.3:
            hidden = self.merge(x, hidden)
        two = pick.random() < 0.2
        loss = pick.choice(list(LOSSES))
        end = "sigmoid" if loss == "binary_cross_entropy" else pick.choice(["identity", "tanh"])
        y = self.dense(hidden, "[[layer", end, (), "name = 'y'")
        total = self.judged(y, loss, "t")
        outputs = [("y", "t", loss, 1)]
        if two:
            other = self.dense(hidden, "[[layer", "tanh", (), "name = 'v'\ninputs = ['k']")
            total += sp.Rational(1, 2) * self.judged(other, "mse", "r")
            outputs.append(("v", "r", "mse", 0.5))
        self.outputs(outputs)
        drawn.loss = total + self.penalty()
        return drawn

    def outputs(self, outputs: list[tuple[str, str, str, float]]) -> None:
        if len(outputs) == 1:
            self.drawn.toml += ["[loss]", f'type = "{outputs[0][2]}"']
            return
        named = next(k for k, line in enumerate(self.drawn.toml) if line.startswith("name = 'y'"))
        before = next(k for k in range(named, 0, -1) if self.drawn.toml[k] == "[[layer]]")
        self.drawn.toml[before:before] = [
            "[[layer]]", 'type = "activation"', 'function = "identity"', 'name = "k"'
        ]  # fmt: skip
        for source, target, loss, weight in outputs:
            self.drawn.toml += [
                "[[output]]", f'from = "{source}"', f'target = "{target}"', f"weight = {weight}",
                f'loss = {{ type = "{loss}" }}',
            ]  # fmt: skip

    def judged(self, y: sp.Expr, loss: str, target: str) -> sp.Expr:
        return LOSSES[loss](y, sp.Symbol(target, real=True))

    def penalty(self) -> sp.Expr:
        if self.random.random() < 0.6:
            return sp.S.Zero
        l2, l1 = self.random.choice([(0.5, 0.0), (0.0, 0.25), (0.5, 0.25)])
        self.drawn.toml += ["[regularization]", f"l2 = {l2}", f"l1 = {l1}"]
        squares = sp.Add(*(w**2 for w in self.drawn.weights))
        sizes = sp.Add(*(choice((w, above(w, 0)), (-w, True)) for w in self.drawn.weights))
        return sp.Rational(str(l2)) / 2 * squares + sp.Rational(str(l1)) * sizes

    # -- layers ---------------------------------------------------------------------------------

    def chain(self, x: sp.Expr, head: str, length: int, depth: int, final: str | None) -> sp.Expr:
        for _ in range(length):
            x = self.layer(x, head, depth)
        return x

    def layer(self, x: sp.Expr, head: str, depth: int) -> sp.Expr:
        kinds = ["dense"] * 3 + ["activation", "formula", "learnable"]
        kinds += ["residual", "repeat"] if depth < 2 else []
        match self.random.choice(kinds):
            case "dense":
                return self.dense(x, head, self.random.choice(list(ACTIVATIONS)), ())
            case "activation":
                name = self.random.choice(list(ACTIVATIONS))
                self.say(head, "activation", f'function = "{name}"')
                return ACTIVATIONS[name](x)
            case "formula":
                formula = self.random.choice(list(FORMULAS))
                self.say(head, "activation", f'function = "{formula}"')
                return FORMULAS[formula](x)
            case "learnable":
                return self.learnable(x, head)
            case "residual":
                self.say(head, "residual")
                return x + self.dense_chain(x, f"{head}.layers")
        return self.repeat(x, head)

    def dense(
        self, x: sp.Expr, head: str, activation: str, copies: Copies, more: str = ""
    ) -> sp.Expr:
        self.drawn.count += 1
        bias = self.random.random() < 0.8
        self.say(head, "dense", "units = 2", f"bias = {str(bias).lower()}",
                 f'activation = "{activation}"', more)  # fmt: skip
        w = self.drawn.parameter("W", copies)
        b = self.drawn.parameter("b", copies) if bias else sp.S.Zero
        return ACTIVATIONS[activation](w * x + b)

    def learnable(self, x: sp.Expr, head: str) -> sp.Expr:
        self.drawn.count += 1
        formula = self.random.choice(list(LEARNABLE))
        self.say(head, "activation", f'function = "{formula}"', "parameters = { c = 1.0 }")
        return LEARNABLE[formula](x, self.drawn.parameter("c", ()))

    def dense_chain(self, x: sp.Expr, head: str) -> sp.Expr:
        for _ in range(self.random.randint(1, 2)):
            x = self.dense(x, head, self.random.choice(["tanh", "sigmoid", "relu", "sin"]), ())
        return x

    def repeat(self, x: sp.Expr, head: str) -> sp.Expr:
        """The text once; the expression once for each copy, with parameters of its own."""
        times = self.random.randint(1, 3)
        self.say(head, "repeat", f"times = {times}")
        inner = f"{head}.layers"
        plan = [
            self.random.choice(["tanh", "sigmoid", "sin"]) for _ in range(self.random.randint(1, 2))
        ]
        around = self.random.random() < 0.5
        if around:
            self.say(inner, "residual")
            inner = f"{inner}.layers"
        start = self.drawn.count
        for k in range(times):
            self.drawn.count = start
            y = x
            for name in plan:
                self.drawn.count += 1
                if k == 0:
                    self.say(inner, "dense", "units = 2", f'activation = "{name}"')
                w, b = (self.drawn.parameter(c, (k,)) for c in "Wb")
                y = ACTIVATIONS[name](w * y + b)
            x = x + y if around else y
        return x

    def merge(self, x: sp.Expr, hidden: sp.Expr) -> sp.Expr:
        kind = self.random.choice(["add", "multiply"])
        self.say("[[layer", "activation", 'function = "identity"', 'name = "one"')
        other = self.dense(hidden, "[[layer", "tanh", (), 'name = "two"')
        self.say("[[layer", kind, 'inputs = ["one", "two", "x"]')
        return hidden + other + x if kind == "add" else hidden * other * x

    def say(self, head: str, kind: str, *lines: str) -> None:
        self.drawn.toml += [f"{head}]]", f'type = "{kind}"', *(line for line in lines if line)]
