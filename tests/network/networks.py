"""Networks whose parts meet in every way: repeats, shared weights, branches, names that clash."""

from __future__ import annotations

from typing import Any

from tests.layers.proved import Table, dense, formula, network


def repeat(times: int, *layers: Table, **more: Any) -> Table:
    return {"type": "repeat", "times": times, "layers": list(layers), **more}


def residual(*layers: Table, **more: Any) -> Table:
    return {"type": "residual", "layers": list(layers), **more}


def activation(function: str, **more: Any) -> Table:
    return {"type": "activation", "function": function, **more}


def merge(kind: str, *inputs: str, **more: Any) -> Table:
    return {"type": kind, "inputs": list(inputs), **more}


def shared(name: str, activation: str = "sigmoid") -> Table:
    return {"type": "dense", "share": name, "activation": activation}


BATCHNORM, LAYERNORM, RMSNORM = ({"type": kind} for kind in ("batchnorm", "layernorm", "rmsnorm"))
DROPOUT = {"type": "dropout", "rate": 0.3}
NORM = formula(
    "y[n,d] = g[d]*x[n,d]/sqrt(mean(x[n,k]**2, k) + 1e-2) + tanh(x[n,d])", parameters={"g": ["d"]}
)
IN, OUT = dense(4), dense(2)
CE = {"type": "cross_entropy"}

REPEATS: dict[str, Table] = {
    "plain": network(IN, repeat(3, dense(4, "tanh")), OUT, shape=(3,)),
    "first": network(repeat(3, dense(4, "tanh"))),
    "linear": network(repeat(2, dense(4))),
    "once": network(repeat(1, dense(4, "tanh")), OUT),
    "last": network(IN, repeat(2, dense(4, "tanh"))),
    "two": network(repeat(3, dense(4, "tanh")), repeat(2, dense(4, "sigmoid")), OUT),
    "without parameters": network(IN, repeat(3, activation("tanh")), OUT),
    "nested": network(IN, repeat(3, dense(4, "tanh"), repeat(2, dense(4, "sigmoid"))), OUT),
    "nested first": network(IN, repeat(3, repeat(2, dense(4, "sigmoid")), dense(4, "tanh")), OUT),
    "nested alone": network(IN, repeat(2, repeat(2, repeat(2, dense(4, "tanh")))), OUT),
    "residual": network(IN, repeat(3, residual(dense(5, "tanh"), dense(4))), OUT),
    "in a residual": network(IN, residual(repeat(3, dense(4, "tanh"))), OUT),
    "two residuals": network(
        IN,
        repeat(
            3,
            residual(LAYERNORM, dense(5, "gelu"), dense(4)),
            residual(RMSNORM, dense(4, "silu")),
        ),
        OUT,
    ),
    "batchnorm": network(IN, repeat(3, dense(4), BATCHNORM, activation("tanh")), OUT),
    "nested batchnorm": network(
        IN, repeat(3, repeat(2, dense(4), BATCHNORM, activation("tanh")), BATCHNORM), OUT
    ),
    "dropout": network(IN, repeat(3, dense(4, "tanh"), DROPOUT), OUT),
    "dropout first": network(IN, repeat(3, DROPOUT, dense(4, "tanh")), OUT),
    "softmax last": network(IN, repeat(2, dense(4, "softmax")), loss=CE),
    "sequence": network(
        repeat(2, residual(LAYERNORM, dense(6, "tanh"), dense(4))),
        {"type": "flatten"},
        dense(3, "softmax"),
        shape=(5, 4),
        loss=CE,
    ),
    "formula": network(IN, repeat(3, NORM), OUT),
    "learnable scalar": network(
        IN, repeat(3, activation("x*sigmoid(beta*x)", parameters={"beta": 1.0})), OUT
    ),
    "penalty": network(repeat(3, dense(4, "tanh")), OUT, regularization={"l2": 0.1, "l1": 0.05}),
    "penalty nested": network(
        repeat(2, repeat(2, dense(4, "tanh"))), OUT, regularization={"l2": 0.1}
    ),
    "weights from outside": network(dense(4, "tanh", name="a"), repeat(3, shared("a")), OUT),
    "weights from outside, nested": network(
        dense(4, "tanh", name="a"), repeat(2, repeat(3, shared("a"))), OUT
    ),
    "weights from the middle": network(
        IN, repeat(2, dense(4, "tanh", name="a"), repeat(3, shared("a"))), OUT
    ),
    "weights shared inside": network(IN, repeat(3, dense(4, "tanh", name="a"), shared("a")), OUT),
    "reads its source": network(
        dense(4, "tanh", name="a"),
        repeat(3, dense(4, "tanh", name="h"), merge("add", "h", "a")),
        OUT,
    ),
    "reads the input": network(repeat(3, dense(4, "tanh", name="h"), merge("add", "h", "x")), OUT),
    "multiplies by what is outside": network(
        dense(4, "tanh", name="a"),
        repeat(3, dense(4, "tanh", name="h"), merge("multiply", "h", "a", "h")),
        OUT,
    ),
    "reads two levels out": network(
        dense(4, "tanh", name="a"),
        repeat(
            2,
            dense(4, "tanh", name="b"),
            repeat(3, dense(4, "tanh", name="h"), merge("add", "h", "a", "b")),
        ),
        OUT,
    ),
    "branches inside": network(
        IN,
        repeat(
            3,
            dense(4, "tanh", name="u"),
            dense(4, "sigmoid", inputs=["u"], name="v"),
            merge("multiply", "u", "v"),
        ),
        OUT,
    ),
    "concat inside": network(
        dense(3, "tanh", name="a"),
        repeat(2, dense(3, "tanh", name="h"), merge("concat", "h", "a"), dense(3)),
        OUT,
    ),
    "source read behind": network(
        dense(4, name="s"),
        repeat(3, dense(4, "tanh")),
        dense(4, name="q"),
        merge("add", "q", "s"),
    ),
    "result read twice": network(
        IN, repeat(3, dense(4, "tanh"), name="r"), dense(4, name="q"), merge("multiply", "q", "r")
    ),
    "loop letters in use": network(
        dense(4, "tanh", name="l"),
        repeat(2, dense(4, "tanh", name="r"), name="s"),
        dense(3, name="l1"),
    ),
    "pooling letters in use": network(
        dense(6, name="u"),
        formula("y[n,p] = max(x[n,2*p+u], u)", sizes={"u": 2}),
        dense(3, name="l"),
        repeat(
            2,
            dense(4),
            formula("y[n,p] = sum(x[n,p+l]**2*w[l], l)", parameters={"w": [2]}, sizes={"l": 2}),
            dense(3),
        ),
    ),
}

