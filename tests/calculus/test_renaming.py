"""Derived, never tabulated: other names for layers, tensors and letters change names alone."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

import symbp
from symbp.calculus.derive import derive
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Apply, Entry, Reduction, entries, letter
from symbp.calculus.index import signature
from symbp.language.options import LOSSES
from symbp.layers import LAYERS, activation_by_name, dense, elementwise, losses, norms, shape
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition
from symbp.network.template import Library, Place, Shape, named_bodies

CODE = Path(symbp.__file__).parent
FLAT, SEQUENCE, IMAGES = (None, 4), (None, 2, 4), (None, 2, 3, 4)
BUILT_IN: dict[str, tuple[Definition, tuple[Shape, ...]]] = {
    "dense": (dense.dense(3, True), (FLAT,)),
    "dense of a sequence": (dense.dense(3, True), (SEQUENCE,)),
    "dense without bias": (dense.dense(3, False), (FLAT,)),
    "softmax": (elementwise.softmax(), (FLAT,)),
    "softmax of a sequence": (elementwise.softmax(), (SEQUENCE,)),
    "dropout": (elementwise.dropout(0.5), (FLAT,)),
    "batchnorm": (norms.batchnorm(1, 1e-5, 0.1), (FLAT,)),
    "batchnorm of images": (norms.batchnorm(3, 1e-5, 0.1), (IMAGES,)),
    "layernorm": (norms.layernorm(1e-5), (FLAT,)),
    "layernorm of a sequence": (norms.layernorm(1e-5), (SEQUENCE,)),
    "rmsnorm": (norms.rmsnorm(1e-5), (FLAT,)),
    "flatten": (shape.reshape((2, 3, 4), (24,)), (IMAGES,)),
    "reshape": (shape.reshape((2, 4), (4, 2)), (SEQUENCE,)),
    "split": (shape.reshape((4,), (2, 2)), (FLAT,)),
    "add": (shape.combine("+", 3), (FLAT,) * 3),
    "multiply": (shape.combine("*", 3), (FLAT,) * 3),
    "concat": (shape.concat(2, 1, (4, 4)), (SEQUENCE, SEQUENCE)),
    **{f"activation {name}": (activation_by_name(name), (FLAT,)) for name in ACTIVATIONS},
    **{
        f"loss {kind}": (
            Definition(losses.formula(kind, 1), inputs=("y", "t"), output="L"),
            (FLAT, FLAT),
        )
        for kind in LOSSES
        if kind != "formula"
    },
}
WORD = re.compile(r"(?<![\w.])[A-Za-z]\w*")
FUNCTIONS = "sum mean max min softmax exp log sqrt abs erf where maximum minimum"
LANGUAGE = {*FUNCTIONS.split(" "), "size", "and", "or", "pi", "n", *ACTIVATIONS}


def under_other_names(definition: Definition) -> tuple[Definition, dict[str, str]]:
    """The definition with every tensor and every letter but the batch's called something else."""
    text = str(definition.formula)
    words = sorted({*WORD.findall(text), *definition.inputs} - LANGUAGE)
    tensors = {
        *definition.inputs,
        *definition.parameters,
        *definition.noise,
        *re.findall(r"(\w+)\[", text),
    }
    letters = [w for w in words if w not in tensors]
    names = {w: f"T{k}" for k, w in enumerate(reversed([w for w in words if w in tensors]))}
    names |= dict(zip(letters, "zyxwvuts", strict=False))
    if "=" not in re.sub("[<>]=", "", text):  # elementwise: the language gives the names
        names |= {word: word for word in ("x", "y", "t")}

    def other(word: str | int) -> str | int:
        return names.get(word, word) if isinstance(word, str) else word

    changed = replace(
        definition,
        formula=WORD.sub(lambda m: names.get(m[0], m[0]), text),
        inputs=tuple(names.get(i, i) for i in definition.inputs),
        output=names.get(definition.output, definition.output),
        parameters={names[p]: tuple(map(other, a)) for p, a in definition.parameters.items()},
        sizes={names.get(i, i): size for i, size in definition.sizes.items()},
        noise={names.get(m, m): rate for m, rate in definition.noise.items()},
    )
    return changed, names


