"""What a report says, how much it gives away, in which language and format."""

from __future__ import annotations

import json
from functools import cache
from string import Formatter

import pytest

import symbp
from symbp.judge import kinds
from symbp.judge.check import check
from symbp.judge.report import Report
from symbp.judge.words import MISTAKES, PHRASES, listed
from symbp.judge.words_terms import Terms
from symbp.printers.marks import unmarked, written
from symbp.proof import module
from tests.judge.answers import answer


@cache
def report(lang: str = "en", hints: int = 3, **edits: str) -> Report:
    return check(symbp.load("article"), answer(**edits), lang=lang, hints=hints)


def paragraphs(made: Report) -> str:
    return "\n".join(made.paragraph(remark) for remark in made.remarks)


def test_an_omitted_derivative_is_named_in_a_sentence_with_its_formula_marked() -> None:
    made = report(dz2="dy")
    text = str(made)
    assert "In ∂L/∂z2 the factor σ'(z2) = y ⊙ (1 - y) is missing." in text
    assert "Here z2 = h W2 + b2." in text
    assert "the gradient of binary cross-entropy" in text.replace("\n   ", " ")
    assert "∂L/∂z2 = ∂L/∂y ⊙ ⟦y ⊙ (1 - y)⟧" in text
    assert "dz2 = dy * ⟦y * (1 - y)⟧" in text
    assert "It makes ∂L/∂b2, ∂L/∂W1 and ∂L/∂b1 wrong, too." in text.replace("\n   ", " ")


def test_on_a_terminal_the_marked_term_is_bold_and_red() -> None:
    assert "\x1b[1;31my ⊙ (1 - y)\x1b[0m" in report(dz2="dy").text(colour=True)
    assert "\x1b" not in report(dz2="dy").text()


def test_hints_give_away_the_equation_then_the_factor_then_all() -> None:
    first, second, third = (str(report(hints=h, dz1="dh * h")) for h in (1, 2, 3))
    assert "∂L/∂z1 (backward.dz1)" in first
    assert "1 - h" not in first
    assert "1 - h" in second
    assert "dz1 = dh" not in second
    assert "dz1 = dh * h * (⟦1 - h⟧)" in third


def test_chinese_says_the_same() -> None:
    made = report(lang="zh", dz2="dy")
    assert "∂L/∂z2 中缺少因子 σ'(z2) = y ⊙ (1 - y)。" in paragraphs(made)
    assert "二元交叉熵" in paragraphs(made)
    assert "4 个梯度中有 4 个不对。" in str(made)


def test_a_right_answer_is_praised_in_one_line() -> None:
    assert str(report()).endswith("All 4 gradients are right.\n")
    assert report().ok


def test_every_sentence_and_phrase_has_both_languages_with_the_same_places() -> None:
    for english, chinese in (*MISTAKES.values(), *PHRASES.values()):
        names = [{n for _, n, _, _ in Formatter().parse(t) if n} for t in (english, chinese)]
        assert names[0] == names[1], english


def test_every_kind_has_a_sentence() -> None:
    said = {key.partition(".")[0] for key in MISTAKES}
    assert kinds.KINDS.keys() == said


def test_names_are_listed_as_one_says_them() -> None:
    assert listed("en", ["W2"]) == "W2"
    assert listed("en", ["W2", "b2", "W1"]) == "W2, b2 and W1"
    assert listed("zh", ["W2", "b2", "W1"]) == "W2、b2和W1"


def test_json_is_the_document_of_the_contract() -> None:
    document = json.loads(json.dumps(report(dz1="2 * dh * h * (1 - h)").as_json()))
    found = document["parameters"]
    assert found["W2"] == {
        "verdict": "right", "relative_error": found["W2"]["relative_error"], "diagnosis": []
    }  # fmt: skip
    assert found["b1"]["verdict"] == "wrong"
    assert found["b1"]["scale"] == pytest.approx(2)
    (first,), (second,) = (found[k]["diagnosis"] for k in ("W1", "b1"))
    assert first == {"kind": "scale", "where": "backward.dz1", "text": first["text"]}
    assert second["following"]
    assert first["text"] == "∂L/∂z1 is 2 times what it should be."


def test_places_in_json_are_equations_of_the_map() -> None:
    from symbp.writers.equations import equations

    known = {e.id for e in equations(symbp.load("article").program)}
    for judged in report(dz2="dy", db1="dz1[0]").as_json()["parameters"].values():
        assert {blame["where"] for blame in judged["diagnosis"]} <= known


def test_html_marks_the_term_and_escapes_everything() -> None:
    page = report(dz2="dy").html()
    assert "<mark>y ⊙ (1 - y)</mark>" in page
    assert "dz2 = dy * <mark>y * (1 - y)</mark>" in page
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in check(symbp.load("article"), "dw1 = <script>\n").html()