TWO = [
    {"from": "a", "target": "ta", "loss": {"type": "mse"}, "weight": 0.3},
    {"from": "b", "target": "tb", "loss": CE, "weight": 2.0},
]
HEADS = (
    dense(5, "tanh", name="h"),
    dense(3, name="a"),
    dense(4, "softmax", name="b", inputs=["h"]),
)
CHAIN = [
    {"from": "a", "target": "ta", "loss": {"type": "binary_cross_entropy", "reduction": "sum"}},
    {"from": "b", "target": "tb", "loss": CE},
]
SAME = [
    {"from": "a", "target": "ta", "loss": {"type": "mse"}},
    {"from": "a", "target": "tb", "loss": CE},
]

BRANCHES: dict[str, Table] = {
    "two outputs": network(*HEADS, output=TWO),
    "two outputs and a penalty": network(*HEADS, output=TWO, regularization={"l2": 0.1}),
    "an output judged twice": network(dense(5, "tanh"), dense(3, "softmax", name="a"), output=SAME),
    "an output on the way": network(
        dense(3, "sigmoid", name="a"), dense(4, "softmax", name="b"), output=CHAIN
    ),
    "a softmax that is read again": network(
        dense(3, "softmax", name="b"),
        dense(2, name="a"),
        output=[TWO[1], TWO[0]],
    ),
    "a loss that reads other layers": network(
        dense(3, name="mu"),
        dense(3, name="lv", inputs=["x"]),
        formula("a*exp(b)", inputs={"a": "mu", "b": "lv"}),
        loss={
            "formula": "L[n] = sum((y[n,k] - t[n,k])**2, k)"
            " + sum(exp(v[n,k]) + u[n,k]**2 - v[n,k], k)",
            "inputs": {"u": "mu", "v": "lv"},
        },
    ),
    "a loss with constants": network(
        dense(3, "tanh"),
        loss={
            "formula": "L[n] = sum(w[k]*(y[n,k] - t[n,k])**2, k)",
            "constants": {"w": [1, 2, 0.5]},
        },
    ),
    "a loss over pairs of samples": network(
        dense(3, "tanh"),
        loss={
            "formula": "s[n,m] = sum(y[n,k]*t[m,k], k)\n"
            "L[n] = log(sum(exp(s[n,m]), m)) - s[n,n]"
        },
    ),
    "a loss of the batch": network(
        dense(3, "tanh"), loss={"formula": "L = mean((y[n,k] - t[m,k])**2, n, m, k)"}
    ),
    "a largest error": network(
        dense(3, "tanh"), loss={"formula": "L[n] = max(abs(y[n,k] - t[n,k]), k)"}
    ),
    "share": network(
        dense(4, "tanh", name="a"), shared("a", "tanh"), {"type": "dense", "share": "a"}
    ),
    "share and penalty": network(
        dense(4, "tanh", name="a"), shared("a"), OUT, regularization={"l2": 0.1}
    ),
    "share a norm": network(
        dense(4, "tanh"), {**LAYERNORM, "name": "l"}, dense(4, "tanh"), {"type": "layernorm", "share": "l"}
    ),
    "share a formula": network(
        IN, {**NORM, "name": "f"}, dense(4, "tanh"), {"type": "formula", "share": "f"}
    ),
    "dead branch": network(dense(3, "tanh", name="a"), dense(5, name="dead"), dense(2, inputs=["a"])),
    "dead chain": network(
        dense(3, "tanh", name="a"), dense(5, "relu"), LAYERNORM, dense(5), dense(2, inputs=["a"])
    ),
    "dead repeat": network(dense(4, "tanh", name="a"), repeat(2, dense(4)), dense(2, inputs=["a"])),
    "dead batchnorm": network(dense(4, "tanh", name="a"), BATCHNORM, dense(2, inputs=["a"])),
    "dead inside a repeat": network(
        IN, repeat(2, dense(4, "tanh", name="a"), dense(3), activation("sin", inputs=["a"])), OUT
    ),
    "multiply": network(
        dense(4, "tanh", name="a"), dense(4, name="b", inputs=["x"]), merge("multiply", "a", "b", "x")
    ),
    "square": network(dense(4, "tanh", name="a"), merge("multiply", "a", "a")),
    "twice": network(dense(4, "tanh", name="a"), merge("add", "a", "a")),
    "concat of different lengths": network(
        dense(3, "tanh", name="a"), dense(5, name="b", inputs=["x"]), merge("concat", "a", "b", "x"), OUT
    ),
    "concat of the same": network(dense(3, "tanh", name="a"), merge("concat", "a", "a"), OUT),
    **{
        f"concat along {axis}": network(
            dense(4, "tanh", name="a"),
            dense(4, name="b", inputs=["x"]),
            merge("concat", "a", "b", "x", axis=axis),
            shape=(2, 3, 4),
        )
        for axis in (0, 1, 2, -1, -2, -3)
    },
}  # fmt: skip

