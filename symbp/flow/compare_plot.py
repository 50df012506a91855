"""The plot of a comparison: gradient norms layer by layer, and the loss along training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from symbp.flow.compare import Variant
from symbp.flow.compare_text import same
from symbp.flow.figure import COLOURS, as_bytes, figure, logarithmic, styled
from symbp.flow.plot import finish, points, shade
from symbp.flow.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_comparison(variants: Sequence[Variant], form: str = "svg") -> bytes:
    """The file: measured points with their spread over dashed predictions, and the loss of each variant.

    Raises InputError where matplotlib is not installed.
    """
    known = [v for v in variants if v.report is not None and v.run is not None]
    with styled():
        made, axes = figure(2)
        base = known[0].report
        assert base is not None
        shade(axes[0], base.rows)
        for k, variant in enumerate(known):
            assert variant.report is not None
            _draw(axes[0], base, variant.report, variant.name, k, len(known))
        axes[0].set_title(f"{base.network}: gradient at initialisation")
        finish(axes[0], [row.layer for row in base.rows], legend=False)
        _losses(axes[1], known)
        return as_bytes(made, form)


def _draw(axes: Axes, base: Report, report: Report, name: str, place: int, count: int) -> None:
    """The layers that the network has as it is, a little aside of those of other variants."""
    rows = [same(report, row) or row for row in base.rows]
    places = np.arange(len(rows)) + 0.3 * (place / max(count - 1, 1) - 0.5)
    colour = COLOURS[place % len(COLOURS)]
    predicted = [np.nan if r.predicted is None else r.predicted for r in rows]
    if np.isfinite(predicted).sum() > 1:
        axes.plot(places, predicted, "--", color=colour, lw=1.4)
    points(axes, places, rows, colour, name)


def _losses(axes: Axes, variants: Sequence[Variant]) -> None:
    for k, variant in enumerate(variants):
        assert variant.run is not None
        losses = np.array(variant.run.losses)
        steps = np.linspace(0, variant.run.steps, len(losses))
        axes.plot(steps, losses, color=COLOURS[k % len(COLOURS)], lw=1.5, label=variant.name)
    values = np.concatenate([v.run.losses for v in variants if v.run is not None])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size:
        logarithmic(axes, float(values.min()), float(values.max()))
    axes.set_xlabel("steps of training")
    axes.set_ylabel("loss")
    axes.set_title("loss along training")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
