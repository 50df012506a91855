"""What ``symbp flow --activation`` tells people: figures and points of the critical line as tables."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from symbp.commandline.screen import print_table, say
from symbp.meanfield.critical import Critical
from symbp.meanfield.mean_field import MeanField
from symbp.meanfield.moments import Moments
from symbp.writers.table import Column, Table

WIDTH = 100
DIGITS = 10
LONGEST = 70  # signs of a closed form that is shown
PHASES = {
    "ordered": "inputs grow alike from layer to layer, gradients shrink",
    "chaotic": "inputs grow apart from layer to layer, gradients grow",
    "critical": "gradients keep their size",
}


def figures(found: MeanField, known: Moments) -> None:
    """The variance map, its fixed points, and what they mean for gradients."""
    w2, b2 = (f"{v:.{DIGITS}g}" for v in (found.sigma_w2, found.sigma_b2))
    biases = f" + {b2}" if found.sigma_b2 else ""
    say(f"{found.activation}: weights of variance {w2}/fan-in, biases of variance {b2}\n")
    second, slope = _closed(known.second_formula), _closed(known.slope_formula)
    say(f"variance map   V(q) = {w2} M(q){biases}, M(q) = E[φ(√q z)²]{second}")
    say(f"gradients      χ(q) = {w2} S(q), S(q) = E[φ'(√q z)²]{slope}\n")
    if found.fixed_points:
        columns = (Column("fixed point q", True), Column("V'(q)", True), Column("is"))
        rows = [(_number(p.q), _number(p.slope), p.stability) for p in found.fixed_points]
        print_table(Table(columns, tuple(rows)))
        say()
    rows = [
        ("q*", _number(found.q_star), "the variance of pre-activations deep in the network"),
        ("χ", _number(found.chi), "the factor on the squared gradient norm, a layer"),
        ("phase", found.phase or "none", PHASES.get(found.phase or "", "")),
        ("ξ_q", _depth(found.xi_q), "a deviation from q* falls by a factor e"),
        ("ξ_gradient", _depth(found.xi_gradient), "the squared gradient norm changes by as much"),
    ]
    titles = (Column("figure"), Column("value", True), Column("what it says"))
    print_table(Table(titles, tuple(rows)))
    for line in _remarks(found):
        say("\n" + textwrap.fill(line, WIDTH))


def _remarks(found: MeanField) -> list[str]:
    reason = found.reason and f"{found.reason[0].upper()}{found.reason[1:]}."
    error = f"q* and χ are within {found.error:.0e}." if found.q_star is not None else ""
    return [line for line in (reason, error) if line]


def _closed(formula: Any) -> str:
    """The closed form behind a moment; nothing where there is none, or none to read."""
    text = "" if formula is None else str(formula).replace("**", "^")
    return f" = {text}" if text and len(text) <= LONGEST else ""


def _depth(layers: float | None) -> str:
    if layers is None:
        return "none"
    return f"{layers:.4g} layers" if math.isfinite(layers) else "infinite"


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:.{DIGITS}g}" if math.isfinite(value) else "infinite"


def point_of(point: Critical, wanted: str) -> None:
    """A point of the critical line, or why there is none."""
    say(f"{point.activation}: {wanted}\n")
    if point.sigma_w2 is None:
        say(textwrap.fill(f"There is none: {point.reason}.", WIDTH))
        return
    settles = "any" if point.q_star is None else _number(point.q_star)
    limit = ", in the limit q → 0" if point.q_star == 0 else ""
    rows = (
        ("σ_w²", _number(point.sigma_w2), "fan-in times the variance of a weight"),
        ("σ_b²", _number(point.sigma_b2), "the variance of a bias"),
        ("q*", settles, f"the variance of pre-activations that it keeps{limit}"),
    )
    print_table(Table((Column("figure"), Column("value", True), Column("what it is")), rows))
