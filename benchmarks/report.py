"""The races as a table for people and as JSON for programs, which the chart reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.contenders import BY_LABEL
from benchmarks.race import Race, Ratio, Run

AGAINST = ("PyTorch", "JAX", "products")
BUSY = 1.1  # cores; above it a contender has more than its one thread
Json = dict[str, Any]


def table(title: str, race: Race) -> Table:
    """One row a contender: the median step, and paired ratios with their quartiles."""
    made = Table(title=f"{title}, {race.dtype}", title_justify="left", box=SIMPLE_HEAD)
    made.add_column("contender", min_width=9)
    made.add_column("us", justify="right", min_width=8)
    for label in AGAINST:
        made.add_column(f"by {label}", justify="right", no_wrap=True, min_width=15)
    for run in race.runs.values():
        ratios = (race.ratio(run.label, other) for other in AGAINST)
        cells = (str(ratio) if ratio else "" for ratio in ratios)
        made.add_row(run.label, f"{run.median * 1e6:.1f}", *cells)
    return made


def remarks(races: Sequence[tuple[str, Race]]) -> list[str]:
    """Who the contenders are, how right, who was left out and why, who took more than its thread."""
    seen = dict.fromkeys(label for _, race in races for label in race.runs)
    lines = [f"{label}: {BY_LABEL[label].about}" for label in seen]
    for dtype in dict.fromkeys(race.dtype for _, race in races):
        errors = [r.error for _, race in races for r in race.runs.values() if race.dtype == dtype]
        worst = max((e for e in errors if e is not None), default=0.0)
        lines.append(f"all first steps are right to {worst:.0e} in {dtype}")
    absent: dict[tuple[str, str], list[str]] = {}
    for title, race in races:
        for label, reason in race.left_out.items():
            absent.setdefault((label, reason), []).append(f"{title} {race.dtype}")
        for run in race.runs.values():
            if run.cores > BUSY:
                where = f"{run.label} in {title} {race.dtype}"
                lines.append(f"{where} kept {run.cores:.2f} cores busy, more than its one")
    for (label, reason), names in absent.items():
        places = "everywhere" if len(names) == len(races) and len(races) > 1 else ", ".join(names)
        lines.append(f"left out: {label} ({places}): {reason}")
    return lines


def as_json(machine: Mapping[str, str], races: Sequence[tuple[str, Race]]) -> Json:
    return {"machine": dict(machine), "races": [_race(title, race) for title, race in races]}


def _race(title: str, race: Race) -> Json:
    return {
        "title": title,
        "network": race.name,
        "dtype": race.dtype,
        "batch": race.batch,
        "runs": [_run(race, run) for run in race.runs.values()],
        "left_out": dict(race.left_out),
    }


def _run(race: Race, run: Run) -> Json:
    ratios = {other: race.ratio(run.label, other) for other in AGAINST}
    return {
        "contender": run.label,
        "median_us": run.median * 1e6,
        "ratio_to": {other: _ratio(ratio) for other, ratio in ratios.items() if ratio},
        "error": run.error,
        "cores": run.cores,
        "steps_a_round": run.steps,
        "seconds_a_step": list(run.seconds),
    }


def _ratio(ratio: Ratio) -> dict[str, float]:
    return {"median": ratio.median, "low": ratio.low, "high": ratio.high}
