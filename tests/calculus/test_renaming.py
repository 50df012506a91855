"""Derived, never tabulated: other names for layers, tensors and letters change names alone."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

import symbp
from symbp.calculus.derive import Derivation, derive
from symbp.calculus.equation import Equation, Unit
from symbp.calculus.expression import Entry, Reduction, letter
from symbp.calculus.index import base
from symbp.calculus.unary import Apply
from symbp.language.options import LOSSES
from symbp.layers import (
    LAYERS,
    activation_by_name,
    attention,
    convolution,
    dense,
    elementwise,
    embedding,
    losses,
    norms,
    pooling,
    recurrent,
    shape,
)
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition
from symbp.network.template import Library, Place, Shape, named_bodies

CODE = Path(symbp.__file__).parent
FLAT, SEQUENCE, IMAGES = (None, 4), (None, 2, 4), (None, 2, 3, 4)
SIGNALS, TOKENS = (None, 2, 5), (None, 5)
WINDOWS = {"kernel": (2, 3), "stride": (1, 2), "padding": (1, 0), "dilation": (1, 1), "bias": True}
RNN = replace(
    recurrent.rnn(3, "tanh", True),
    formula="h[n,t,j] = tanh(sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j])\n"
    "y[n,t,j] = h[n,t,j]",
)
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
    "conv1d": (convolution.convolution(2, 3, (3,), (1,), (1,), (2,), 1, True), (SIGNALS,)),
    "conv2d": (convolution.convolution(2, 3, groups=1, **WINDOWS), (IMAGES,)),
    "grouped conv2d": (convolution.convolution(2, 4, groups=2, **WINDOWS), (IMAGES,)),
    "maxpool2d": (pooling.pool2d("max", (2, 2), (1, 2)), (IMAGES,)),
    "avgpool2d": (pooling.pool2d("mean", (2, 2), (1, 2)), (IMAGES,)),
    "globalavgpool": (pooling.globalavgpool(), (IMAGES,)),
    "embedding": (embedding.embedding(6, 3), (TOKENS,)),
    "positional": (embedding.sinusoidal(4), (SEQUENCE,)),
    "learned positional": (embedding.learned(), (SEQUENCE,)),
    "rnn": (RNN, (SEQUENCE,)),
    "lstm": (recurrent.lstm(3, True), (SEQUENCE,)),
    "lstm's last step": (recurrent.lstm(3, False), (SEQUENCE,)),
    "gru": (recurrent.gru(3, True), (SEQUENCE,)),
    "attention": (attention.attention(4, 2, False), (SEQUENCE,)),
    "causal attention": (attention.attention(4, 1, True), (SEQUENCE,)),
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
FUNCTIONS = "sum mean max min softmax exp log sqrt abs cos erf where maximum minimum pad"
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


def derivation_of(definition: Definition, shapes: tuple[Shape, ...]) -> Derivation:
    plain = replace(definition, inference=None, updates=None, buffers={})
    integers = frozenset(definition.inputs if shapes == (TOKENS,) else ())
    return derive(Library().unit(plain, plain.formula, Place(shapes, None, integers), True)[0])


def tensors_of(derivation: Derivation) -> list[str]:
    """Every tensor that the formula or its derivation named, in one order."""
    unit = derivation.unit
    found = [e.name for e in unit.equations]
    return [*dict.fromkeys(found), *(name for k in unit.links for name in k.shares)]


def families(mine: Derivation, theirs: Derivation, names: dict[str, str]) -> dict[str, str]:
    """Letters of one derivation -> those of the other, from the axes of all tensors."""
    found = {k: v for k, v in names.items() if k in mine.unit.sizes}
    for name, own in mine.unit.letters.items():
        other = theirs.unit.letters[names.get(name, name)]
        for one, two in zip(own, other, strict=True):
            found.setdefault(base(one), base(two))
    return found


def translated(node: sp.Basic, names: dict[str, str], letters: dict[str, str]) -> sp.Basic:
    """The expression with other names; bound letters in alphabetic order."""

    def to(node: sp.Basic) -> sp.Basic:
        return translated(node, names, letters)

    if isinstance(node, Entry):
        bare = node.name.lstrip("∂")
        marks = "∂" * (len(node.name) - len(bare))
        return Entry(marks + names.get(bare, bare), *map(to, node.indices))
    if node.is_Symbol:
        return letter(node.name.replace(base(node), letters.get(base(node), base(node)), 1))
    if isinstance(node, Reduction):
        return node.func(to(node.body), *sorted(map(to, node.letters), key=str))
    return node.func(*map(to, node.args)) if node.args else node


@pytest.mark.parametrize("name", BUILT_IN)
def test_other_names_give_the_same_derivation(name):
    definition, shapes = BUILT_IN[name]
    changed, names = under_other_names(definition)
    mine, theirs = derivation_of(definition, shapes), derivation_of(changed, shapes)
    pairs = dict(zip(tensors_of(mine), tensors_of(theirs), strict=True))
    assert names.items() | pairs.items() == (names | pairs).items()
    names |= pairs
    letters = families(mine, theirs, names)
    assert [names[a.name] for a in mine.adjoints] == [a.name for a in theirs.adjoints]
    for one, other in zip(mine.adjoints, theirs.adjoints, strict=True):
        for e, wanted in zip(one.equations, other.equations, strict=True):
            assert translated(e.target, names, letters) == wanted.target, one.name
            assert translated(e.rhs, names, letters) == translated(wanted.rhs, {}, {}), one.name


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