CLASHES = [
    "label",
    "np",
    "n",
    "loss",
    "params",
    "cache",
    "dW1",
    "W1",
    "s",
    "e",
    "m",
    "l",
    "training",
    "grads",
    "rng",
    "math",
    "z1",
    "t1",
    "x1",
    "y",
    "L",
    "N",
    "cast",
    "mask",
    "first_max",
    "u",
    "i",
    "j",
    "data_loss",
    "W1_sum",
    "h_",
    "dh",
    "log_y",
    "y_max",
    "keep",
    "name",
    "value",
    "key",
    "b1",
    "d",
    "self_",
    "time",
    "forward",
    "targets",
    "result",
]


def with_a_layer_named(word: str) -> Table:
    return network(
        dense(4, "relu", name=word),
        LAYERNORM,
        dense(3, "softmax"),
        loss=CE,
        regularization={"l2": 0.1},
    )


NAMES: dict[str, Table] = {
    "h and dh": network(
        dense(4, "tanh", name="h"), dense(4, "tanh", name="dh"), dense(4, name="ddh"),
        dense(3, name="dz1"),
    ),
    "dh and h": network(dense(4, "tanh", name="dh"), dense(4, "tanh", name="h"), OUT),
    "parts of a softmax": network(
        dense(4, "softmax", name="e"), dense(4, "softmax", name="s"), dense(3, "softmax", name="e1"),
        loss=CE,
    ),
    "parts of a loss": network(
        dense(3, name="s"), dense(3, name="e"), dense(3, name="m"),
        loss={
            "formula": "m[n] = max(y[n,k], k)\ns[n] = sum(exp(y[n,k] - m[n]), k)\n"
            "L[n] = (log(s[n]) + m[n] - sum(t[n,k]*y[n,k], k))**2"
        },
    ),
    "input and target": network(
        IN, OUT, input={"name": "features", "shape": [4]}, target={"name": "label"}
    ),
    "input t and target x": network(
        IN, OUT, input={"name": "t", "shape": [4]}, target={"name": "x"}
    ),
    "input n and target L": network(
        dense(4, name="y"), OUT, input={"name": "n", "shape": [4]}, target={"name": "L"}
    ),
    "target dx": network(dense(4, "tanh", name="dt"), dense(3, name="y_"), target={"name": "dx"}),
    "parameters of others": network(
        dense(4, "tanh", name="z1"), dense(4, "tanh", name="W2"), dense(3, name="b3")
    ),
}  # fmt: skip
