"""The equations of a network as the page reads them: formulas, lines, and how each one follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symbp.lecture.blocks import Fold, Line, Part, Words
from symbp.lecture.page_lines import NEXT, in_lines
from symbp.lecture.page_origins import origins
from symbp.lecture.terms import Marked
from symbp.network.program import Program
from symbp.writers.derivation import NOTATIONS
from symbp.writers.equations import Entry

Json = dict[str, Any]


def as_data(program: Program, entries: tuple[Entry, ...], marked: Marked, lang: str) -> Json:
    """``notations``, ``equations``, ``steps`` and ``intro``, all ready for JSON.

    ``steps`` has for each notation the blocks that lead to an equation, by its id; ``intro`` the
    blocks that belong to none: symbols, activations and their derivatives.
    """
    before = origins(program, entries)
    known = {notation for entry in entries for notation in entry.latex}
    same = {in_lines(text) for forms in marked.latex.values() for text in forms.values()}
    documents = {n: _document(marked.derivation(n, lang), same) for n in NOTATIONS}
    return {
        "notations": [notation for notation in NOTATIONS if notation in known],
        "equations": _equations(entries, marked, before),
        "steps": {notation: found.steps for notation, found in documents.items()},
        "intro": {notation: found.intro for notation, found in documents.items()},
    }


def _equations(
    entries: tuple[Entry, ...], marked: Marked, before: dict[str, tuple[str, ...]]
) -> list[Json]:
    made: list[Json] = []
    updates = 0
    for entry in entries:
        latex = marked.latex.get(entry.id, entry.latex)
        if entry.id.startswith("update."):
            updates += 1
            if updates > 1:  # how the moments are kept stands at the first parameter
                latex = {n: text.rpartition(NEXT)[2] for n, text in latex.items()}
        broken = {n: in_lines(text) for n, text in latex.items()}
        lines = {n: text for n, text in broken.items() if text != latex[n]}
        found: Json = {
            "id": entry.id,
            "part": entry.part,
            "from": list(before[entry.id]),
            "latex": latex,
            "plain": entry.plain,
        }
        made.append({**found, "lines": lines} if lines else found)
    return made


@dataclass(frozen=True)
class _Found:
    steps: dict[str, list[Json]]
    intro: list[Json]


def _document(parts: tuple[Part, ...], same: set[str]) -> _Found:
    """The blocks of a derivation, each with the equation that it leads to or stands below; without
    formulas that are the ``same`` as an equation."""
    steps: dict[str, list[Json]] = {}
    intro: list[Json] = []
    for part in parts:
        waiting: list[Json] = []
        last = ""
        for block, id in _flat(part):
            made = [] if block.get("latex") in same else [block]
            if block["kind"] == "shape" and last:
                steps[last] += made
                continue
            waiting += made
            if id:
                last = id
                steps.setdefault(id, []).extend(waiting)
                waiting = []
        if not last:
            intro += [{"kind": "title", "text": part.title}, *waiting]
    return _Found({id: found for id, found in steps.items() if found}, intro)


def _flat(part: Part) -> Iterator[tuple[Json, str]]:
    """Every block in order, and of a result's first line the equation it is."""
    for block in part.blocks:
        if isinstance(block, Fold):
            before: tuple[Words | Line, ...] = (*block.heading, *block.steps)
            for inner in before:
                yield _block(inner), ""
            for line in block.result:
                yield _block(line), line.id
        else:
            yield _block(block), "" if isinstance(block, Words) else block.id


def _block(block: Words | Line) -> Json:
    if isinstance(block, Words):
        return {"kind": "text", "text": block.text, **({"item": True} if block.item else {})}
    found = {"kind": block.kind, "latex": in_lines(block.latex)}
    return {**found, "why": block.reason} if block.reason else found
