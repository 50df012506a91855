"""The plot of a report: measured points with their spread, over the predicted curve, over the bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symbp.flow.figure import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    as_bytes,
    figure,
    logarithmic,
    name_layers,
    styled,
)
from symbp.flow.report import EXPLODED, VANISHED, Report, Row
from symbp.flow.training import Moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NORM = r"norm of ∂L/∂layer"
BOUND: Any = {"ls": "--", "color": GREY, "lw": 1.2, "label": "bound, with these weights"}
PREDICTED: Any = {"color": ORANGE, "lw": 2, "label": "predicted"}
MANY = 30  # layers; more have a band
ROOM = 1e3  # above the largest measured norm, where a bound may run off
FAR = 1e40  # beyond any axis
DECADES = 24  # below the largest measured norm, where bounds and curves may run off


def plot(report: Report, moments: Sequence[Moment] = (), form: str = "svg") -> bytes:
    """The file of the plot; beside it the same norms along a training run, and back through time.

    Raises InputError where matplotlib is not installed.
    """
    panels: list[Callable[[Axes], None]] = []
    if len(report.rows) > 2 or not report.recurrences:
        panels.append(lambda axes: draw_layers(axes, report))
    if moments:
        panels.append(lambda axes: draw_training(axes, report, moments))
    if report.recurrences:
        panels.append(lambda axes: draw_time(axes, report))
    with styled():
        made, every = figure(len(panels))
        for axes, draw in zip(every, panels, strict=True):
            draw(axes)
        return as_bytes(made, form)


def draw_layers(axes: Axes, report: Report, title: str = "") -> None:
    """One point a layer."""
    rows = report.rows
    places = np.arange(len(rows))
    shade(axes, rows)
    limits = _known([row.limit for row in rows])
    predicted = _known([row.predicted for row in rows])
    for values, look in ((limits, BOUND), (predicted, PREDICTED)):
        if np.isfinite(values).sum() > 1:
            axes.plot(places, values, **look)
    points(axes, places, rows, BLUE, f"measured, {report.seeds} initialisations")
    axes.set_title(title or f"{report.network}: at initialisation")
    finish(axes, [row.layer for row in rows])


def points(axes: Axes, places: np.ndarray, rows: Sequence[Row], colour: str, label: str) -> None:
    """Medians, and bars, or a band, over the middle half of the initialisations."""
    middle, low, high = (
        np.array([getattr(row.measured, part) if row.measured else np.nan for row in rows])
        for part in ("median", "low", "high")
    )
    shown = np.where(middle > 0, middle, np.nan)
    if len(rows) > MANY:
        axes.plot(places, shown, ".", color=colour, ms=3, label=label)
        axes.fill_between(places, low, high, color=colour, alpha=0.25, lw=0)
        return
    bars = [shown - np.minimum(low, shown), np.maximum(high, shown) - shown]
    axes.errorbar(places, shown, yerr=bars, fmt="o", color=colour, ms=4.5, lw=1.1, label=label)


def shade(axes: Axes, rows: Sequence[Row]) -> None:
    """Where a layer counts as vanishing or exploding."""
    known = [(row.measured.median, row.share) for row in rows if row.measured and row.share > 0]
    if known:
        start = known[0][0] / known[0][1]
        axes.axhspan(start * VANISHED / FAR, start * VANISHED, color="#000000", alpha=0.06, lw=0)
        axes.axhspan(start * EXPLODED, start * EXPLODED * FAR, color="#000000", alpha=0.06, lw=0)


def finish(axes: Axes, labels: Sequence[str], *, beside: bool = False, legend: bool = True) -> None:
    """A logarithmic axis that holds what is drawn, and names."""
    drawn = [np.asarray(line.get_ydata(), float) for line in axes.get_lines()]
    values = np.concatenate([v[np.isfinite(v) & (v > 0)] for v in drawn if v.size > 2 or labels])
    if values.size:
        top = min(float(values.max()), ROOM * _largest_measured(axes))
        logarithmic(axes, max(float(values.min()), top / 10.0**DECADES), top)
    axes.set_ylabel(NORM)
    name_layers(axes, labels)
    if beside:
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    elif legend:
        axes.legend(fontsize=8, loc="best")


def _largest_measured(axes: Axes) -> float:
    """Of all points, bounds and predictions left out."""
    known = [
        float(value)
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
        for value in np.ravel(np.asarray(line.get_ydata(), float))
        if np.isfinite(value)
    ]
    return max(known, default=float("inf"))


def draw_training(axes: Axes, report: Report, moments: Sequence[Moment]) -> None:
    """One line for each moment of a run, from light to dark."""
    places = np.arange(len(report.rows))
    for k, moment in enumerate(moments):
        norms = [moment.norms.adjoints.get(row.key, np.nan) for row in report.rows]
        strength = 0.25 + 0.75 * k / max(len(moments) - 1, 1)
        axes.plot(
            places, _known(norms), "o-", color=BLUE, alpha=strength, ms=3, lw=1.2,
            label=f"epoch {moment.epoch}, loss {moment.norms.loss:.3g}",
        )  # fmt: skip
    axes.set_title("along training")
    finish(axes, [row.layer for row in report.rows], beside=True)


def draw_time(axes: Axes, report: Report) -> None:
    """Back through time, one line for each tensor that is handed from step to step."""
    for found, colour in zip(report.recurrences, COLOURS * len(report.recurrences), strict=False):
        steps = np.arange(len(found.norms))
        low, high = (
            np.array([getattr(s, part) if s else np.nan for s in found.norms])
            for part in ("low", "high")
        )
        middle = _known([s.median if s else None for s in found.norms])
        axes.fill_between(steps, low, high, color=colour, alpha=0.15, lw=0)
        axes.plot(steps, middle, "o-", color=colour, ms=3, lw=1.2, label=f"∂L/∂{found.tensor}[t]")
    known = [s.median for found in report.recurrences for s in found.norms if s and s.median > 0]
    if known:
        logarithmic(axes, min(known), max(known))
    axes.invert_xaxis()
    axes.set_xlabel("step t, from the last to the first →")
    axes.set_ylabel("norm")
    axes.set_title(f"{report.network}: back through time")
    axes.legend(loc="best", fontsize=8)


def _known(values: Sequence[float | None]) -> np.ndarray:
    """What a logarithmic axis can show; a gap elsewhere."""
    numbers = np.array([np.nan if v is None else v for v in values], dtype=float)
    return np.where(numbers > 0, numbers, np.nan)
