"""Figures as bytes: the same ones every time, with colours that can be told apart in grey."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from symbp.errors import InputError
from symbp.writers.files import SIGNATURE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY, RED, GREEN, PURPLE = (
    "#1f5fa8", "#d9822b", "#8a8a8a", "#b8333f", "#2e8b57", "#7a4fa0",
)  # fmt: skip
COLOURS = (BLUE, RED, GREEN, ORANGE, PURPLE, "#3aa6a6", "#a0722a", "#444444")
FORMATS = ("svg", "png")
STYLE: Any = {
    "svg.hashsalt": "symbp",  # ids in the file that are the same in every run
    "svg.fonttype": "none",  # text stays text: small files, words that can be searched for
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "figure.dpi": 110,
}
MISSING = "plots need matplotlib; install it with: pip install 'symbp[plot]'"


def check_format(name: str) -> str:
    """The format that a file's name asks for; InputError for one that there is not."""
    form = name.rpartition(".")[2].lower()
    if form not in FORMATS or "." not in name:
        raise InputError(
            f"plots end in .svg or .png; write {name.rpartition('.')[0] or name}.svg", name
        )
    return form


@contextmanager
def styled() -> Iterator[None]:
    """The look of all figures; InputError where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        raise InputError(MISSING) from None
    with matplotlib.rc_context(STYLE):
        yield


def figure(columns: int, *, width: float = 5.0, height: float = 3.5) -> tuple[Figure, list[Axes]]:
    """An empty figure of axes side by side; ``width`` and ``height`` of one, in inches."""
    from matplotlib.figure import Figure as New

    made = New(figsize=(width * columns, height), layout="constrained")
    return made, list(made.subplots(1, columns, squeeze=False).flat)


def as_bytes(made: Figure, form: str) -> bytes:
    """The file of a figure, without a date, signed as one that symbp wrote."""
    stream = io.BytesIO()
    if form == "png":
        made.savefig(stream, format=form, metadata={"Software": SIGNATURE})
        return stream.getvalue()
    made.savefig(stream, format=form, metadata={"Date": None, "Creator": None})
    head, _, rest = stream.getvalue().decode("utf-8").partition("?>\n")
    lines = "\n".join(line.rstrip() for line in rest.rstrip().split("\n"))
    return f"{head}?>\n<!-- {SIGNATURE}. -->\n{lines}\n".encode()


def logarithmic(axes: Axes, low: float, high: float) -> None:
    """A logarithmic axis from ``low`` to ``high``, of two powers of ten at least."""
    axes.set_yscale("log")
    axes.minorticks_off()
    if 0 < low <= high < float("inf"):
        room = max(1.6, (100 * low / high) ** 0.5)
        axes.set_ylim(low / room, high * room)


def name_layers(axes: Axes, labels: Sequence[str]) -> None:
    """Layers along the way of the gradient, as many of their names as there is room for."""
    step = -(-len(labels) // 14)
    places = range(0, len(labels), step)
    axes.set_xticks(list(places), [labels[k] for k in places])
    axes.set_xlim(-0.5, len(labels) - 0.5)
    if max(map(len, labels), default=0) > 4:
        axes.tick_params(axis="x", rotation=45)
    axes.set_xlabel("from the output to the input →")
