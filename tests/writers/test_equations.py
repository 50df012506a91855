"""The formula-to-code map: every equation is there, and its lines are the lines that compute it."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from functools import cache

import pytest

import symbp
from symbp import examples
from symbp.network.items import Item, Loop, Noise, Scan, Statement, Zeros
from symbp.writers.equations import Entry, as_json, equations, step_lines
from symbp.writers.module import Module
from symbp.writers.package import package
from tests.examples import example

NAMES = examples.names()
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
KEYS = ["id", "pass", "layer", "defines", "uses", "latex", "code", "lines"]


@cache
def mapped(name: str) -> tuple[Module, tuple[Entry, ...]]:
    network = example(name)
    module = package(network.program).module
    return module, equations(network.program, module)


def items(program_part: tuple[Item, ...]) -> list[Statement | Noise]:
    found: list[Statement | Noise] = []
    for item in program_part:
        if isinstance(item, Loop | Scan):
            found += items(item.body)
        elif not isinstance(item, Zeros):
            found.append(item)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_of_the_network_appears_once(name):
    program = example(name).program
    module, entries = mapped(name)
    parts = (program.forward, program.loss, program.backward, program.updates)
    expected = [item.id for part in parts for item in items(part) if writes_code(item, module)]
    updates = [f"update.{p.key}" for p in program.graph.parameters]
    assert [e.id for e in entries] == expected + updates


def writes_code(item: Statement | Noise, module: Module) -> bool:
    """What a loop hands on under one name needs no line: ``dh = dh``."""
    passes_on = isinstance(item, Statement) and all(p.finished is None for p in item.pieces)
    assert item.id in module.lines or passes_on, item.id
    return item.id in module.lines


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_an_equation_stands_at_its_lines(name):
    module, entries = mapped(name)
    source = module.source.split("\n")
    for entry in entries:
        first, last = entry.lines
        assert 1 <= first <= last <= len(source)
        assert entry.code[0] and entry.code[-1], entry.id
        for code, line in zip(entry.code, source[first - 1 : last], strict=True):
            text = line.strip()
            assert text.startswith(code) if code else text.startswith("#"), entry.id


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_assign_what_the_equation_defines(name):
    """``dW2`` for an adjoint, whose parts may be added one by one, behind values that it reads twice;
    the loss may be returned as it is."""
    module, entries = mapped(name)
    source = module.source.split("\n")
    for entry in entries:
        if entry.part not in ("forward", "loss", "backward") or "." in entry.defines:
            continue
        first, last = entry.lines
        code = ast.parse(textwrap.dedent("\n".join(source[first - 1 : last])))
        if entry.part == "loss" and isinstance(code.body[-1], ast.Return):
            continue
        nodes = [node for node in ast.walk(code) if isinstance(node, ast.stmt)]
        assigned = [root(node) for node in nodes if not isinstance(node, ast.For)]
        assert root(innermost(code.body[-1])) == entry.defines, entry.id
        assert "" not in assigned, entry.id
        if any(isinstance(node, ast.AugAssign) for node in ast.walk(code)):
            assert set(assigned) == {entry.defines}, entry.id


def innermost(statement: ast.stmt) -> ast.stmt:
    """The last statement of loops over a window."""
    return innermost(statement.body[-1]) if isinstance(statement, ast.For) else statement


def root(statement: ast.AST) -> str:
    """The array that a statement writes to; empty where it is neither assignment nor ``add_at``."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        target = call.args[0] if ast.unparse(call.func) == "add_at" else None
    target = statement.target if isinstance(statement, ast.AugAssign) else target
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


@pytest.mark.parametrize("name", NAMES)
def test_what_an_equation_uses_was_mapped_before(name):
    seen: set[str] = set()
    for entry in mapped(name)[1]:
        assert set(entry.uses) <= seen, entry.id
        seen.add(entry.id)


@pytest.mark.parametrize("name", NAMES)
def test_the_document_has_the_keys_that_programs_rely_on(name):
    network = example(name)
    document = json.loads(json.dumps(as_json(network.program, mapped(name)[0])))
    assert list(document) == ["network", "equations"] and document["network"] == name
    for equation in document["equations"]:
        assert list(equation) == KEYS
        assert equation["pass"] in ("forward", "loss", "backward", "update")
        assert (
            set(equation["latex"]) <= {"scalar", "matrix", "index"} and "index" in equation["latex"]
        )
        assert all(not re.search("[\ue000-\ue005]", text) for text in equation["latex"].values())
        assert len(equation["lines"]) == 2


