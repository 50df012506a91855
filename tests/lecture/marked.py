"""Marked LaTeX as data: its terms, and the text without them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import symbp
from symbp.lecture.terms import Marked, marked
from symbp.network.program import Program
from symbp.writers.equations import Entry, equations
from symbp.writers.module import Module, write
from tests import examples as networks

TERM = re.compile(r"\\htmlData\{term=([^{}]*)\}\{")


@dataclass(frozen=True, eq=False)
class Case:
    """One network with everything that its page links."""

    program: Program
    module: Module
    entries: tuple[Entry, ...]
    marked: Marked

    def line(self, number: int) -> str:
        return self.module.source.split("\n")[number - 1]

    def entry(self, id: str) -> Entry:
        return next(e for e in self.entries if e.id == id)

    @property
    def computed(self) -> list[Entry]:
        """The equations of the passes; the update's lines move all parameters at once."""
        return [e for e in self.entries if e.layer != "train"]

    def code_terms(self, entry: Entry) -> set[str]:
        numbers = range(entry.lines[0], entry.lines[1] + 1)
        return {span.term for n in numbers for span in self.marked.code.get(n, ())}

    def formula_terms(self, entry: Entry) -> set[str]:
        """Those in index form, or in the one form that there is."""
        forms = self.marked.latex[entry.id]
        return terms(forms.get("index") or next(iter(forms.values())))


@cache
def example(name: str) -> Case:
    return case(networks.example(name))


def case(network: symbp.Network) -> Case:
    program = network.program
    module = write(program)
    return Case(program, module, equations(program, module), marked(program, module))


def terms(latex: str) -> set[str]:
    return set(TERM.findall(latex))


def tensors(found: set[str]) -> set[str]:
    return {key for key in found if key.startswith("t.")}


def without_terms(latex: str) -> str:
    """The text within the terms; AssertionError where braces do not balance."""
    made, place = "", 0
    opened: list[bool] = []  # of each open brace, whether a term's text stands in it
    while place < len(latex):
        term = TERM.match(latex, place)
        char = latex[place : place + 2] if latex[place] == "\\" else latex[place]
        if term or char == "{":
            opened.append(bool(term))
        shown = not term and not (char == "}" and opened.pop())
        made += char * shown
        place += len(term[0]) if term else len(char)
    assert not opened, latex
    return made


def texts(latex: str, key: str) -> list[str]:
    """What stands in the term wherever it occurs."""
    return [without_terms(_group(latex, m.end())) for m in TERM.finditer(latex) if m[1] == key]


def _group(latex: str, start: int) -> str:
    """From behind an opening brace to before its closing one."""
    depth, place = 1, start
    while depth:
        depth += (latex[place] == "{") - (latex[place] == "}")
        place += 1
    return latex[start : place - 1]
