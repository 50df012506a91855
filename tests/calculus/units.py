"""Formulas of many kinds as derived units, and the code of an equation run by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from symbp.calculus.equation import Equation, Unit
from symbp.calculus.index import base
from symbp.calculus.interpreter import accumulate
from symbp.layers.definition import Axes, Definition
from symbp.network.template import Library, Place
from symbp.network.unit_text import UnitText
from symbp.printers.base import CAST, LOOP, fill
from symbp.printers.finished import Finished
from symbp.proof.module import load
from symbp.writers.helpers import helpers

BATCH = 3
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    formula: str
    shapes: tuple[Shape, ...] = ((4,),)
    parameters: dict[str, Axes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("x",)


CASES = {
    "dense": Case("y[n,j] = sum(x[n,i]*W[i,j], i) + b[j]", parameters={"W": ("i", 5), "b": ("j",)}),
    "dense of a sequence": Case(
        "y[n,t,j] = sum(x[n,t,i]*W[i,j], i) + b[j]", ((2, 4),), {"W": ("i", 3), "b": ("j",)}
    ),
    "softmax": Case("y[n,k] = softmax(x[n,k], k)"),
    "causal attention": Case(
        "a[n,t,u] = softmax(sum(x[n,t,d]*x[n,u,d], d)/sqrt(size(d)), u, u <= t)\n"
        "y[n,t,d] = sum(a[n,t,u]*x[n,u,d], u)",
        ((3, 2),),
    ),
    "heads": Case(
        "s[n,h,t,u] = sum(x[n,t,(h,d)]*x[n,u,(h,d)], d)\n"
        "y[n,t,(h,d)] = sum(s[n,h,t,u]*x[n,u,(h,d)], u)",
        ((3, 6),),
        sizes={"h": 2},
    ),
    "layernorm": Case(
        "m[n] = mean(x[n,d], d)\nv[n] = mean((x[n,d] - m[n])**2, d)\n"
        "y[n,d] = g[d]*(x[n,d] - m[n])/sqrt(v[n] + 1e-5) + b[d]",
        parameters={"g": ("d",), "b": ("d",)},
    ),
    "batchnorm of images": Case(
        "m[c] = mean(x[n,c,p,q], n, p, q)\nv[c] = mean((x[n,c,p,q] - m[c])**2, n, p, q)\n"
        "y[n,c,p,q] = g[c]*(x[n,c,p,q] - m[c])/sqrt(v[c] + 1e-5) + b[c]",
        ((2, 3, 4),),
        {"g": ("c",), "b": ("c",)},
    ),
    "rmsnorm": Case(
        "y[n,d] = g[d]*x[n,d]/sqrt(mean(x[n,k]**2, k) + 1e-5)", parameters={"g": ("d",)}
    ),
    "bilinear": Case("y[n,j] = sum(x[n,i]*A[i,k,j]*x[n,k], i, k)", parameters={"A": ("i", "k", 3)}),
    "every pair": Case("d[n,i,j] = x[n,i] - x[n,j]\ny[n,i] = sum(d[n,i,j]**3, j, j > i)/6"),
    "some entries": Case("y[n,i] = where(i < 2, s*x[n,i], x[n,i]**2)", parameters={"s": ()}),
    "waves": Case("y[n,k] = sum(x[n,i]*cos(i*k), i)", sizes={"k": 5}),
    "maximum": Case("y[n,c] = max(x[n,c,p], p)", ((2, 4),)),
    "distance from the maximum": Case("y[n,c] = x[n,c]*max(x[n,d], d)"),
    "pooling": Case(
        "y[n,c,p,q] = max(x[n,c,2*p+u,2*q+v], u, v)", ((2, 4, 6),), sizes={"u": 2, "v": 2}
    ),
    "convolution": Case(
        "y[n,f,p] = sum(x[n,c,2*p+u]*K[f,c,u], c, u)", ((2, 7),), {"K": (3, "c", 3)}
    ),
    "reversal": Case("y[n,i] = x[n,size(i)-1-i]*x[n,i]"),
    "a fixed place": Case("y[n,i] = x[n,0]*x[n,i] + x[n,2]"),
    "two batch letters": Case("y[n,m] = sum(x[n,i]*x[m,i], i)"),
    "log of a sum": Case("y[n,t] = log(sum(exp(x[n,t,d]), d))", ((2, 4),)),
    "log": Case("y[n,i] = log(x[n,i])/sqrt(x[n,i])"),
    "gelu": Case("gelu(x)"),
    "swish": Case("x*sigmoid(beta*x)", parameters={"beta": ()}),
    "mish": Case("x*tanh(softplus(x))"),
    "kinks": Case("abs(x) + elu(x) + leaky_relu(x) + maximum(x, 0.5) + hardtanh(x)"),
    "erf": Case("erf(x)*sign(x)"),
    "gate": Case("a*sigmoid(b)", ((2, 3), (2, 3)), inputs=("a", "b")),
    "broadcast": Case("y[n,i,j] = x[n,i]*z[n,j]", ((4,), (3,)), inputs=("x", "z")),
    "frozen": Case("x*stop_gradient(tanh(x))"),
    "long names": Case("y_out[n,h,d] = my_x[n,(h,d)]", ((6,),), sizes={"h": 2}, inputs=("my_x",)),
}


@cache
def text_of(name: str) -> UnitText:
    """The derived unit of a case."""
    case = CASES[name]
    definition = Definition(
        formula=case.formula, inputs=case.inputs, parameters=case.parameters, sizes=case.sizes,
        output="y_out" if "y_out" in case.formula else "y",
    )  # fmt: skip
    shapes = tuple((None, *shape) for shape in case.shapes)
    return Library().unit_text(definition, case.formula, Place(shapes, None), True)[0]


def size_in(unit: Unit) -> Any:
    """The unit's real sizes, with a small batch."""
    return lambda index: unit.sizes[base(index)] or BATCH


