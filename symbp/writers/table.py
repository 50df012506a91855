"""Tables of short texts: aligned lines for a pipe, ruled ones for a terminal."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

WIDTH = 100
GAP = 2
NARROWEST = 12  # no column is wrapped to less


@dataclass(frozen=True)
class Column:
    title: str
    right: bool = False  # numbers


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    footer: tuple[str, ...] = ()  # one more row, below a rule

    def text(self, width: int = WIDTH) -> str:
        """Aligned lines of at most ``width`` columns; long cells go on in the next line."""
        titles = tuple(column.title for column in self.columns)
        every = (titles, *self.rows, *((self.footer,) if self.footer else ()))
        widths = _widths(every, width)
        rule = "-" * (sum(widths) + GAP * (len(widths) - 1))
        lines = [*self._row(titles, widths), rule]
        for row in self.rows:
            lines += self._row(row, widths)
        if self.footer:
            lines += [rule, *self._row(self.footer, widths)]
        return "\n".join(lines)

    def _row(self, row: tuple[str, ...], widths: list[int]) -> list[str]:
        cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
        height = max(map(len, cells))
        lines = []
        for k in range(height):
            parts = [
                self._aligned(cell[k] if k < len(cell) else "", column, width)
                for cell, column, width in zip(cells, self.columns, widths, strict=True)
            ]
            lines.append((" " * GAP).join(parts).rstrip())
        return lines

    def _aligned(self, text: str, column: Column, width: int) -> str:
        return text.rjust(width) if column.right else text.ljust(width)


def _wrapped(cell: str, width: int) -> list[str]:
    """The lines of a cell; the indent of its first line is kept."""
    indent = " " * (len(cell) - len(cell.lstrip()))
    return textwrap.wrap(cell, width, subsequent_indent=indent, drop_whitespace=True) or [""]


def _widths(rows: tuple[tuple[str, ...], ...], width: int) -> list[int]:
    """Natural widths, the widest columns cut down until all fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths
