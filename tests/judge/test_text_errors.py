"""What cannot be read is shown in its place, and nothing that is written takes long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from symbp.judge.answer import Unusable
from tests.judge.reading import network, right, told

LEFT = r"\frac{\partial L}{\partial w_2}"


def fault(text: str, folder: Path, file: str = "a.tex") -> Unusable:
    with pytest.raises(Unusable) as found:
        told(network("article"), folder, file, text)
    return found.value


@pytest.mark.parametrize(
    "text, place, reason",
    [
        (rf"{LEFT} = (y - t) \foo h", r"\foo", r"'\foo' cannot stand here; expected an operator"),
        (rf"{LEFT} = (y - t)) h", ") h", "')' cannot stand here"),
        (rf"{LEFT} = ((y - t) h", "", "the end of the formula cannot stand here; expected ')'"),
        (rf"{LEFT} = (y - t) * * h", "* h", "expected a number, a symbol or a bracket"),
        (rf"{LEFT} = (y - t) q h", "q h", "'q' is no symbol of this network"),
        (rf"{LEFT} = (y - t) \sigma' h", "", None),
        (rf"{LEFT} = (y - t) \sigma'", "", "what is it a function of"),
        (rf"{LEFT} = (y - t) \frac{{1", "", "expected"),
        (r"\frac{\partial L}{\partial q} = (y - t) h" + f"\n{LEFT} = p*", "", "expected a number"),
        (rf"{LEFT} = \delta_2 h", r"\delta_2 h", None),
        ("dw2 = (y - t) § h", "§", "'§' is no sign of a formula"),
    ],
)
def test_an_unreadable_formula_is_shown_with_a_caret(
    text: str, place: str, reason: str | None, tmp_path: Path
) -> None:
    if reason is None:
        told(network("article"), tmp_path, "a.tex", text)
        return
    found = fault(text, tmp_path)
    assert reason in found.reason
    line = text.split("\n")[-1]
    assert found.line == text.count("\n") + 1
    shown, caret = found.excerpt.split("\n")
    if place:
        assert shown[len(caret) - 1 :].startswith(place[0])
        assert found.column == line.rindex(place) + 1


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    found = fault(f"{LEFT} = {'(y - t) + ' * 100} ? + {'h + ' * 100}", tmp_path)
    shown, caret = found.excerpt.split("\n")
    assert len(shown) <= 100 and shown[len(caret) - 1] == "?"


def test_prose_is_not_read(tmp_path: Path) -> None:
    text = f"""# My homework = done
    Let me think. We know that L = something, and 2 + 2 = 4?
    If w = 3 then all is lost: a = b = c (see [1]).
    | name | value = 3 |
    {LEFT} = (y - t) y (1 - y) h
    That's all = folks!
    """
    assert right(network("article"), tmp_path, "a.md", text) == {"W2"}


@pytest.mark.parametrize("text", ["", "no formula here", "2 + 2 = 4", "y = 3", "\x00\x01"])
def test_a_text_without_a_gradient_is_unusable(text: str, tmp_path: Path) -> None:
    assert "holds no gradient" in fault(text, tmp_path).reason


@pytest.mark.parametrize(
    "blank", ["", "____", r"\ldots", "?", r"\underline{\hspace{3cm}}", r"\text{hard}"]
)
def test_a_line_that_nobody_filled_in_is_missing(blank: str, tmp_path: Path) -> None:
    text = rf"$${LEFT} = {blank}$$" + "\n" + r"$$\frac{\partial L}{\partial b_2} = (y-t)y(1-y)$$"
    assert right(network("article"), tmp_path, "a.md", text) == {"b2"}


def test_an_undefined_delta_is_a_problem_of_its_gradient(tmp_path: Path) -> None:
    _, outcome = told(network("article"), tmp_path, "a.tex", rf"{LEFT} = \delta_2 h")
    assert outcome.problems["W2"].kind == "unknown"
    assert "delta2 is not defined" in outcome.problems["W2"].text


def test_definitions_that_lean_on_each_other_are_a_problem(tmp_path: Path) -> None:
    text = rf"\delta_2 = \delta_1 w_2 \\ \delta_1 = \delta_2 w_2 \\ {LEFT} = \delta_1 h"
    _, outcome = told(network("article"), tmp_path, "a.tex", rf"$${text}$$")
    assert "W2" in outcome.problems


def test_infinity_is_a_problem(tmp_path: Path) -> None:
    _, outcome = told(network("article"), tmp_path, "a.tex", f"{LEFT} = 10^{{10^{{10}}}} h")
    assert outcome.problems["W2"].kind == "number"


BOMBS = {
    "brackets": f"{LEFT} = " + "(" * 100_000,
    "pairs": f"{LEFT} = " + "(" * 900 + "y" + ")" * 900,
    "braces": f"{LEFT} = " + "{" * 100_000,
    "fractions": f"{LEFT} = " + r"\frac{1}{" * 500 + "y" + "}" * 500,
    "powers": f"{LEFT} = " + "9^{" * 500 + "9" + "}" * 500,
    "tower": f"{LEFT} = " + "9**" * 700 + "9",
    "divisions": f"{LEFT} = y" + "/y" * 900,
    "transposes": f"{LEFT} = y" + ".T" * 900,
    "fonts": f"{LEFT} = " + r"\mathbf{" * 700 + "y" + "}" * 700,
    "sums": f"{LEFT} = y" + "+y" * 100_000,
    "primes": f"{LEFT} = \\sigma" + "'" * 900 + "(z_2)",
    "words": f"{LEFT} = " + "yh" * 100_000,
    "one_word": f"{LEFT} = " + "q" * 300_000,
    "script": f"{LEFT} = w_{{" + "i" * 100_000 + "}",
    "begins": "\\begin{align}" * 20_000,
    "dollars": "$" * 99_999 + LEFT + "= h",
    "comments": "<!--" * 80_000,
    "sections": "\\section[" * 40_000,
    "spaces": " " * 300_000 + "(",
    "lines": "dw1 = q\n" * 40_000,
    "formulas": "dw2 = h\n" * 40_000,
    "late": "a " * 100_000 + "= h",
    "code": "w.grad " * 50_000 + "=",
    "stars": "**" * 150_000 + "= h",
    "laughs": "".join(
        rf"\newcommand{{\{b}}}{{\{a}\{a}\{a}\{a}\{a}\{a}\{a}\{a}\{a}\{a}}}"
        for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
    )
    + rf"\newcommand{{\a}}{{y}} {LEFT} = \l",
    "itself": rf"\def\x{{\x\x}} {LEFT} = \x",
    "grid": r"\frac{\partial L}{\partial W_{1,ij}} = "
    + " ".join(f"x_{{{a}{b}}}" for a, b in zip("abcdefghij", "klmnopqrst", strict=True)),
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_ends_soon(name: str, tmp_path: Path) -> None:
    start = time.monotonic()
    try:
        told(network("article"), tmp_path, "a.tex", BOMBS[name])
    except Unusable as error:
        assert len(str(error)) < 1_000
    assert time.monotonic() - start < 10  # one, on a machine with nothing else to do


def test_a_text_of_a_megabyte_is_not_read(tmp_path: Path) -> None:
    assert "is larger than" in fault("x" * 1_000_001, tmp_path).reason


def test_commands_of_the_answer_are_expanded(tmp_path: Path) -> None:
    text = r"""\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
        \newcommand\err{(y - t)} \def\act#1{\sigma'(#1)} \DeclareMathOperator{\relu}{ReLU}
        \begin{document} $$\pd{L}{w_2} = \err \act{z_2} h$$ \end{document}"""
    assert right(network("article"), tmp_path, "a.tex", text) == {"W2"}


def test_nothing_in_a_text_is_executed(tmp_path: Path) -> None:
    text = f"{LEFT} = __import__('os').system('touch {tmp_path}/made')"
    fault(text, tmp_path)
    assert not (tmp_path / "made").exists()


def test_a_bar_that_puts_nothing_in_is_shown(tmp_path: Path) -> None:
    text = r"\frac{\partial L}{\partial b_2} = (y - t) \left. y (1 - y) \right|_{z_2}"
    with pytest.raises(Unusable, match="what takes which value below the bar") as found:
        told(network("article"), tmp_path, "a.tex", text)
    assert found.value.excerpt.splitlines()[1].index("^") == 4 + text.index("|")


def test_one_row_of_an_embedding_is_shown_with_what_was_expected(tmp_path: Path) -> None:
    text = "∂L/∂E1[x[n,t],d] = ∂L/∂e1[n,t,d]"
    with pytest.raises(Unusable, match="for a row of an embedding") as found:
        told(network("shakespeare_transformer"), tmp_path, "a.txt", text)
    assert found.value.line == 1