def gradients(definition: Definition, shapes: tuple[Shape, ...]) -> dict[str, list[Equation]]:
    library = Library()
    plain = replace(definition, inference=None, updates=None, buffers={})
    unit = library.unit(plain, plain.formula, Place(shapes, None), True)[0]
    return {a.name: list(a.equations) for a in derive(unit).adjoints}


def text_of(equation: Equation, names: dict[str, str]) -> str:
    """The same for equations that are equal up to letters, and up to the names of tensors."""

    def rename(node: sp.Basic) -> sp.Basic:
        if isinstance(node, Entry):
            bare = node.name.lstrip("∂")
            marks = "∂" * (len(node.name) - len(bare))
            return Entry(marks + names.get(bare, bare), *node.indices)
        if isinstance(node, Reduction):
            places = [i for read in entries(node.body) for i in read.indices]
            return node.func(rename(node.body), *sorted(node.letters, key=places.index))
        return node.func(*map(rename, node.args)) if node.args else node

    both = sp.Function("equation")(rename(equation.target), rename(equation.rhs))
    return signature(both)[0]


@pytest.mark.parametrize("name", BUILT_IN)
def test_other_names_give_the_same_derivation(name):
    definition, shapes = BUILT_IN[name]
    changed, names = under_other_names(definition)
    mine, theirs = gradients(definition, shapes), gradients(changed, shapes)
    parts = [k for k in mine if k not in names]
    names |= dict(zip(parts, [k for k in theirs if k not in names.values()], strict=True))
    assert {names[k] for k in mine} == set(theirs)
    for key, equations in mine.items():
        wanted = [text_of(e, names) for e in equations]
        assert [text_of(e, {}) for e in theirs[names[key]]] == wanted, key


@pytest.mark.parametrize("name", named_bodies())
def test_another_name_for_an_activation_gives_the_same_derivative(name):
    def gradient(called: str) -> sp.Expr:
        n, j = letter("n"), letter("j")
        bodies = {called if k == name else k: body for k, body in named_bodies().items()}
        unit = Unit(
            equations=(Equation(Entry("y", n, j), Apply(called, Entry("x", n, j))),),
            inputs=("x",),
            parameters=(),
            letters={"x": (n, j), "y": (n, j)},
            sizes={"n": None, "j": 4},
            axes={"n": "n", "j": "j"},
            functions=bodies,
        )
        return derive(unit).adjoint("x").equations[0].rhs

    assert gradient("blob").xreplace({}) == gradient(name)


# Words of the formula language, of mathematics and of Python are no names of layers.
COMMON = {
    "softmax",
    "add",
    "multiply",
    "formula",
    "activation",
    "repeat",
    "tanh",
    "sin",
    "identity",
}
COMMON |= {"reshape"}
NAMES = {*LAYERS, *ACTIVATIONS, *LOSSES, "residual"} - COMMON
# The stable forms of two functions are known by name; nothing is differentiated there.
STABLE = {"stabilise.py": {"sigmoid"}, "stable_logs.py": {"sigmoid", "softplus"}}


def words_of(path: Path) -> set[str]:
    """Identifiers and strings of a file; comments and docstrings may name what they like."""
    module = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: set[str] = set()
    for node in ast.walk(module):
        for field in ("id", "attr", "name", "arg", "value"):
            word = getattr(node, field, None)
            if isinstance(word, str) and id(node) not in docstrings:
                found.update(re.findall(r"[A-Za-z]+(?:_[a-z]+)*", word))
    return found


@pytest.mark.parametrize("room", ["calculus", "arrays", "printers"])
def test_no_layer_is_known_by_name(room):
    for path in sorted((CODE / room).glob("*.py")):
        assert words_of(path) & NAMES <= STABLE.get(path.name, set()), path.name
