"""Reports as plain data for ``--format json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symbp.flow.measure import Spread
from symbp.flow.recurrence import Recurrence
from symbp.flow.report import RULE, Report, Row
from symbp.flow.training import Moment
from symbp.writers.document import Text


def as_json(found: Report) -> dict[str, Any]:
    """What ``symbp flow NETWORK --format json`` prints."""
    return {
        "network": found.network,
        "verdict": found.verdict,
        "rule": RULE,
        "rate": finite(found.rate),
        "seeds": found.seeds,
        "product": _text(found.product),
        "layers": [_row(row) for row in found.rows],
        "gradient": _spread(found.whole),
        "loss": _spread(found.loss),
        "recurrences": [_recurrence(r) for r in found.recurrences],
        "notes": list(found.notes),
    }


def moments_json(found: Report, moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """A run as one object a moment: its epoch, its loss, the norm of each layer and of each gradient."""
    return [
        {
            "epoch": moment.epoch,
            "loss": finite(moment.norms.loss),
            "gradient": finite(moment.norms.whole),
            "layers": {r.layer: finite(moment.norms.adjoints.get(r.key)) for r in found.rows},
            "gradients": {name: finite(norm) for name, norm in moment.norms.gradients.items()},
        }
        for moment in moments
    ]


def _row(row: Row) -> dict[str, Any]:
    return {
        "layer": row.layer,
        "type": row.kind,
        "symbol": _text(row.symbol),
        "factor": _text(row.factor),
        "bound": _text(row.bound) if row.bound else None,
        "product": _text(row.product) if row.product else None,
        "limit": finite(row.limit),
        "predicted": finite(row.predicted),
        "measured": _spread(row.measured),
        "gradients": {name: _spread(s) for name, s in row.gradients.items()},
        "share": finite(row.share),
        "verdict": row.verdict,
    }


def _recurrence(found: Recurrence) -> dict[str, Any]:
    return {
        "layer": found.layer,
        "tensor": found.tensor,
        "factor": _text(found.factor),
        "bound": _text(found.bound.text) if found.bound else None,
        "product": _text(found.product),
        "measured": [_spread(s) for s in found.norms],
    }


def _text(text: Text) -> dict[str, str]:
    return {"latex": text.latex, "plain": text.plain}


def _spread(found: Spread | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"median": found.median, "low": found.low, "high": found.high}


def finite(value: float | None) -> float | None:
    """A number that JSON knows, or null."""
    return value if value is not None and np.isfinite(value) else None
