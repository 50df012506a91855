"""``symbp flow --activation``: the theory of infinitely wide networks, for one activation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symbp.commandline.screen import say
from symbp.errors import InputError

if TYPE_CHECKING:
    from symbp.meanfield.critical import Critical
    from symbp.meanfield.mean_field import MeanField


@dataclass(frozen=True)
class Asked:
    """The options that go with ``--activation``."""

    activation: str | None
    sigma_w2: float | None
    sigma_b2: float | None
    critical: bool
    q: float | None
    scalars: tuple[str, ...]
    others: tuple[str, ...] = ()  # options that are given, too, and belong to a network

    @property
    def given(self) -> bool:
        return any((self.critical, self.scalars)) or any(
            value is not None for value in (self.activation, self.sigma_w2, self.sigma_b2, self.q)
        )


def theory(network: str | None, asked: Asked, form: str) -> None:
    """The figures at given variances, or with ``--critical`` the variances that keep gradients."""
    from symbp.commandline import theory_text
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
            theory_text.point_of(point, _wanted(asked))
        return
    assert asked.sigma_w2 is not None
    found = mean_field(activation, asked.sigma_w2, asked.sigma_b2 or 0.0, scalars)
    if form == "json":
        _json(_figures_json(found))
    else:
        theory_text.figures(found, moments(activation, scalars))


def _check(network: str | None, asked: Asked) -> str:
    if asked.activation is None:
        raise InputError("--sigma-w2, --sigma-b2, --critical, --q and --scalar need --activation")
    if network is not None:
        raise InputError("give a network or --activation, not both")
    if asked.others:
        raise InputError(f"--{asked.others[0]} belongs to a network, not to --activation")
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


def _wanted(asked: Asked) -> str:
    if asked.q is not None:
        return f"the critical point (χ = 1) with fixed point q = {asked.q:g}"
    if asked.sigma_b2 is not None:
        return f"the critical point (χ = 1) with σ_b² = {asked.sigma_b2:g}"
    return "where χ and the slope of the variance map are both 1"


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
