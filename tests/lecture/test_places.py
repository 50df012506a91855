"""Where the terms of a statement stand after it was broken into lines."""

from __future__ import annotations

import pytest

from symbp.lecture.html_data import with_data
from symbp.lecture.places import Span, spans
from symbp.printers.marks import mark, negative, positive, unmarked
from symbp.writers.layout import broken


def test_a_term_on_one_line() -> None:
    code = f"z = {mark('a', 'x @ ' + mark('b', 'W'))} + b"
    assert spans(code, ["    z = x @ W + b  # a formula"]) == [
        [Span(8, 13, "a"), Span(12, 13, "b")]
    ]


def test_white_space_that_a_formatter_adds_is_in_the_span() -> None:
    assert spans(f"y = {mark('a', 'x[0]**2')}", ["y = x[0] ** 2"]) == [[Span(4, 13, "a")]]


def test_brackets_around_a_broken_value_are_not_in_the_term() -> None:
    inner = f"({mark('d', 'a + b')})"
    value = f"{inner} * c"
    code = f"y = {mark('k', value)} - {mark('e', 'f')}"
    lines = ["y = (", "    (a + b) * c", "    - f", ")"]
    assert spans(code, lines) == [
        [], [Span(4, 15, "k"), Span(5, 10, "d")], [Span(6, 7, "e")], [],
    ]  # fmt: skip


def test_a_term_on_several_lines_has_a_span_on_each() -> None:
    code = f"y = {mark('k', 'f(a, b)')}"
    assert spans(code, ["y = f(", "    a,", "    b,", ")"]) == [
        [Span(4, 6, "k")], [Span(4, 6, "k")], [Span(4, 6, "k")], [Span(0, 1, "k")],
    ]  # fmt: skip


@pytest.mark.parametrize("length", [10, 60, 110])
def test_lines_as_the_layout_breaks_them(length: int) -> None:
    names = [f"{letter * length}" for letter in "abcd"]
    parts = [mark(f"t.{k}", name) for k, name in enumerate(names)]
    code = f"y = ({parts[0]} + {parts[1]}) @ np.exp({parts[2]}, {parts[3]})"
    lines = broken(unmarked(code), "")
    found = {s.term: line[s.start : s.stop] for line, row in zip(lines, spans(code, lines), strict=True)
             for s in row}  # fmt: skip
    assert found == {f"t.{k}": name for k, name in enumerate(names)}


def test_lines_of_another_statement_are_refused() -> None:
    with pytest.raises(ValueError, match="are not the lines of"):
        spans("y = x", ["y = z"])


def test_a_minus_in_front_leaves_its_term() -> None:
    text = mark("k", "-a b")
    assert negative(text)
    assert positive(text) == mark("k", "a b")


def test_a_term_holds_no_mark_of_itself() -> None:
    assert mark("k", f"-{mark('k', 'a')} {mark('m', 'b')}") == mark("k", f"-a {mark('m', 'b')}")


def test_an_exponent_belongs_to_its_tensor() -> None:
    y = mark("t.y", "y_{nj}")
    assert with_data(f"{y}^2 {y}") == r"\htmlData{term=t.y}{y_{nj}^2} \htmlData{term=t.y}{y_{nj}}"
    assert with_data(f"{y}^{{-{mark('t.a', 'a')}}}") == (
        r"\htmlData{term=t.y}{y_{nj}^{-\htmlData{term=t.a}{a}}}"
    )
    call = mark("e.h.1", r"\sigma(z)")
    assert with_data(f"{call}^2") == r"\htmlData{term=e.h.1}{\sigma(z)}^2"
