"""The keys of a network file that hold a formula: parsed, and every name in it known."""

from __future__ import annotations

import re

from symbp.errors import InputError
from symbp.language.formula_names import mentioned
from symbp.language.kinds import FORMULA, Option
from symbp.language.names import ACTIVATIONS
from symbp.language.parser import parse
from symbp.language.sections import Section
from symbp.language.tree import Equation, Formula
from symbp.language.wording import unknown


def read_formula(section: Section, key: str) -> tuple[Formula, int]:
    """The parsed formula of a key, and the line on which its text begins (0 without a file)."""
    text = section.get(key, Option(FORMULA))
    assert isinstance(text, str)
    line = section.origin.lines.of_text((*section.path, key)) or 0
    try:
        return parse(text, section.origin.file, line or 1), line
    except InputError as error:
        if line:
            raise
        raise section.error(error.message, key) from None


def read_activation(
    section: Section, key: str, scalars: Section | None = None
) -> tuple[Formula | None, int]:
    """The parsed formula of an activation and its line; None and 0 where the key holds a name.

    The formula is elementwise in x and may read the learnable scalars.
    """
    text = str(section.values[key]).strip()
    known = ["x", *(scalars.values if scalars else ())]
    if text in ACTIVATIONS:
        return None, 0
    if re.fullmatch(r"[A-Za-z]\w*", text) and text not in known:
        raise section.error(unknown(f"{key} {{}} of {section.what}", text, ACTIVATIONS), key)
    formula, line = read_formula(section, key)
    if formula.elementwise is None:
        raise section.error(
            f"{key} is applied to each number; write a bare expression in x, such as x*sigmoid(x)",
            key,
        )
    check_names(section, key, formula, known, line)
    if "x" not in mentioned(formula):
        raise section.error(f"{key} does not depend on x", key)
    return formula, line


def check_names(section: Section, key: str, formula: Formula, known: list[str], line: int) -> None:
    """Refuse a name that is not known, at its equation's line (``line``: the first one's)."""
    parts: tuple[Equation | Formula, ...] = formula.equations or (formula,)
    for part in parts:
        for name in mentioned(part):
            if name in known:
                continue
            message = unknown("name {}", name, sorted(known))
            if not line:
                raise section.error(message, key)
            offset = getattr(part, "line", 1) - 1
            raise InputError(message, section.origin.file, line + offset)
