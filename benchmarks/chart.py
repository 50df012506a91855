"""The comparison as an SVG chart: bars of step time by that of PyTorch eager, a panel a workload.

The colours are mid-tones and the background is none, so it stands on light and on dark pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from benchmarks.report import Json

WIDTH, MARGIN = 880, 20
LABELS, GAP = 68, 36  # of a panel: room for names, and between the two columns
BAR, STEP, HEAD = 11, 17, 30  # height of a bar, from bar to bar, of a panel's title
BASE = BAR - 1.5  # from the top of a bar to the line that its words stand on
FULL = 2.0  # times PyTorch; a longer bar is cut there, with its number beside it
TEXT, FAINT, RULE = "#7d848d", "#8f969e", "#9aa1a9"
FONT = "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\""
COLOURS = {
    "fast": "#e07b39",
    "lecture": "#c99a6b",
    "PyTorch": "#8b929b",
    "JAX": "#4f8fc4",
    "autograd": "#8f82c0",
    "NumPy": "#5aa58d",
    "products": "#b3b9bf",
}
DTYPES = ("float32", "float64")


def draw(report: Json) -> str:
    """The text of the SVG file. Races without PyTorch have no measure and are left out."""
    races = [race for race in report["races"] if race["runs"] and all(map(_ratio, race["runs"]))]
    titles = list(dict.fromkeys(race["title"] for race in races))
    columns = [d for d in DTYPES if any(race["dtype"] == d for race in races)] or list(DTYPES)
    width = (WIDTH - 2 * MARGIN - GAP * (len(columns) - 1)) / len(columns)
    places = {dtype: MARGIN + k * (width + GAP) for k, dtype in enumerate(columns)}
    y, parts = 66.0, list(_heading(places, report["machine"]))
    for title in titles:
        row = [race for race in races if race["title"] == title]
        for race in row:
            parts.extend(_panel(race, places[race["dtype"]], y, width))
        y += HEAD + STEP * max(len(race["runs"]) for race in row) + 14
    parts.append(_text(MARGIN, y + 6, _foot(report["machine"]), FAINT, 11))
    body = "\n".join(parts)
    size = f'width="{WIDTH}" height="{y + 20:.0f}" viewBox="0 0 {WIDTH} {y + 20:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT} role="img">\n{body}\n</svg>\n'


def _heading(places: Mapping[str, float], machine: Mapping[str, str]) -> Iterator[str]:
    title = "Time of one training step, PyTorch eager = 1"
    yield f"<title>{escape(title)}</title>"
    yield _text(MARGIN, 24, f"{title} (shorter is faster)", TEXT, 15, "600")
    for dtype, x in places.items():
        yield _text(x, 50, dtype, TEXT, 13, "600")


def _foot(machine: Mapping[str, str]) -> str:
    return f"medians of paired rounds, whiskers: quartiles; one thread; {machine['processor']}"


def _panel(race: Json, x: float, y: float, width: float) -> Iterator[str]:
    """A title, a bar for every contender, and a line at PyTorch's time."""
    left = x + LABELS
    scale = (width - LABELS - 40) / FULL
    yield _text(x, y + 14, race["title"], TEXT, 12)
    top, bottom = y + HEAD - 6, y + HEAD + STEP * len(race["runs"]) - 2
    yield _line(left + scale, top, left + scale, bottom, RULE, 'stroke-dasharray="2 3"')
    for k, run in enumerate(race["runs"]):
        yield from _bar(run, left, y + HEAD + k * STEP, scale)
        ratio = _ratio(run)["median"]
        yield _text(
            x + width, y + HEAD + k * STEP + BASE, _number(ratio), TEXT, 11, _weight(run), "end"
        )


def _bar(run: Json, left: float, y: float, scale: float) -> Iterator[str]:
    name, ratio = run["contender"], _ratio(run)
    yield _text(left - 6, y + BASE, name, TEXT, 11, _weight(run), "end")
    length, colour = scale * min(ratio["median"], FULL), COLOURS.get(name, RULE)
    place = f'x="{left:.1f}" y="{y:.1f}" width="{length:.1f}" height="{BAR}"'
    yield f'<rect {place} rx="1.5" fill="{colour}"/>'
    if ratio["median"] > FULL:
        yield _cut(left + length - 14, y)
    elif name != "PyTorch":
        low, high = (left + scale * min(ratio[key], FULL) for key in ("low", "high"))
        yield _line(low, y + BAR / 2, high, y + BAR / 2, TEXT)


def _cut(x: float, y: float) -> str:
    """A slanted gap: the bar goes on."""
    low, high = y + BAR + 1, y - 1
    return (
        f'<path d="M{x:.1f} {low:.1f}l4 -{low - high:.1f}M{x + 5:.1f} {low:.1f}l4 -{low - high:.1f}" '
        f'stroke="#f4f5f6" stroke-width="2"/>'
    )


def _weight(run: Json) -> str:
    return "600" if run["contender"] == "fast" else "400"


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _ratio(run: Json) -> dict[str, float]:
    found: dict[str, float] = run["ratio_to"].get("PyTorch", {})
    return found


def _text(
    x: float, y: float, text: str, fill: str, size: int, weight: str = "400", anchor: str = "start"
) -> str:
    style = f'fill="{fill}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, more: str = "") -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="1.2" {more}/>'
