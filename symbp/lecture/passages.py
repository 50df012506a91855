"""A derivation in passages, each around equations that the generated code computes.

passages(network.program, "en")[4].ids  # ("backward.dz2",): its chain rule, its steps, its result
"""

from __future__ import annotations

from dataclasses import dataclass

from symbp.network.program import Program
from symbp.writers.derivation import derivation
from symbp.writers.document import Block, Formula, Sentence
from symbp.writers.phrases import phrase

PARTS = ("symbols", "functions", "forward", "loss", "backward", "update")


@dataclass(frozen=True)
class Passage:
    """Sentences and formulas around the equations ``ids``; none where no code computes them, as in
    the list of symbols."""

    part: str
    blocks: tuple[Block, ...]
    ids: tuple[str, ...]


def passages(program: Program, lang: str, notation: str = "matrix") -> tuple[Passage, ...]:
    """The derivation of all gradients, cut behind each equation."""
    document = derivation(program, notation=notation, lang=lang)
    titles = {phrase(part, lang): part for part in PARTS}
    found: list[Passage] = []
    seen: set[str] = set()
    for section in document.sections:
        part = titles.get(section.title, PARTS[0])
        cuts = _cut(section.blocks) if part in ("forward", "loss", "backward") else [section.blocks]
        for blocks in cuts:
            named = [b.id for b in blocks if isinstance(b, Formula) and b.id]
            ids = tuple(i for i in dict.fromkeys(named) if i not in seen)
            seen.update(ids)
            if not ids and found and found[-1].part == part:  # a remark on what came before
                blocks, ids = found[-1].blocks + blocks, found.pop().ids
            found.append(Passage(part, blocks, ids))
    return tuple(found)


def _cut(blocks: tuple[Block, ...]) -> list[tuple[Block, ...]]:
    """The blocks, cut before the first one behind an equation that has nothing to do with it."""
    made: list[list[Block]] = [[]]
    own: set[str] = set()
    for block in blocks:
        if own and _begins(block, own):
            made.append([])
            own = set()
        made[-1].append(block)
        if isinstance(block, Formula) and block.id:
            own.add(block.id)
    return [tuple(part) for part in made if part]


def _begins(block: Block, own: set[str]) -> bool:
    """Whether another passage begins here: no shape, no further line of the same equation."""
    if isinstance(block, Sentence):
        return True
    goes_on = not block.left.plain or block.id in own
    return block.kind != "shape" and not goes_on
