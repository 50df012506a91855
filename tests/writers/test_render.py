"""Formats of a derivation: LaTeX lines, a TeX fragment, Markdown for code forges, text for terminals."""

from __future__ import annotations

import itertools
import re

import pytest

from symbp.errors import InputError
from symbp.writers.document import NOTHING, Formula, Section, Sentence, Text
from symbp.writers.linebreaks import broken
from symbp.writers.measure import width
from symbp.writers.render import FORMATS
from tests.examples import example


def rendered(name: str, form: str, notation: str = "scalar", lang: str = "en") -> str:
    return example(name).derive(notation=notation, lang=lang).render(form)


# -- every format -----------------------------------------------------------------------------------


def test_an_unknown_format_is_an_error():
    with pytest.raises(
        InputError, match="unknown format 'pdf'; known are latex, markdown, tex, text"
    ):
        rendered("article", "pdf")


@pytest.mark.parametrize("notation", ["scalar", "matrix", "index"])
@pytest.mark.parametrize("name", ["article", "bilinear"])
@pytest.mark.parametrize("form", FORMATS)
def test_results_alone_stand_one_on_a_line(name, notation, form):
    derived = example(name).derive(notation=notation)
    lines = derived.render(form, result_only=True).splitlines()
    assert len(lines) == len(example(name).program.graph.parameters)
    start = "∂L/∂" if form == "text" else r"\frac{\partial L}{\partial "
    assert all(line.startswith(start) and " = " in line for line in lines)


def test_matrix_results_of_the_article():
    derived = example("article").derive(notation="matrix")
    assert derived.render("latex", result_only=True).splitlines() == [
        r"\frac{\partial L}{\partial W_1} = x^\top \frac{\partial L}{\partial z_1}",
        r"\frac{\partial L}{\partial b_1} = \mathbf{1}^\top \frac{\partial L}{\partial z_1}",
        r"\frac{\partial L}{\partial W_2} = h^\top \frac{\partial L}{\partial z_2}",
        r"\frac{\partial L}{\partial b_2} = \mathbf{1}^\top \frac{\partial L}{\partial z_2}",
    ]


def test_index_results_of_the_article():
    derived = example("article").derive(notation="index")
    assert derived.render("latex", result_only=True).splitlines() == [
        r"\frac{\partial L}{\partial W_{1,ij}} = \sum_{n} x_{ni} \frac{\partial L}{\partial z_{1,nj}}",
        r"\frac{\partial L}{\partial b_{1,j}} = \sum_{n} \frac{\partial L}{\partial z_{1,nj}}",
        r"\frac{\partial L}{\partial W_{2,ij}} = \sum_{n} h_{ni} \frac{\partial L}{\partial z_{2,nj}}",
        r"\frac{\partial L}{\partial b_{2,j}} = \sum_{n} \frac{\partial L}{\partial z_{2,nj}}",
    ]


# -- LaTeX lines ------------------------------------------------------------------------------------


def test_latex_is_one_formula_a_line_and_words_are_comments():
    for line in rendered("article", "latex").splitlines():
        assert (
            not line
            or line.startswith("%")
            or " = " in line
            or line.startswith("= ")
            or r"\leftarrow" in line
        )


# -- TeX --------------------------------------------------------------------------------------------


def test_a_tex_fragment_says_what_it_needs_and_is_no_document():
    english, chinese = rendered("article", "tex"), rendered("article", "tex", lang="zh")
    assert english.startswith(
        "% Written by symbp. \\input this file; it needs \\usepackage{amsmath}."
    )
    assert r"\documentclass" not in english and r"\begin{document}" not in english
    assert "ctex" not in english and r"\usepackage{ctex}" in chinese


def test_tex_escapes_the_name_of_the_network():
    assert r"deep\_sigmoid" in rendered("deep_sigmoid", "tex").partition("\\subsection")[0]


def test_formulas_go_on_under_their_equals_sign():
    tex = rendered("article", "tex")
    rows = r"&= (y - t) \sigma'(w_2 h + b_2) w_2 \\[4pt]" + "\n" + r"&= (y - t) y (1 - y) w_2 \quad"
    assert rows in tex


