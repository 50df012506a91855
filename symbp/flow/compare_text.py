"""A comparison as tables and as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from symbp.flow.as_json import as_json, finite
from symbp.flow.compare import Variant
from symbp.flow.report import Report, Row
from symbp.flow.text import bar, chosen, number
from symbp.writers.table import Column, Table

SHORT = 20  # signs of a problem that fit into the table; others stand below it
DECADES = 6  # that a bar shows: from a millionth of the gradient at the output to all of it


def summary(variants: Sequence[Variant]) -> Table:
    """One row a variant: how much of the gradient arrives at the first layer, and what training makes
    of it."""
    held = any(v.run is not None and v.run.held_out for v in variants)
    columns = (
        Column("cure"), Column("per layer", right=True), Column("predicted", right=True),
        Column("arrives", right=True), Column("log"), Column("verdict"),
        Column("longest", right=True), Column("loss", right=True), Column("after", right=True),
        *([Column("held out", right=True)] if held else []),
    )  # fmt: skip
    return Table(columns, tuple(_summary(v, variants[0], held) for v in variants))


def _summary(variant: Variant, first: Variant, held: bool) -> tuple[str, ...]:
    report, run, base = variant.report, variant.run, first.report
    if report is None or run is None or base is None or not report.rows:
        return (variant.name, *[""] * 4, _short(variant), *[""] * (3 + held))
    share = report.rows[-1].share
    return (
        variant.name,
        number(_per_layer(share, base)),
        number(_per_layer(predicted_share(report), base)),
        number(share),
        bar(min(1.0, 1 + _log10(share) / DECADES)),
        report.verdict,
        number(run.longest),
        number(run.losses[0]),
        number(run.losses[-1]),
        *([number(run.held_out[-1] if run.held_out else None)] if held else []),
    )


def _short(variant: Variant) -> str:
    if not variant.problem:
        return "no gradient"
    return variant.problem if len(variant.problem) <= SHORT else "not possible"


def predicted_share(report: Report) -> float | None:
    """What theory says of the first layer; None where it does not reach that far."""
    first, last = report.rows[0], report.rows[-1]
    if first.predicted is None or last.predicted is None or not first.predicted:
        return None
    return last.predicted / first.predicted


def _per_layer(share: float | None, base: Report) -> float | None:
    """The factor from layer to layer that makes this share, over the layers of the network as it is."""
    steps = len(base.rows) - 1
    return share ** (1 / steps) if share is not None and share > 0 and steps else None


def _log10(share: float) -> float:
    return math.log10(share) if share > 0 and math.isfinite(share) else -DECADES


def sentences(variants: Sequence[Variant]) -> list[str]:
    """What stands below the tables."""
    run = next((v.run for v in variants if v.run is not None), None)
    steps = f" after {run.steps} steps of the network's own training" if run is not None else ""
    held = ", on its data and on those held out" if run is not None and run.held_out else ""
    return [
        *(f"{v.name}: {v.what}." for v in variants if v.what),
        *(f"{v.name} is not possible: {v.problem}." for v in variants if len(v.problem) > SHORT),
        "per layer: what the gradient is multiplied with from layer to layer, on average; arrives: the "
        "share of it at the layer next to the input; longest: the longest gradient that a step of "
        f"training went along; loss: before training, and{steps}{held}, without penalties.",
    ]


def layers(variants: Sequence[Variant]) -> Table:
    """The measured norm of each layer of the network as it is, one column a variant."""
    known = [v for v in variants if v.report is not None]
    base = known[0].report
    assert base is not None
    columns = (Column("layer"), *(Column(v.name, right=True) for v in known))
    rows = []
    for row in (base.rows[k] for k in chosen(len(base.rows))):
        mine = [same(v.report, row) for v in known if v.report is not None]
        medians = [r.measured.median if r and r.measured else None for r in mine]
        rows.append((row.layer, *map(number, medians)))
    return Table(columns, tuple(rows))


def same(report: Report, row: Row) -> Row | None:
    """The layer of that name in another variant; cures keep names."""
    return next((r for r in report.rows if r.layer == row.layer), None)


def comparison_json(network: str, variants: Sequence[Variant]) -> dict[str, Any]:
    """What ``symbp flow NETWORK --compare ... --format json`` prints."""
    return {"network": network, "variants": [_variant(v) for v in variants]}


def _variant(variant: Variant) -> dict[str, Any]:
    run = variant.run
    return {
        "name": variant.name,
        "what": variant.what,
        "problem": variant.problem or None,
        "report": as_json(variant.report) if variant.report else None,
        "training": None
        if run is None
        else {
            "steps": run.steps,
            "loss_before": finite(run.losses[0]),
            "loss_after": finite(run.losses[-1]),
            "epochs": list(run.epochs),
            "losses": [finite(v) for v in run.losses],
            "held_out": [finite(v) for v in run.held_out],
            "gradient": [finite(v) for v in run.norms],
            "small_weights": run.small,
            "longest_step": finite(run.longest),
        },
    }
