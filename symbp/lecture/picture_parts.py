"""The parts that the picture is drawn with: arrows, chips, labels, and the places of values."""

from __future__ import annotations

from html import escape

from symbp.calculus.equation import ADJOINT
from symbp.lecture.page_keys import Keys
from symbp.lecture.picture_labels import label, shape_text, spoken
from symbp.lecture.picture_labels import width as label_width
from symbp.lecture.picture_layout import CHIP, Placed
from symbp.network.program import Program

HEADS = {"down": "l-4.5-8h9z", "up": "l-4.5 8h9z", "right": "l-8-4.5v9z", "left": "l8-4.5v9z"}
PAD = 6  # between a chip's edge and its text
ROUND = 7  # the radius of a way's corners
SLOT = (30, 22)  # width and height of the place for a tensor's values


class Parts:
    def __init__(self, program: Program, keys: Keys) -> None:
        self.program = program
        self.keys = keys

    def arrow(self, kind: str, path: str, head: str) -> str:
        """A line that is no tensor of its own, with a head at its end if it has one."""
        end = self._head(path, head) if head else ""
        return f'<g class="{kind}"><path class="wire" d="{path}"/>{end}</g>'

    def wire(self, tensor: str, kind: str, path: str, head: str = "") -> str:
        """A further line that is a tensor on its way; its name stands elsewhere."""
        halo = f'<path class="halo" d="{path}"/>'
        line = f'<path class="wire" d="{path}"/>'
        end = self._head(path, head) if head else ""
        return f'<g class="{kind}"{self._keys(tensor)}>{halo}{line}{end}</g>'

    def wide(self, tensor: str) -> float:
        """About how wide the names of a tensor and of its adjoint are, side by side."""
        return sum(label_width(self.keys.name(name)) for name in (tensor, ADJOINT + tensor))

    def tensor(
        self, tensor: str, kind: str, path: str, head: str, x: float, y: float, small: bool
    ) -> str:
        """An arrow between boxes with its tensor's name, and below it the place for its values."""
        before = kind == "bwd"
        anchor = ' text-anchor="end"' if before else ""
        wide, high = SLOT
        slot = self.slot(tensor, x - wide if before else x, y + 25, wide, high)
        line = f'<path class="wire" d="{path}"/>'
        hit = f'<path class="hit" d="{path}"/>'
        size = " small" if small else ""
        name = self._label(tensor)
        text = f'<text class="name{size}" x="{x:g}" y="{y + 17:g}"{anchor}>{name}</text>'
        back = self._back(tensor, x, y + 3, before)
        head_ = self._head(path, head) if head else ""
        return f"<g{self._links(tensor, kind)}>{hit}{back}{line}{head_}{text}{slot}</g>"

    def result(self, tensor: str, x: float, placed: Placed) -> str:
        """What the last box gives."""
        y = placed.y
        wide, high = SLOT
        return (
            f'<g{self._links(tensor, "end")}><path class="wire" d="M{x:g} {y:g}v10"/>'
            f'<rect class="back" x="{x - 22:g}" y="{y + 11:g}" width="44" height="22" rx="6"/>'
            f'<text class="name" x="{x:g}" y="{y + 27:g}" text-anchor="middle">'
            f"{self._label(tensor)}</text>"
            f"{self.slot(tensor, x - wide, y + 36, 2 * wide, high)}</g>"
        )

    def shape(self, tensor: str, x: float, y: float) -> str:
        """The shape of a tensor and of its adjoint, between their arrows."""
        text = self._shape(tensor)
        small = " tiny" if len(text) > 9 else ""
        place = f'class="shape{small}" x="{x:g}" y="{y:g}"'
        return f"<text {place}{self._keys(tensor)}>{text}</text>" if text else ""

    def chip(
        self, tensor: str, kind: str, x: float, y: float, width: float, shape: bool = False
    ) -> str:
        """A tensor that no arrow carries, in a frame of its own."""
        name = self.keys.name(tensor)
        wide = 24 if label_width(name) < width - 24 - 2 * PAD else 18
        high = CHIP - 8
        small = " small" if label_width(name) > width - wide - 2 * PAD else ""
        right = x + width - PAD + 2
        text = self._shape(tensor) if shape else ""
        room = width - 2 * PAD - label_width(name)
        tiny = " tiny" if 7 * len(text) > room else ""
        fits = 5.6 * len(text) < room
        about = (
            f'<text class="shape side{tiny}" x="{right:g}" y="{y + CHIP / 2 + 4:g}">{text}</text>'
        )
        return (
            f"<g{self._links(tensor, f'chip {kind}')}>"
            f'<rect class="back" x="{x:g}" y="{y:g}" width="{width:g}" height="{CHIP}" rx="6"/>'
            f'<text class="name{small}" x="{x + PAD:g}" y="{y + CHIP / 2 + 4:g}">{label(name)}</text>'
            f"{about if text and fits else ''}{self.slot(tensor, right - wide, y + 4, wide, high)}</g>"
        )

    def slot(self, tensor: str, x: float, y: float, wide: float, high: float) -> str:
        """Where the script draws a tensor's values, once they are computed."""
        return (
            f'<svg class="slot" data-value="{escape(self.keys.key(tensor))}" x="{x:g}" y="{y:g}" '
            f'width="{wide:g}" height="{high:g}"></svg>'
        )

    def around(self, x: float, y: float, lane: float, to_y: float, to_x: float) -> str:
        """A way with round corners: to the lane, along it, and back to the boxes."""
        out = ROUND if lane > x else -ROUND
        along = ROUND if to_y > y else -ROUND
        back = ROUND if to_x > lane else -ROUND
        return (
            f"M{x:g} {y:g}H{lane - out:g}q{out} 0 {out} {along}"
            f"V{to_y - along:g}q0 {along} {back} {along}H{to_x:g}"
        )

    def _links(self, tensor: str, kind: str) -> str:
        """The attributes of the one group that stands for a tensor: a reader can go there by keys."""
        shape = self._shape(tensor.lstrip(ADJOINT))
        text = escape(" ".join([spoken(self.keys.name(tensor)), shape]).strip())
        return f' class="{kind}"{self._keys(tensor)} tabindex="0" role="button" aria-label="{text}"'

    def _keys(self, tensor: str) -> str:
        equations = escape(" ".join(self.keys.equations(tensor)))
        linked = f' data-eq="{equations}"' if equations else ""
        return f' data-term="{escape(self.keys.key(tensor))}"{linked}'

    def _label(self, tensor: str) -> str:
        return label(self.keys.name(tensor))

    def _shape(self, tensor: str) -> str:
        return shape_text(self.program.tensors[tensor].shape)

    def _back(self, tensor: str, x: float, y: float, before: bool) -> str:
        width = label_width(self.keys.name(tensor)) + 8
        left = x - width + 4 if before else x - 4
        return f'<rect class="back" x="{left:g}" y="{y:g}" width="{width:g}" height="20" rx="5"/>'

    def _head(self, path: str, head: str) -> str:
        """The head stands where the path ends: behind its last H or V, in the column or row of the rest."""
        x, y = _end(path)
        return f'<path class="head" d="M{x:g} {y:g}{HEADS[head]}"/>'


def _end(path: str) -> tuple[float, float]:
    """The last point of a path of M, H, V, v and q."""
    x = y = 0.0
    for command, text in _commands(path):
        values = [float(v) for v in text.split()]
        if command == "M":
            x, y = values
        elif command == "H":
            x = values[0]
        elif command == "V":
            y = values[0]
        elif command == "v":
            y += values[0]
        elif command == "q":
            x, y = x + values[2], y + values[3]
    return x, y


def _commands(path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for char in path:
        if char.isalpha():
            found.append((char, ""))
        else:
            command, text = found[-1]
            found[-1] = (command, text + char)
    return found
