"""A network as Beamer slides: a line of its derivation an overlay, beside the code that computes it.

    for name, text in slides(symbp.load("article"), "en").items():
        (folder / name).write_text(text)

pdflatex compiles the English ones, xelatex with ctex and the Fandol fonts the Chinese ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from symbp.lecture import slides_tex as tex
from symbp.lecture.page import Network
from symbp.lecture.passages import PARTS, Passage, passages
from symbp.lecture.slides_code import FUNCTIONS, Row, rows, window
from symbp.lecture.slides_frames import Frame, frames
from symbp.writers.environment import render
from symbp.writers.equations import Entry, equations
from symbp.writers.package import package
from symbp.writers.phrases import phrase

MAIN = "slides.tex"
COMMANDS = {"en": "pdflatex slides.tex, twice", "zh": "xelatex slides.tex, twice"}
STEP = "update"  # all lines of a step belong to all of its formulas


def slides(network: Network, lang: str = "en") -> dict[str, str]:
    """File names and their text: ``slides.tex``, and a fragment for each part that it inputs.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    program = network.program
    spec = program.graph.spec
    module = package(program).module
    entries = equations(program, module)
    told = passages(program, lang)
    files = {}
    for part in PARTS:
        own = [p for p in told if p.part == part]
        code = rows(part, module, entries) if part in (*FUNCTIONS, STEP) else ()
        shown = _frames(own, _told(code, own, entries), lang)
        if shown:
            files[part] = render("slides/part.tex.jinja", title=phrase(part, lang), frames=shown)
    main = render(
        "slides/slides.tex.jinja",
        command=COMMANDS[lang],
        chinese=lang == "zh",
        name=tex.words(spec.name, True),
        title=tex.words(phrase("title", lang, name=spec.name), lang == "zh"),
        subtitle=tex.words(spec.title, lang == "zh"),
        parts=list(files),
    )
    return {MAIN: main, **{f"{part}.tex": text for part, text in files.items()}}


def _frames(own: Sequence[Passage], code: tuple[Row, ...], lang: str) -> list[dict[str, Any]]:
    """The slides of a part, as the template takes them."""
    made: list[dict[str, Any]] = []
    known: frozenset[str] = frozenset()
    for passage in _packed(own):
        ids = frozenset({STEP} if passage.part == STEP else passage.ids)
        for k, frame in enumerate(frames(passage.blocks, lang, code)):
            if passage.part == STEP:
                frame = Frame([replace(i, ids=ids) for i in frame.items])
            stated = frame.ids & ids
            near = window(code, stated or ids)
            lines = tex.code(frame, near, known, ids)
            made.append({"body": tex.body(frame), "code": lines, "again": k + 1 if k else 0})
            known |= stated
    return made


def _packed(own: Sequence[Passage]) -> Iterator[Passage]:
    """The passages; those of the forward pass, which have one formula each, as one."""
    if own and own[0].part == "forward":
        ids = tuple(id for passage in own for id in passage.ids)
        yield Passage("forward", tuple(b for passage in own for b in passage.blocks), ids)
    else:
        yield from own


def _told(
    code: tuple[Row, ...], own: Sequence[Passage], entries: Sequence[Entry]
) -> tuple[Row, ...]:
    """The rows, each under the equations that the derivation states: what it leaves out, as a
    maximum against overflow, goes with the equation that needs it."""
    stated = {id for p in own for id in p.ids}
    teller: dict[str, str] = {}
    following = ""
    for entry in reversed(entries):
        if entry.part == STEP:
            teller[entry.id] = STEP
        elif not entry.id.endswith(".inference"):
            following = entry.id if entry.id in stated else following
            teller[entry.id] = following
    return tuple(replace(row, ids=frozenset(teller.get(i, i) for i in row.ids)) for row in code)
