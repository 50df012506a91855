"""The network as a picture: forward on the left side down to the loss, backward on the right side up."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from symbp.calculus.equation import ADJOINT
from symbp.lecture.page_keys import Keys
from symbp.lecture.picture_layout import (
    BESIDE,
    BOX,
    CHIP,
    GAP,
    LANE,
    TAG,
    TITLE,
    Layout,
    Placed,
    Way,
    layout,
)  # fmt: skip
from symbp.lecture.picture_parts import Parts
from symbp.lecture.picture_plan import Box, Close, Open, Tag, plan
from symbp.lecture.text import word
from symbp.network.program import Program
from symbp.writers.equations import Entry

EDGE = 8  # for frames, on both sides
IN = 16  # how far inside its box an arrow runs
LONG = 19  # letters of a box's name at full size
INSIDE = 5  # the space at a box's edge


def picture(program: Program, entries: tuple[Entry, ...], lang: str) -> str:
    """The whole ``svg`` element. Everything in it that stands for a tensor carries its key."""
    keys = Keys(program, entries)
    placed = layout(plan(program, entries, keys))
    made = _Picture(program, entries, keys, placed, lang)
    label = escape(word("picture", lang))
    return (
        f'<svg viewBox="{-EDGE} 0 {placed.width + 2 * EDGE:g} {placed.height:g}" '
        f'role="group" aria-label="{label}">'
        f"{''.join(made.draw())}</svg>"
    )


class _Picture:
    def __init__(
        self, program: Program, entries: tuple[Entry, ...], keys: Keys, placed: Layout, lang: str
    ) -> None:
        self.program = program
        self.entries = entries
        self.keys = keys
        self.layout = placed
        self.lang = lang
        self.parts = Parts(program, keys)
        self.forward_x = placed.left + IN
        self.backward_x = placed.right - IN

    def draw(self) -> Iterator[str]:
        """Frames lie below ways around, these below boxes and arrows."""
        yield from self.frames()
        for way in self.layout.ways:
            yield from self.way(way)
        for k, placed in enumerate(self.layout.rows):
            row = placed.row
            if isinstance(row, Box):
                yield from self.box(row, placed)
            elif isinstance(row, Tag):
                yield from self.tag(row, placed, k)
            else:
                yield from self.through(row, placed)

    def frames(self) -> Iterator[str]:
        opened: list[Placed] = []
        for placed in self.layout.rows:
            if isinstance(placed.row, Open):
                opened.append(placed)
            elif isinstance(placed.row, Close):
                first = opened.pop()
                assert isinstance(first.row, Open)
                yield self.frame(first, placed, first.row)

    def frame(self, first: Placed, last: Placed, row: Open) -> str:
        inset = 4 * first.depth - EDGE + 1
        x, width = inset, self.layout.width - 2 * inset
        y, height = first.y + 6, last.bottom - first.y - 8
        level = row.level
        times = escape(word("times", self.lang, times=level.times))
        copies = escape(word("copies", self.lang, letter=level.letter, last=level.times - 1))
        return (
            f'<g class="frame"><rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="12"/>'
            f'<text x="{x + 12:g}" y="{y + 19:g}" class="times">× {level.times}</text>'
            f'<text x="{x + width - 12:g}" y="{y + 19:g}" class="copies">{copies}</text>'
            f"<title>{times}</title></g>"
        )

    def through(self, row: Open | Close, placed: Placed) -> Iterator[str]:
        """The lines through the edge of a frame."""
        repeat = row.repeat
        tensor = repeat.source if isinstance(row, Open) else repeat.end
        forward = f"M{self.forward_x:g} {placed.y:g}v{placed.height:g}"
        backward = f"M{self.backward_x:g} {placed.y:g}v{placed.height:g}"
        yield self.parts.wire(tensor, "fwd", forward)
        yield self.back(tensor, backward)

    def back(self, tensor: str, path: str, head: str = "") -> str:
        """A derivative's way; one that is never computed apart from the next has no key."""
        if self.keys.is_used(ADJOINT + tensor):
            return self.parts.wire(ADJOINT + tensor, "bwd", path, head)
        return self.parts.arrow("bwd", path, head)

    def box(self, row: Box, placed: Placed) -> Iterator[str]:
        left, right = self.layout.left, self.layout.right
        own = [e.id for e in self.entries if e.layer == row.layer and e.part != "update"]
        equations = escape(" ".join(own))
        kind = f"{word('loss_box', self.lang)}: {row.kind}" if row.layer == "loss" else row.kind
        small = ' class="small"' if len(kind) > LONG else ""
        yield (
            f'<g class="box" data-eq="{equations}" tabindex="0" role="button">'
            f'<rect x="{left:g}" y="{placed.y:g}" width="{BOX}" height="{placed.height:g}" rx="9"/>'
            f'<text{small} x="{left + BOX / 2:g}" y="{placed.y + 18:g}">{escape(kind)}</text></g>'
        )
        for k, name in enumerate((*row.inner, *row.shares)):
            y = placed.y + TITLE + k * (CHIP + GAP)
            wide = (BOX - 3 * INSIDE) / 2
            if self.keys.is_used(name) and not self.program.tensors[name].delayed:
                yield self.parts.chip(name, "fwd", left + INSIDE, y, wide)
            if self.keys.is_used(ADJOINT + name):
                yield self.parts.chip(ADJOINT + name, "bwd", right - INSIDE - wide, y, wide)
        for k, name in enumerate(row.parameters):
            y = placed.y + 2 + k * (CHIP + GAP)
            middle = y + CHIP / 2
            kind = "par" if self.program.tensors[name].role != "target" else "tgt"
            yield self.parts.wire(name, kind, f"M{BESIDE:g} {middle:g}H{left - 1:g}", "right")
            yield self.parts.chip(name, kind, 0, y, BESIDE, shape=True)
            if self.keys.is_used(ADJOINT + name):
                far = self.layout.width - BESIDE
                path = f"M{right + 1:g} {middle:g}H{far - 1:g}"
                yield self.parts.wire(ADJOINT + name, "bwd", path, "right")
                yield self.parts.chip(ADJOINT + name, "bwd", far, y, BESIDE)

    def tag(self, row: Tag, placed: Placed, k: int) -> Iterator[str]:
        rows = self.layout.rows
        behind = rows[k + 1].row if k + 1 < len(rows) else None
        reads = isinstance(behind, Box) and row.tensor in behind.inputs
        enters = isinstance(behind, Open) and behind.repeat.source == row.tensor
        goes_on = reads or enters or isinstance(behind, Close)
        turns = any(way.start == k for way in self.layout.ways)
        end = placed.bottom if goes_on else placed.y + TAG - 14 if turns else placed.y + 24
        small = self.parts.wide(row.tensor) > BOX - 2 * IN - 24
        first = k == 0
        top = placed.y + (16 if first else 0)
        if goes_on or turns:
            head = "down" if reads else ""
            yield self.parts.tensor(
                row.tensor, "fwd", f"M{self.forward_x:g} {top:g}V{end:g}", head,
                self.forward_x + 8, placed.y, small,
            )  # fmt: skip
        else:
            yield self.parts.result(row.tensor, self.layout.left + BOX / 2, placed)
        yield self.parts.shape(row.tensor, self.layout.left + BOX / 2, placed.bottom - 6)
        if self.keys.is_used(ADJOINT + row.tensor):
            yield self.parts.tensor(
                ADJOINT + row.tensor, "bwd", f"M{self.backward_x:g} {end:g}V{placed.y:g}",
                "" if isinstance(rows[k - 1].row, Open) else "up", self.backward_x - 8, placed.y,
                small,
            )  # fmt: skip
        elif (goes_on or turns) and self.goes_back(row.tensor):
            yield self.parts.arrow("bwd", f"M{self.backward_x:g} {end:g}V{placed.y:g}", "")

    def way(self, way: Way) -> Iterator[str]:
        """Forward on the left of the boxes, and the adjoint's way back on the right."""
        start, end = self.layout.rows[way.start], self.layout.rows[way.end]
        out = start.bottom - 14
        busy = isinstance(end.row, Box) and bool(end.row.parameters)
        into = end.bottom - 9 if busy else end.y + end.height / 2
        lane = self.layout.left - 8 - LANE * way.lane
        enters = self.layout.left - 1 if isinstance(end.row, Box) else self.forward_x
        curve = self.parts.around(self.forward_x, out, lane, into, enters)
        yield self.parts.wire(way.tensor, "fwd", curve, "right")
        if self.goes_back(way.tensor):
            lane = self.layout.right + 8 + LANE * way.lane
            leaves = self.layout.right if isinstance(end.row, Box) else self.backward_x
            curve = self.parts.around(leaves, into, lane, out, self.backward_x + 1)
            yield self.back(way.tensor, curve, "left")

    def goes_back(self, tensor: str) -> bool:
        """Whether a derivative passes here: also one that is never computed apart from the next."""
        inner = self.program.tensors[tensor].role == "activation"
        return inner or self.keys.is_used(ADJOINT + tensor)
