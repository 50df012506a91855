"""Where everything in the picture stands: rows from top to bottom, ways around them at the sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.lecture.picture_plan import Box, Close, Open, Row, Tag

BESIDE = 92  # how wide chips beside a box are
LANE = 11  # between two ways around
BOX = 184
CHIP, GAP = 26, 5  # the height of a chip, and the space to the next one
TITLE = 26  # the height of a box's title
TAG = 62  # of the space between two boxes
TOP, BOTTOM = 34, 16  # of a frame
MARGIN = 8


@dataclass(frozen=True)
class Placed:
    """A row with its top and its height; ``depth`` counts the frames around it."""

    row: Row
    y: float
    height: float
    depth: int = 0

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Way:
    """A tensor's way around boxes, from its tag (a number of a row) to a box that is not the next."""

    tensor: str
    start: int
    end: int
    lane: int


@dataclass(frozen=True)
class Layout:
    rows: tuple[Placed, ...]
    ways: tuple[Way, ...]
    width: float
    height: float
    left: float  # the sides of the boxes
    right: float


def layout(rows: Sequence[Row]) -> Layout:
    """Places for all rows. Ways around take the free lane next to the boxes."""
    placed = _stack(rows)
    ways = _ways(rows)
    lanes = 1 + max((way.lane for way in ways), default=-1)
    side = BESIDE + 14 + lanes * LANE
    last = placed[-1]
    return Layout(
        tuple(placed), tuple(ways), 2 * side + BOX, last.bottom + MARGIN, side, side + BOX
    )


def _stack(rows: Sequence[Row]) -> list[Placed]:
    made: list[Placed] = []
    y, depth = float(MARGIN), 0
    for row in rows:
        depth -= isinstance(row, Close)
        made.append(Placed(row, y, _height(row), depth))
        y += made[-1].height
        depth += isinstance(row, Open)
    return made


def _height(row: Row) -> float:
    if isinstance(row, Tag):
        return TAG
    if isinstance(row, Box):
        lines = max(len(row.inner) + len(row.shares), len(row.parameters))
        inside = TITLE + (len(row.inner) + len(row.shares)) * (CHIP + GAP)
        return max(TITLE + 8.0, inside + 4.0 * bool(lines), len(row.parameters) * (CHIP + GAP) + 3)
    return TOP if isinstance(row, Open) else BOTTOM


def _ways(rows: Sequence[Row]) -> list[Way]:
    """Every read of a tensor by a box that does not stand right behind it."""
    made: list[Way] = []
    tags: dict[str, int] = {}
    for k, row in enumerate(rows):
        if isinstance(row, Tag):
            tags[row.tensor] = k
        elif isinstance(row, Box):
            for tensor in dict.fromkeys(row.inputs):
                start = tags.get(tensor)
                if start is not None and start != k - 1:
                    made.append(Way(tensor, start, k, _lane(made, start, k)))
        elif isinstance(row, Open) and tags.get(row.repeat.source) not in (k - 1, None):
            start = tags[row.repeat.source]
            made.append(Way(row.repeat.source, start, k, _lane(made, start, k)))
    return made


def _lane(ways: Sequence[Way], start: int, end: int) -> int:
    taken = {way.lane for way in ways if way.start < end and start < way.end}
    return next(k for k in range(len(ways) + 1) if k not in taken)
