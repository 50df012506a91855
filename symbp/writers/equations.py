"""Formula and code, equation by equation: what ``map`` shows and what ``--format json`` gives."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from symbp.calculus.equation import ADJOINT
from symbp.network.items import Item, Loop, Noise, Scan, Statement, Zeros
from symbp.network.program import Program
from symbp.printers.dialect import LATEX, PLAIN
from symbp.printers.naming import Name
from symbp.writers.document import Text
from symbp.writers.formulas import Formulas
from symbp.writers.module import Module, write
from symbp.writers.scalar import Scalar
from symbp.writers.storage import Storage, plan
from symbp.writers.update_rule import update_rule

UPDATE = "update"  # what the lines of a Trainer that move its parameters are marked with


@dataclass(frozen=True)
class Entry:
    """One equation: its formulas, and the lines of the generated module that compute it."""

    id: str
    part: str  # forward | loss | backward | update
    layer: str
    defines: str
    uses: tuple[str, ...]
    latex: dict[str, str]
    plain: str
    code: tuple[str, ...]
    lines: tuple[int, int]
    numbers: tuple[int, ...]  # of each line of the code

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "pass": self.part,
            "layer": self.layer,
            "defines": self.defines,
            "uses": list(self.uses),
            "latex": self.latex,
            "code": list(self.code),
            "lines": list(self.lines),
        }


def equations(
    program: Program, module: Module | None = None, storage: Storage | None = None
) -> tuple[Entry, ...]:
    """Every equation of the network in the order in which the module computes them.

    ``module`` is the one whose lines are counted (default: what ``generate`` writes); ``storage``
    says how tensors are written.
    """
    return _Map(program, module or write(program), storage or plan(program)).entries()


def as_json(program: Program, module: Module | None = None) -> dict[str, Any]:
    """The document of ``derive --format json`` and ``map --format json``."""
    return {
        "network": program.graph.spec.name,
        "equations": [e.as_json() for e in equations(program, module)],
    }


class _Map:
    def __init__(self, program: Program, module: Module, storage: Storage) -> None:
        self.program = program
        self.module = module
        self.source = module.source.split("\n")
        self.storage = storage
        self.formulas = Formulas(self.storage)
        self.scalar = Scalar(self.storage)

    def entries(self) -> tuple[Entry, ...]:
        made: list[Entry] = []
        defined: dict[str, str] = {}
        for part in ("forward", "loss", "backward", "updates"):
            for item in self.flat(getattr(self.program, part)):
                entry = self.entry(item, defined)
                if entry is not None:
                    made.append(entry)
                    defined[item.defines] = item.id
        return (*made, *self.steps(defined))

    def flat(self, items: tuple[Item, ...]) -> list[Statement | Noise]:
        found: list[Statement | Noise] = []
        for item in items:
            if isinstance(item, Loop | Scan):
                found += self.flat(item.body)
            elif not isinstance(item, Zeros):
                found.append(item)
        return found

    def entry(self, item: Statement | Noise, defined: dict[str, str]) -> Entry | None:
        lines = self.module.lines.get(item.id)
        if lines is None:
            return None
        numbers = self.module.trained.get(item.id) or tuple(range(lines[0], lines[1] + 1))
        code = tuple(self.code(n) for n in numbers)
        name = self.storage.name(item.defines)
        if isinstance(item, Noise):
            keep = rf"\frac{{1}}{{{1 - item.rate:g}}} \, [u \ge {item.rate:g}]"
            latex = {"index": rf"{name.latex()} = {keep}, \; u \sim U(0, 1)"}
            plain = f"{name.unicode()} = [u >= {item.rate:g}]/{1 - item.rate:g}, u ~ U(0, 1)"
            return Entry(
                item.id, "forward", item.layer, item.defines, (), latex, plain, code, lines, numbers
            )
        part = "update" if item.part == "update" else item.part
        uses = tuple(dict.fromkeys(defined[r] for r in item.reads if r in defined))
        return Entry(
            item.id, part, item.layer, self.code_name(item.defines), uses,
            self.latex(item), self.formulas.formula(item, PLAIN), code, lines, numbers,
        )  # fmt: skip

    def code_name(self, defines: str) -> str:
        bare = defines.lstrip(ADJOINT)
        return "d" * (len(defines) - len(bare)) + bare

    def code(self, number: int) -> str:
        """A line of the module without its indentation and comment."""
        return re.sub(r"\s+# .*$", "", self.source[number - 1]).strip()

    def latex(self, item: Statement) -> dict[str, str]:
        found = {"scalar": self.scalar_form(item)} if not self.scalar.degenerate else {}
        for notation in ("matrix", "index"):
            found[notation] = self.formulas.formula(item, LATEX, notation)
        return {notation: text for notation, text in found.items() if text}

    def scalar_form(self, item: Statement) -> str:
        return f"{self.scalar.symbol(item.defines, LATEX)} = {self.scalar.right_side(item)}"

    def steps(self, defined: dict[str, str]) -> list[Entry]:
        """The update rule of each parameter, beside the lines of the module that move it."""
        first, last = step_lines(self.module.source)
        moved = self.module.trained.get(UPDATE, ())
        numbers = moved or tuple(range(first, last + 1))
        code = tuple(self.code(n) for n in numbers)
        lines = (numbers[0], numbers[-1])
        made: list[Entry] = []
        for p in self.program.graph.parameters:
            own, slope = self.storage.name(p.name), self.storage.name(ADJOINT + p.name)
            whole, plain = self.rule(own, slope)
            if made:  # the moments' rules stand in the map once
                plain = plain.rpartition("; ")[2]
            latex = {"matrix": whole, "index": whole}
            if not self.scalar.degenerate:
                latex = {"scalar": self.rule(own.scalar(), slope.scalar())[0], **latex}
            uses = (defined[ADJOINT + p.name],) if ADJOINT + p.name in defined else ()
            name = f"update.{p.key}"
            made.append(
                Entry(name, "update", "train", p.key, uses, latex, plain, code, lines, numbers)
            )
        return made

    def rule(self, own: Name, slope: Name) -> tuple[str, str]:
        """What a training step does to one parameter, in LaTeX and in plain text."""
        texts = (Text(name.latex(), name.unicode()) for name in (own, slope))
        rule = update_rule(self.program.graph.spec.train, *texts)
        return (
            r", \; ".join(f.latex for f in rule.formulas),
            "; ".join(f.plain for f in rule.formulas),
        )


def step_lines(source: str) -> tuple[int, int]:
    """First and last line of a training step in a module: the body of ``_updated``, or the line of
    ``train`` that moves the parameters against their gradients."""
    functions = {f.name: f for f in ast.parse(source).body if isinstance(f, ast.FunctionDef)}
    if "_updated" in functions:
        body = functions["_updated"].body
        code = [
            s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        ]
        return code[0].lineno, code[-1].end_lineno or code[-1].lineno
    for node in ast.walk(functions["train"]):
        if not isinstance(node, ast.Assign) or _names(node.targets[0]) != {"params"}:
            continue
        if {"params", "grads"} <= _names(node.value):
            return node.lineno, node.end_lineno or node.lineno
    raise AssertionError("train does not move params")


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
