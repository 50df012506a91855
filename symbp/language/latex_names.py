"""LaTeX that a user gives a name: harmless by construction, for it goes into documents as it is."""

from __future__ import annotations

import re

from symbp.language.sections import Section
from symbp.language.wording import show, unknown

_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta "
    "Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_SIGNS = (
    "hat bar tilde vec dot ddot widehat widetilde overline underline mathrm mathbf mathit mathcal "
    "mathbb mathsf mathfrak boldsymbol operatorname ell hbar prime star ast dagger circ top bot "
    "perp parallel infty partial nabla odot oplus otimes cdot pm mp min max"
)
_COMMANDS = frozenset(f"{_GREEK} {_SIGNS}".split())
_TOKEN = re.compile(r"\\([A-Za-z]+)|[A-Za-z0-9 ^_{}'*+,.()=|-]|\\[,;!:]")
MAX_LATEX = 64


def read_latex(table: Section, names: list[str]) -> tuple[tuple[str, object], ...]:
    """The table ``latex``: name -> its LaTeX, sorted; InputError for any other name or command."""
    for name, value in table.values.items():
        if name not in names:
            raise table.error(unknown("name {} in latex", name, names), name)
        if not isinstance(value, str) or not _is_harmless(value):
            raise table.error(
                f"latex of {name} must be at most {MAX_LATEX} characters: letters, digits, "
                f"scripts, Greek letters and accents in closed braces, not {show(value)}",
                name,
            )
    return tuple(sorted(table.values.items()))


def _is_harmless(value: str) -> bool:
    if len(value) > MAX_LATEX or not value.strip():
        return False
    depth = position = 0
    while position < len(value):
        token = _TOKEN.match(value, position)
        if not token or (token[1] and token[1] not in _COMMANDS):
            return False
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth < 0:
            return False
        position = token.end()
    return depth == 0
