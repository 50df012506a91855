"""The plot of a comparison: gradient norms layer by layer, and the loss along training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from symbp.flow import cures
from symbp.flow.compare import Variant
from symbp.flow.compare_text import same
from symbp.flow.figure import COLOURS, GREY, as_bytes, figure, logarithmic, styled
from symbp.flow.plot import finish, points, shade
from symbp.flow.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Panel = Callable[[Axes, Sequence[Variant]], None]

WIDE = 8.0  # losses that differ by more have a logarithmic axis


def plot_comparison(variants: Sequence[Variant], form: str = "svg") -> bytes:
    """The file: measured points with their spread over dashed predictions, and the loss of each variant.

    Raises InputError where matplotlib is not installed.
    """
    known = [v for v in variants if v.report is not None and v.run is not None]
    aims = cures.aims(v.name for v in variants if v.what)
    panels: list[Panel] = [_layers] if cures.GRADIENT in aims else []
    panels += [_gradients] if cures.STEPS in aims else []
    panels += [_curves] if all(v.run is not None and v.run.curve for v in known) else []
    with styled():
        made, axes = figure(len(panels) + 1)
        for own, panel in zip(axes, [*panels, _losses], strict=True):
            panel(own, known)
        axes[-1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        return as_bytes(made, form)


def _layers(axes: Axes, variants: Sequence[Variant]) -> None:
    """The gradient of each layer that the network has as it is."""
    base = variants[0].report
    assert base is not None
    shade(axes, base.rows)
    for k, variant in enumerate(variants):
        assert variant.report is not None
        _draw(axes, base, variant.report, variant.name, k, len(variants))
    axes.set_title(f"{base.network}: gradient at initialisation")
    finish(axes, [row.layer for row in base.rows], legend=False)


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
    """Of the data, dotted where there is also that of samples held out."""
    values: list[float] = []
    for k, variant in enumerate(variants):
        run = variant.run
        assert run is not None
        steps = np.array(run.epochs) * run.batches
        colour = COLOURS[k % len(COLOURS)]
        if run.held_out:
            axes.plot(steps, run.losses, ":", color=colour, lw=1.3)
        shown = run.held_out or run.losses
        axes.plot(steps, shown, color=colour, lw=1.5, label=variant.name)
        values += [v for v in (*run.losses, *run.held_out) if np.isfinite(v) and v > 0]
    if values and max(values) > WIDE * min(values):
        logarithmic(axes, min(values), max(values))
    elif values:
        axes.set_ylim(0, 1.1 * max(values))
    held = any(v.run is not None and v.run.held_out for v in variants)
    axes.set_xlabel("steps of training")
    axes.set_ylabel("loss")
    axes.set_title("loss held out (dotted: learnt from)" if held else "loss along training")


def _curves(axes: Axes, variants: Sequence[Variant]) -> None:
    """What networks of one number make of it, over the samples that they learnt from."""
    curves = [v.run.curve for v in variants if v.run is not None and v.run.curve is not None]
    learnt, held = curves[0].learnt, curves[0].held_out
    if held is not None:
        axes.plot(*held, ".", color=GREY, ms=3, alpha=0.6)
    axes.plot(*learnt, "o", color="black", ms=4)
    for k, curve in enumerate(curves):
        axes.plot(curve.x, curve.y, color=COLOURS[k % len(COLOURS)], lw=1.5)
    axes.set_xlabel("input")
    axes.set_ylabel("output")
    axes.set_title("what is learnt" + (" (grey: held out)" if held is not None else ""))


def _gradients(axes: Axes, variants: Sequence[Variant]) -> None:
    """The norm of the whole gradient, epoch by epoch, before it is clipped."""
    values: list[float] = []
    for k, variant in enumerate(variants):
        assert variant.run is not None
        norms = variant.run.norms
        axes.plot(np.arange(1, len(norms) + 1), norms, color=COLOURS[k % len(COLOURS)], lw=1.1)
        values += [v for v in norms if np.isfinite(v) and v > 0]
    if values:
        logarithmic(axes, min(values), max(values))
    axes.axhline(cures.CLIP, color=GREY, ls="--", lw=1, zorder=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("norm of the gradient, epoch means")
    axes.set_title("before it is clipped")
