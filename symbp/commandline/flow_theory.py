"""``symbp flow --activation``: the theory of infinitely wide networks, for one activation."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symbp.commandline.screen import print_table, say
from symbp.errors import InputError
from symbp.writers.table import Column, Table

if TYPE_CHECKING:
    from symbp.meanfield.critical import Critical
    from symbp.meanfield.mean_field import MeanField
    from symbp.meanfield.moments import Moments

WIDTH = 100
DIGITS = 10
LONGEST = 70  # signs of a closed form that is shown
PHASES = {
    "ordered": "inputs grow alike from layer to layer, gradients shrink",
    "chaotic": "inputs grow apart from layer to layer, gradients grow",
    "critical": "gradients keep their size",
}


@dataclass(frozen=True)
class Asked:
    """The options that go with ``--activation``."""

    activation: str | None
    sigma_w2: float | None
    sigma_b2: float | None
    critical: bool
    q: float | None
    scalars: tuple[str, ...]

    @property
    def given(self) -> bool:
        return any((self.critical, self.scalars)) or any(
            value is not None for value in (self.activation, self.sigma_w2, self.sigma_b2, self.q)
        )


def theory(network: str | None, asked: Asked, form: str) -> None:
    """The figures at given variances, or with ``--critical`` the variances that keep gradients."""
    from symbp.meanfield.critical import critical
    from symbp.meanfield.mean_field import mean_field
    from symbp.meanfield.moments import moments

    scalars = _scalars(asked.scalars)
    activation = _check(network, asked)
    if asked.critical:
        point = critical(activation, asked.q, asked.sigma_b2, scalars)
        if form == "json":
            _json(_point_json(point))
        else:
            _point_text(point, asked)
        return
    assert asked.sigma_w2 is not None
    found = mean_field(activation, asked.sigma_w2, asked.sigma_b2 or 0.0, scalars)
    if form == "json":
        _json(_figures_json(found))
    else:
        _figures_text(found, moments(activation, scalars))


def _check(network: str | None, asked: Asked) -> str:
    if asked.activation is None:
        raise InputError("--sigma-w2, --sigma-b2, --critical, --q and --scalar need --activation")
    if network is not None:
        raise InputError("give a network or --activation, not both")
    if asked.q is not None and not asked.critical:
        raise InputError("--q belongs to --critical; add it")
    if asked.critical and asked.sigma_w2 is not None:
        raise InputError("--critical solves for sigma_w2; leave --sigma-w2 out")
    if asked.critical and asked.q is not None and asked.sigma_b2 is not None:
        raise InputError("--q and --sigma-b2 each fix a point of the critical line; give one")
    if not asked.critical and asked.sigma_w2 is None:
        raise InputError("--activation needs --sigma-w2 A, and --sigma-b2 B or 0; or --critical")
    return asked.activation


def _scalars(given: tuple[str, ...]) -> dict[str, float]:
    """``beta=1.5`` as a dict."""
    found: dict[str, float] = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise InputError(
                f"--scalar takes NAME=NUMBER, such as beta=1.0, not {text!r}"
            ) from None
    return found


# -- JSON ------------------------------------------------------------------------------------------


def _json(document: Mapping[str, Any]) -> None:
    say(json.dumps(document, ensure_ascii=False, indent=2))


def _figures_json(found: MeanField) -> dict[str, Any]:
    return {
        "activation": found.activation,
        "sigma_w2": found.sigma_w2,
        "sigma_b2": found.sigma_b2,
        "q_star": _finite(found.q_star),
        "chi": _finite(found.chi),
        "xi_q": _finite(found.xi_q),
        "xi_gradient": _finite(found.xi_gradient),
        "phase": found.phase,
        "fixed_points": [
            {"q": p.q, "slope": _finite(p.slope), "stability": p.stability}
            for p in found.fixed_points
        ],
        "error": _finite(found.error),
        "reason": found.reason or None,
    }


def _point_json(point: Critical) -> dict[str, Any]:
    return {
        "activation": point.activation,
        "sigma_w2": point.sigma_w2,
        "sigma_b2": point.sigma_b2,
        "q_star": point.q_star,
        "reason": point.reason or None,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


# -- text ------------------------------------------------------------------------------------------


def _figures_text(found: MeanField, known: Moments) -> None:
    say(f"{found.activation}: weights of variance {found.sigma_w2:.{DIGITS}g}/fan-in, "
        f"biases of variance {found.sigma_b2:.{DIGITS}g}\n")  # fmt: skip
    say(f"variance map   V(q) = {found.sigma_w2:g} M(q) + {found.sigma_b2:g}, M(q) = E[φ(√q z)²]"
        f"{_closed(known.second_formula)}")  # fmt: skip
    say(f"gradients      χ(q) = {found.sigma_w2:g} S(q), S(q) = E[φ'(√q z)²]"
        f"{_closed(known.slope_formula)}\n")  # fmt: skip
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
        (
            "ξ_gradient",
            _depth(found.xi_gradient),
            "the squared gradient norm changes by a factor e",
        ),
    ]
    print_table(
        Table((Column("figure"), Column("value", True), Column("what it says")), tuple(rows))
    )
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


def _point_text(point: Critical, asked: Asked) -> None:
    say(f"{point.activation}: {_wanted(asked)}\n")
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


def _wanted(asked: Asked) -> str:
    if asked.q is not None:
        return f"the critical point (χ = 1) with fixed point q = {asked.q:g}"
    if asked.sigma_b2 is not None:
        return f"the critical point (χ = 1) with σ_b² = {asked.sigma_b2:g}"
    return "where χ and the slope of the variance map are both 1"
