"""The equations of a network as the page reads them: formulas, lines, and how each one follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symbp.lecture.page_origins import origins
from symbp.lecture.terms import Marked
from symbp.network.program import Program
from symbp.writers.derivation import NOTATIONS, derivation
from symbp.writers.document import Block, Formula, Sentence
from symbp.writers.equations import Entry
from symbp.writers.phrases import phrase

Json = dict[str, Any]


def as_data(program: Program, entries: tuple[Entry, ...], marked: Marked, lang: str) -> Json:
    """``notations``, ``equations``, ``steps`` and ``intro``, all ready for JSON.

    ``steps`` has for each notation the blocks that lead to an equation, by its id; ``intro`` the
    blocks that belong to none: symbols, activations and their derivatives.
    """
    before = origins(program, entries)
    same = {text for e in entries for text in e.latex.values()}
    documents = {notation: _document(program, notation, lang, same) for notation in NOTATIONS}
    known = {notation for entry in entries for notation in entry.latex}
    return {
        "notations": [notation for notation in NOTATIONS if notation in known],
        "equations": [_equation(e, marked, before[e.id]) for e in entries],
        "steps": {notation: found.steps for notation, found in documents.items()},
        "intro": {notation: found.intro for notation, found in documents.items()},
    }


def _equation(entry: Entry, marked: Marked, before: tuple[str, ...]) -> Json:
    return {
        "id": entry.id,
        "part": entry.part,
        "defines": f"t.{code_name(entry.defines)}",
        "from": list(before),
        "latex": marked.latex.get(entry.id, entry.latex),
        "plain": entry.plain,
    }


def code_name(defines: str) -> str:
    """The variable behind the name of a tensor: the copies of a repeat share one."""
    return defines.partition(".")[0]


@dataclass(frozen=True)
class _Found:
    steps: dict[str, list[Json]]
    intro: list[Json]


def _document(program: Program, notation: str, lang: str, same: set[str]) -> _Found:
    """The blocks of a derivation, each with the equation that it leads to or follows; without those
    that are the ``same`` as the equation itself."""
    steps: dict[str, list[Json]] = {}
    intro: list[Json] = []
    for section in derivation(program, notation=notation, lang=lang).sections:
        waiting: list[Json] = [{"kind": "title", "text": section.title}]
        last = ""
        for block in section.blocks:
            made = _block(block, lang)
            if isinstance(block, Formula) and block.kind == "shape" and last:
                steps[last].append(made)
                continue
            if made.get("latex") not in same:
                waiting.append(made)
            if isinstance(block, Formula) and block.id:
                last = block.id
                steps.setdefault(last, []).extend(b for b in waiting if b["kind"] != "title")
                waiting = []
        if not last:
            intro += waiting
    return _Found(steps, intro)


def _block(block: Block, lang: str) -> Json:
    if isinstance(block, Sentence):
        return {"kind": "text", "text": block.latex, **({"item": True} if block.item else {})}
    found = {"kind": block.kind, "latex": block.latex}
    return {**found, "why": phrase(block.reason, lang)} if block.reason else found