# -- Markdown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["article", "deep_repeat", "digits_mlp"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_markdown_shows_on_a_code_forge(name, lang):
    """Displays stand on lines of their own, and nothing outside math reads as emphasis."""
    text = rendered(name, "markdown", "matrix", lang)
    fences = [k for k, line in enumerate(text.splitlines()) if "$$" in line]
    assert len(fences) % 2 == 0
    lines = text.splitlines()
    for k in fences:
        assert lines[k] == "$$"
    for opening, closing in zip(fences[::2], fences[1::2], strict=True):
        assert lines[opening - 1] == "" and lines[opening + 1] == r"\begin{aligned}"
        assert lines[closing - 1] == r"\end{aligned}"
        assert "" not in lines[opening:closing]
    words = re.sub(r"\$[^$]*\$", "", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL))
    assert not re.search(r"(?<!\\)[_*`]", words.replace("<!-- Written by symbp. -->", ""))
    assert not re.search(r"[^\x00-\x7f]\$|\$[^\x00-\x7f]", re.sub(r"\$([^$]*)\$", r"$\1$", text))


def test_symbols_are_a_list():
    text = rendered("article", "markdown")
    assert "- $x$: the input\n- $t$: the target\n- $w_1$, $b_1$, $w_2$, $b_2$: parameters\n" in text


# -- text -------------------------------------------------------------------------------------------


def test_text_fits_a_terminal_but_for_long_formulas():
    for line in rendered("article", "text", "matrix").splitlines():
        assert len(line) <= 100


def test_steps_go_on_under_the_equals_sign_in_text():
    lines = rendered("article", "text").splitlines()
    for before, line in itertools.pairwise(lines):
        if line.strip().startswith("= "):
            assert line.index("=") == before.index("=")


def test_the_rule_under_a_chinese_title_is_as_wide_as_the_title():
    title, rule = rendered("article", "text", lang="zh").splitlines()[:2]
    assert len(rule) == sum(2 if ord(c) > 0x2E7F else 1 for c in title)


# -- the document -----------------------------------------------------------------------------------


def test_a_formula_without_a_left_side_goes_on():
    formula = Formula(NOTHING, Text("a b", "a b"), "step")
    assert (formula.latex, formula.plain) == ("= a b", "= a b")


def test_a_notebook_shows_the_results():
    network = example("article")
    assert (
        network.derive()
        ._repr_latex_()
        .startswith(r"$$\begin{aligned} \frac{\partial L}{\partial W_1} &=")
    )
    assert set(network.derive()._repr_mimebundle_(exclude={"text/html"})) == {
        "text/plain",
        "text/latex",
        "text/markdown",
    }
    assert Section("t", (Sentence("a", "b"),)).blocks[0].latex == "a"


# -- widths and line breaks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "points"),
    [  # \settowidth of the formula at 10 pt, measured with pdflatex
        (r"x W_1 + b_1", 40.6),
        (r"\frac{\partial L}{\partial w_1}", 19.9),
        (r"\sum_{n} x_{ni} \frac{\partial L}{\partial z_{1,nj}}", 58.5),
        (r"(y - t) \sigma'(w_2 h + b_2) w_2 \sigma'(w_1 x + b_1) x", 156.3),
        (r"\tanh(w_1 x + b_1)", 66.1),
    ],
)
def test_the_width_of_a_formula_is_about_that_on_paper(latex, points):
    assert width(latex) == pytest.approx(points, rel=0.12)


def test_a_short_formula_is_not_broken():
    assert broken("a + b", 100) == ["a + b"]


def test_a_sum_breaks_before_its_signs():
    text = " + ".join(f"a_{k} b_{k}" for k in range(9))
    lines = broken(text, 100)
    assert " ".join(lines) == text and len(lines) > 1
    assert all(line.startswith("+ ") for line in lines[1:])
    assert all(width(line) <= 100 for line in lines)


def test_a_product_breaks_between_its_factors():
    text = " ".join(rf"\sigma'(w_{k} h + b_{k}) w_{k}" for k in range(9))
    lines = broken(text, 200)
    assert " ".join(lines) == text and len(lines) > 1
    assert all(line.count("(") == line.count(")") for line in lines)


def test_a_sum_s_letters_stay_with_what_is_summed():
    text = r"\frac{1}{s} \sum_{d} \hat{x}_{nd} \frac{\partial L}{\partial \hat{x}_{nd}}"
    assert all(
        not line.endswith("}_{d}") and not line.endswith(r"\sum_{d}") for line in broken(text, 60)
    )


def test_brackets_too_long_for_a_line_break_inside():
    inner = " + ".join(rf"\frac{{a_{k}}}{{b_{k}}}" for k in range(20))
    lines = broken(rf"\frac{{1}}{{s}} \left( {inner} \right)", 150)
    assert len(lines) > 1 and all(width(line) <= 160 for line in lines)
    assert r"\left" not in "".join(lines) and r"\Bigl(" in "".join(lines[:2])
