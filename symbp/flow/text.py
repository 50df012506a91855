"""A report as a table for a terminal, with bars, and the sentences below it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from symbp.flow.measure import Spread
from symbp.flow.report import RULE, Report, Row
from symbp.flow.training import Moment
from symbp.writers.table import Column, Table

BAR = 10  # signs
MOST, ENDS = 40, 4  # rows
SHORT = 20  # signs; a longer factor is not repeated for each copy of a chain
DEEP = 5  # layers; of fewer no rate is told
BLOCKS = " ▏▎▍▌▋▊▉█"


def table(report: Report) -> Table:
    """One row a layer, from output to input."""
    columns = (
        Column("layer"), Column("factor"), Column("bound"), Column("predicted", right=True),
        Column("measured", right=True), Column("×÷", right=True), Column("log"), Column("verdict"),
    )  # fmt: skip
    bars = _bars(report.rows)
    rows = tuple(_cells(report, k, bars[k]) for k in chosen(len(report.rows)))
    return Table(columns, rows)


def chosen(count: int) -> list[int]:
    """The rows that are shown: all, or of very many the ends and some between."""
    if count <= MOST:
        return list(range(count))
    between = range(ENDS, count - ENDS, -(-count // MOST))
    return [*range(ENDS), *between, *range(count - ENDS, count)]


def _cells(report: Report, place: int, bar: str) -> tuple[str, ...]:
    row = report.rows[place]
    before = report.rows[place - 1] if place else None
    same = before is not None and row.factor == before.factor and len(row.factor.plain) > SHORT
    return (
        row.layer,
        "the same" if same else row.factor.plain,
        row.bound.plain if row.bound else "",
        number(row.predicted),
        number(row.measured.median if row.measured else None),
        factor_of(row.measured),
        bar,
        row.verdict,
    )


def number(value: float | None) -> str:
    """``0.276``, ``3.1e-06``"""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"


def factor_of(found: Spread | None) -> str:
    """The spread as a factor: half of all initialisations lie between median ÷ it and median × it."""
    if found is None or found.low <= 0 or not math.isfinite(found.high):
        return ""
    return f"{math.sqrt(found.high / found.low):.2g}"


def _bars(rows: tuple[Row, ...]) -> list[str]:
    """Lengths by the logarithm: the largest is full, the smallest has one sign for each power of ten
    that fits."""
    sizes = [row.measured.median if row.measured else 0.0 for row in rows]
    logs = [math.log10(s) if s > 0 and math.isfinite(s) else None for s in sizes]
    known = [v for v in logs if v is not None]
    if not known:
        return [""] * len(rows)
    decades = max(max(known) - min(known), 2.0) * 1.1
    return ["" if v is None else bar(1 - (max(known) - v) / decades) for v in logs]


def bar(share: float) -> str:
    """A bar of ``share`` of its full length, in eighths of a sign."""
    eighths = max(1, round(share * BAR * 8))
    return (BLOCKS[8] * (eighths // 8) + BLOCKS[eighths % 8]).rstrip()


def sentences(report: Report) -> list[str]:
    """What stands below the table."""
    lines = []
    if report.rows:
        lines.append(f"{report.rows[-1].symbol.plain} = {report.product.plain}")
    if math.isfinite(report.rate) and len(report.rows) >= DEEP:
        lines.append(_rate(report))
    lines += report.notes
    if len(report.rows) > MOST:
        shown = len(chosen(len(report.rows)))
        lines.append(f"{shown} of {len(report.rows)} layers are shown; --format json has them all.")
    lines.append(
        f"measured: norms of ∂L/∂layer for a whole batch, medians of {report.seeds} initialisations, "
        "half of which lie within the factor ×÷; predicted: what theory makes of the first of them."
    )
    lines.append(f"{RULE}.")
    return lines


def _rate(report: Report) -> str:
    rate = report.rate
    if 0.9 <= rate <= 1.1:
        return f"From layer to layer the gradient keeps its size: times {rate:.2g} on average."
    ends = math.log(1e-2 if rate < 1 else 1e2) / math.log(rate)
    what = "a hundredth of it is left" if rate < 1 else "it is a hundred times as large"
    return (
        f"From layer to layer the gradient is multiplied by {rate:.2g} on average: "
        f"after {ends:.0f} layers {what}."
    )


def training_table(report: Report, moments: Sequence[Moment]) -> Table:
    """The norm of each layer along a run, one column a moment; then that of the whole gradient, and the
    loss."""
    columns = (Column("epoch"), *(Column(str(m.epoch), right=True) for m in moments))
    rows = [
        (row.layer, *(number(m.norms.adjoints.get(row.key)) for m in moments))
        for row in (report.rows[k] for k in chosen(len(report.rows)))
    ]
    rows.append(("whole gradient", *(number(m.norms.whole) for m in moments)))
    footer = ("loss", *(number(m.norms.loss) for m in moments))
    return Table(columns, tuple(rows), footer)