def test_marks_leave_the_formula_as_the_map_has_it() -> None:
    network = symbp.load("article")
    made = report(dz1="dh * h")
    (remark,) = made.remarks
    assert unmarked(remark.formula) == "∂L/∂z1 = ∂L/∂h ⊙ h ⊙ (1 - h)"
    terms = Terms(network.program)
    bench = made.verdict.bench
    assert bench is not None
    for part in bench.chain.parts:
        for mutation in bench.mutations.of(part)[:20]:
            text = written(terms.formula(mutation), lambda _: "", "")
            assert " = " in text


@pytest.mark.slow
def test_one_gate_of_many_is_shown_alone() -> None:
    network = symbp.load("parity_lstm")
    live = module.load(symbp.generate(network).replace("* f1[:, step]", "", 1))
    made = check(network, lambda params, x, t: live.loss_and_grads(params, x, t)[1])
    assert not made.ok
    assert all(
        ";" not in line for r in made.remarks for line in made.words.formula_lines(r.formula)
    )


def test_an_unexplained_gradient_is_described() -> None:
    text = paragraphs(report(dW1="np.cos(x.T @ dz1)"))
    assert "no single mistake that is known explains it" in text
    assert " Relative error " in text
    assert "Right are ∂L/∂b1, ∂L/∂W2 and ∂L/∂b2." in text


SCALAR = """
\\delta_2 = (y - t) \\sigma'(w_2 h + b_2)
\\partial L/\\partial w_2 = \\delta_2 h
\\partial L/\\partial b_2 = \\delta_2
\\delta_1 = \\delta_2 \\sigma'(w_1 x + b_1)
\\partial L/\\partial w_1 = \\delta_1 x
\\partial L/\\partial b_1 = \\delta_1
"""


def test_a_factor_missing_from_a_matrix_product_is_marked_in_formula_and_code() -> None:
    matrix = r"""
        \delta_2 = (y - t) \odot y \odot (1 - y)
        \partial L/\partial W_2 = h^\top \delta_2
        \partial L/\partial b_2 = \mathbf{1}^\top \delta_2
        \delta_1 = \delta_2 \odot h \odot (1 - h)
        \partial L/\partial W_1 = x^\top \delta_1
        \partial L/\partial b_1 = \mathbf{1}^\top \delta_1
    """
    text = str(check(symbp.load("article"), matrix))
    assert "In ∂L/∂h the factor W2 is missing." in text
    assert "∂L/∂h = ∂L/∂z2 ⟦W2⟧ᵀ" in text
    assert "dh = dz2 @ ⟦W2⟧.T" in text


def test_an_answer_in_scalar_notation_is_told_in_its_own_names() -> None:
    made = check(symbp.load("article"), SCALAR)
    text = str(made)
    assert "In ∂L/∂h the factor w2 is missing." in text
    assert "∂L/∂h = ∂L/∂z2 ⟦w2⟧" in text
    assert [row.name for row in made.rows] == ["w1", "b1", "w2", "b2"]
    assert list(made.as_json()["parameters"]) == ["W1", "b1", "W2", "b2"]


def test_a_term_that_stands_there_twice_is_marked_where_it_is_wrong() -> None:
    text = str(report(dz1="dh * h * (1 - z1)"))
    assert "dz1 = dh * h * (1 - ⟦h⟧)" in text


def test_a_wrong_sign_marks_what_has_it_and_keeps_the_formula() -> None:
    assert "∂L/∂z1 = ∂L/∂h ⊙ h ⊙ (1 - ⟦h⟧)" in str(report(dz1="dh * h * (1 + h)"))
    text = str(report(dh="-dz2 @ W2.T"))
    assert "The sign of ∂L/∂h is wrong." in text
    assert "∂L/∂h = ⟦∂L/∂z2 W2ᵀ⟧" in text


def test_a_bias_left_out_inside_a_derivative_is_marked_in_what_the_argument_is() -> None:
    made = check(symbp.load("article"), SCALAR.replace("(w_1 x + b_1)", "(w_1 x) w_2"))
    text = str(made).replace("\n   ", " ")
    assert (
        "In ∂L/∂z1 the term b1 is left out of the argument of σ'(z1). Here z1 = w1 x + b1" in text
    )
    assert "∂L/∂z1 = ∂L/∂h σ'(⟦z1⟧)" in text
    assert "z1 = w1 x + ⟦b1⟧" in text
    assert "z1 = x @ W1 + ⟦b1⟧" in text
    (blame,) = made.as_json()["parameters"]["W1"]["diagnosis"]
    assert blame["kind"] == "missing_term"


def test_a_bias_left_out_is_told_in_chinese() -> None:
    made = report(lang="zh", dz2="dy * sigmoid(h @ W2) * (1 - sigmoid(h @ W2))")
    assert "∂L/∂z2 中 σ'(z2) 的自变量里漏掉了 b2 这一项。" in paragraphs(made)