def shape_in(unit: Unit, name: str) -> Shape:
    return tuple(size_in(unit)(i) for i in unit.letters[name.lstrip("∂")])


def interpreted(equation: Equation, unit: Unit, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """What the literal interpreter makes of one equation, with the unit's real sizes."""
    made = {k: v for k, v in tensors.items() if k != equation.name}
    letters = tuple(sorted(equation.target.free_symbols | equation.rhs.free_symbols, key=str))
    shape = shape_in(unit, equation.name)
    fill = float(unit.fills.get(equation.name, 0))
    accumulate(equation, letters, shape, made, size_in(unit), unit.functions, fill)
    return made[equation.name]


def computed(finished: Finished, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """What the equation's own line of code makes of the same tensors."""
    name = finished.equation.name
    value = _filled(finished.code[0])
    before = [f"{_variable(part.name)} = {_filled(part.code)}" for part in finished.shared]
    body = [*before, f"result = {value}"]
    if finished.additions:
        body = [f"{_variable(name)} = np.zeros({shape_in(finished.unit, name)})"]
        body += [f"{_variable(name)} += {value}"] if value else []
        for added, text in finished.additions:
            loops = [f"for {i} in range({size_in(finished.unit)(i)}):" for i in added.loops]
            body += ["    " * k + line for k, line in enumerate([*loops, _filled(text)])]
        body.append(f"result = {_variable(name)}")
    arguments = ", ".join(sorted({_variable(k) for k in (*tensors, "#n")} - {_variable(name)}))
    source = "\n".join(
        ["import math", "import numpy as np", f"def run({arguments}):",
         *(f"    {line}" for line in body), "    return result", *helpers("\n".join(body))]
    )  # fmt: skip
    given = {_variable(k): v for k, v in tensors.items() if k != name}
    return load(source).run(**given, batch_size=BATCH)


def _variable(name: str) -> str:
    if name.startswith(LOOP):
        return name.removeprefix(LOOP)
    return "batch_size" if name == "#n" else re.sub(r"\W", "", name.replace("∂", "d_")) + "_"


def _filled(text: str) -> str:
    return fill(text, lambda name, *_: ".astype(float)" if name == CAST else _variable(name))