def test_the_article_s_gradient_in_all_notations():
    (entry,) = (e for e in mapped("article")[1] if e.id == "backward.dW2")
    assert entry.latex == {
        "scalar": r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial z_2} h",
        "matrix": r"\frac{\partial L}{\partial W_2} = h^\top \frac{\partial L}{\partial z_2}",
        "index": r"\frac{\partial L}{\partial W_{2,ij}} = \sum_{n} h_{ni} \frac{\partial L}{\partial z_{2,nj}}",
    }
    assert entry.code == ("dW2 = h.T @ dz2",)
    assert set(entry.uses) == {"forward.h", "backward.dz2"}


def test_no_scalar_form_where_one_neuron_shows_nothing():
    assert all("scalar" not in e.latex for e in mapped("digits_mlp")[1])
    assert all("scalar" in e.latex for e in mapped("swish")[1])


# -- update -----------------------------------------------------------------------------------------


def trained(optimizer: str, **more: object) -> symbp.Network:
    return symbp.Network(
        name="net",
        input={"shape": [2]},
        layer=[{"type": "dense", "units": 1}],
        loss={"type": "mse"},
        train={"optimizer": optimizer, **more},
    )


MOVES = {
    "sgd": "params = params | {name: params[name] - learning_rate * grads[name] for name in grads}",
    "momentum": "return value - rate * velocity, velocity",
    "nesterov": "return value - rate * (gradient + momentum * velocity), velocity",
    "rmsprop": "return value - rate * scaled, square",
    "adam": "return value - rate / (1 - betas[0] ** step) * mean / (root + eps), mean, square",
    "adamw": "return value - rate / (1 - betas[0] ** step) * mean / (root + eps), mean, square",
}


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("clip", [{}, {"clip_norm": 1.0}])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_update_rows_point_at_the_step_of_every_optimizer(optimizer, clip, schedule):
    more = {"momentum": 0.9} if optimizer in ("momentum", "nesterov") else {}
    network = trained(optimizer, schedule=schedule, **clip, **more)
    module = package(network.program).module
    rows = [e for e in equations(network.program, module) if e.id.startswith("update.")]
    assert [e.id for e in rows] == ["update.W1", "update.b1"]
    source = module.source.split("\n")
    for row in rows:
        assert row.uses == (f"backward.d{row.defines}",)
        assert (
            row.code[-1]
            .replace("rate * grads", "learning_rate * grads")
            .replace("learning_learning_", "learning_")
            == MOVES[optimizer]
            or clip
        )
        first, last = row.lines
        assert [line.strip() for line in source[first - 1 : last]] == list(row.code)
        ast.parse("\n".join(["def step():", *(f"    {line}" for line in row.code)]))


@pytest.mark.parametrize(
    ("optimizer", "latex"),
    [
        ("sgd", r"W_1 \leftarrow W_1 - \alpha \frac{\partial L}{\partial W_1}"),
        (
            "momentum",
            r"g = \frac{\partial L}{\partial W_1}, \; v \leftarrow \mu v + g, \;"
            r" W_1 \leftarrow W_1 - \alpha v",
        ),
        (
            "nesterov",
            r"g = \frac{\partial L}{\partial W_1}, \; v \leftarrow \mu v + g, \;"
            r" W_1 \leftarrow W_1 - \alpha (g + \mu v)",
        ),
        (
            "rmsprop",
            r"g = \frac{\partial L}{\partial W_1}, \; s \leftarrow \rho s + (1 - \rho) g^2, \;"
            r" W_1 \leftarrow W_1 - \alpha \frac{g}{\sqrt{s} + \varepsilon}",
        ),
    ],
)
def test_the_rule_is_that_of_the_optimizer(optimizer, latex):
    more = {"momentum": 0.9} if optimizer in ("momentum", "nesterov") else {}
    entries = equations(trained(optimizer, **more).program)
    (row,) = (e for e in entries if e.id == "update.W1")
    assert row.latex["matrix"] == latex


def test_a_step_is_found_by_what_it_does_and_not_by_its_words():
    source = (
        '"""Text with params - rate * grads."""\n\n\n'
        "def train(params):\n"
        "    params = dict(params)\n"
        "    for grads in ():\n"
        "        params = {\n"
        "            k: params[k] - 0.5 * grads[k]\n"
        "            for k in grads\n"
        "        }\n"
    )
    assert step_lines(source) == (7, 10)
