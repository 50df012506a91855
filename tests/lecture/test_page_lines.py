"""Long formulas in lines keep every letter and every term."""

from __future__ import annotations

import re

import pytest

import symbp
from symbp import examples
from symbp.lecture.page_lines import NEXT, ROOM, in_lines, unmarked
from symbp.lecture.terms import marked
from symbp.writers.measure import width

LAYOUT = re.compile(r"\\(begin|end)\{aligned\}|\\\\|\\quad|&|\s|\\(Bigl|Bigr|left|right)\b")


def letters(latex: str) -> str:
    """A formula without what its lines add."""
    return LAYOUT.sub("", unmarked(latex).replace(NEXT, ""))


@pytest.mark.parametrize("name", examples.names())
def test_lines_say_what_the_formula_says(name):
    for forms in marked(symbp.load(name).program).latex.values():
        for latex in forms.values():
            found = in_lines(latex)
            assert letters(found) == letters(latex)
            assert set(re.findall(r"term=([^}]*)", found)) == set(
                re.findall(r"term=([^}]*)", latex)
            )
            if width(unmarked(latex)) <= ROOM:
                assert found == latex


def test_a_term_over_a_break_is_marked_on_both_lines():
    latex = r"\htmlData{term=t.y}{y} = \htmlData{term=e.y.1}{" + " + ".join(
        rf"\htmlData{{term=t.a}}{{a_{{{k}}}}}" for k in range(40)
    )
    lines = in_lines(latex + "}").split(r" \\ ")
    assert len(lines) > 1
    assert all(r"\htmlData{term=e.y.1}{" in line for line in lines)
    assert all(line.replace(r"\{", "").count("{") == line.count("}") for line in lines)
