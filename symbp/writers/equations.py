"""Formula and code, equation by equation: what ``map`` shows and what ``--format json`` gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symbp.calculus.equation import ADJOINT
from symbp.network.program import Item, Loop, Noise, Statement
from symbp.printers.dialect import LATEX, PLAIN
from symbp.writers.formulas import Formulas
from symbp.writers.module import Module, write
from symbp.writers.scalar import Scalar
from symbp.writers.storage import Storage, plan

if TYPE_CHECKING:
    from symbp.api import Network


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


def equations(network: Network, module: Module | None = None) -> tuple[Entry, ...]:
    """Every equation of the network in the order in which the module computes them.

    ``module`` is the one whose lines are counted (default: what ``generate`` writes).
    """
    return _Map(network, module or write(network.program)).entries()


def as_json(network: Network, module: Module | None = None) -> dict[str, Any]:
    """The document of ``derive --format json`` and ``map --format json``."""
    return {
        "network": network.name,
        "equations": [e.as_json() for e in equations(network, module)],
    }


class _Map:
    def __init__(self, network: Network, module: Module) -> None:
        self.program = network.program
        self.module = module
        self.source = module.source.split("\n")
        self.storage: Storage = plan(self.program)
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
            found += self.flat(item.body) if isinstance(item, Loop) else [item]
        return found

    def entry(self, item: Statement | Noise, defined: dict[str, str]) -> Entry | None:
        lines = self.module.lines.get(item.id)
        if lines is None:
            return None
        code = tuple(self.code(n) for n in range(lines[0], lines[1] + 1))
        name = self.storage.name(item.defines)
        if isinstance(item, Noise):
            keep = rf"\frac{{1}}{{{1 - item.rate:g}}} \, [u \ge {item.rate:g}]"
            latex = {"index": rf"{name.latex()} = {keep}, \; u \sim U(0, 1)"}
            plain = f"{name.unicode()} = [u >= {item.rate:g}]/{1 - item.rate:g}, u ~ U(0, 1)"
            return Entry(
                item.id, "forward", item.layer, item.defines, (), latex, plain, code, lines
            )
        part = "update" if item.part == "update" else item.part
        uses = tuple(dict.fromkeys(defined[r] for r in item.reads if r in defined))
        return Entry(
            item.id, part, item.layer, self.code_name(item.defines), uses,
            self.latex(item), self.formulas.formula(item, PLAIN), code, lines,
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
        """The update rule of each parameter, computed by the lines of ``train`` that move it."""
        numbers = self.update_lines()
        if not numbers:
            return []
        lines = (numbers[0], numbers[-1])
        code = tuple(self.code(n) for n in range(lines[0], lines[1] + 1))
        made = []
        for p in self.program.graph.parameters:
            own, slope = self.storage.name(p.name), self.storage.name(ADJOINT + p.name)
            latex = {"matrix": rf"{own.latex()} \leftarrow {own.latex()} - \alpha {slope.latex()}"}
            latex["index"] = latex["matrix"]
            if not self.scalar.degenerate:
                small, steep = own.scalar(), slope.scalar()
                latex = {
                    "scalar": rf"{small.latex()} \leftarrow {small.latex()} - \alpha {steep.latex()}",
                    **latex,
                }
            plain = f"{own.unicode()} ← {own.unicode()} - α {slope.unicode()}"
            uses = (defined[ADJOINT + p.name],) if ADJOINT + p.name in defined else ()
            made.append(
                Entry(f"update.{p.key}", "update", "train", p.key, uses, latex, plain, code, lines)
            )
        return made

    def update_lines(self) -> list[int]:
        """The lines of ``train`` in which parameters move against their gradients."""
        inside = False
        found = []
        for number, line in enumerate(self.source, 1):
            if line.startswith("def "):
                inside = line.startswith(("def train(", "def _step(", "def _update("))
            if inside and "params" in line and re.search(r"-\s*(learning_rate|rate|lr)\b", line):
                found.append(number)
        return found[:1]
