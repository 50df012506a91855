"""Formulas and code carry the same keys, and lose nothing else."""

from __future__ import annotations

import re

import pytest

import symbp
from symbp import examples
from symbp.network.items import statements
from symbp.network.program import Program
from tests.layers.proved import dense, formula, network
from tests.lecture.marked import Case, case, example, tensors, terms, texts, without_terms
from tests.network.networks import BATCHNORM, DROPOUT, OUT, repeat

EVERY = pytest.mark.parametrize("name", examples.names())
KEY = re.compile(r"t\.[A-Za-z0-9_]+|e\.[A-Za-z0-9_.]+\.[1-9][0-9]*")


def in_another_form(program: Program) -> set[str]:
    """The equations whose code runs a stabler form than their formula shows."""
    items = (*program.forward, *program.loss, *program.backward)
    return {
        s.id
        for s in statements(items)
        for p in s.pieces
        if p.finished and p.finished.runs is not None
    }


def code_of(found: Case, key: str) -> list[str]:
    """What stands for a term in the code."""
    spans = ((n, s) for n, row in found.marked.code.items() for s in row if s.term == key)
    return [found.line(n)[s.start : s.stop] for n, s in spans]


@EVERY
def test_an_equation_names_the_same_tensors_in_its_formula_and_in_its_code(name: str) -> None:
    found = example(name)
    other = in_another_form(found.program)
    for entry in found.computed:
        code, formula = (tensors(f(entry)) for f in (found.code_terms, found.formula_terms))
        if entry.id in other:
            assert code & formula, entry.id
        else:
            assert code == formula, entry.id


@EVERY
def test_compound_terms_of_the_code_are_terms_of_the_formula(name: str) -> None:
    found = example(name)
    for entry in found.computed:
        every = {term for latex in found.marked.latex[entry.id].values() for term in terms(latex)}
        assert found.code_terms(entry) - tensors(found.code_terms(entry)) <= every, entry.id


@EVERY
def test_all_terms_of_a_formula_are_in_its_code_or_have_a_reason(name: str) -> None:
    """A sum that is added up in parts is on no single line; of a stabler form some parts are not."""
    found = example(name)
    other = in_another_form(found.program)
    for entry in found.computed:
        missing = found.formula_terms(entry) - found.code_terms(entry)
        parts = {f"e.{entry.id}.1"} if any("+=" in line for line in entry.code) else set()
        assert missing <= parts or entry.id in other, entry.id


@EVERY
def test_without_its_terms_a_formula_is_the_formula_of_the_map(name: str) -> None:
    found = example(name)
    for entry in found.entries:
        plain = {k: without_terms(latex) for k, latex in found.marked.latex[entry.id].items()}
        assert plain == entry.latex


@EVERY
def test_a_span_of_a_tensor_stands_on_its_name(name: str) -> None:
    found = example(name)
    views = {t.name: t.part_of for t in found.program.tensors.values() if t.delayed}
    for number, row in found.marked.code.items():
        for span in row:
            text = found.line(number)[span.start : span.stop]
            assert text and text == text.strip()
            if span.term.startswith("t."):
                variable = text.partition("[")[0].rstrip("_")
                known = {variable, views.get(variable), "loss" if variable == "return" else None}
                assert span.term.removeprefix("t.").rstrip("_") in known


@EVERY
def test_spans_are_nested_or_disjoint_outer_ones_first(name: str) -> None:
    for row in example(name).marked.code.values():
        for k, outer in enumerate(row):
            for inner in row[k + 1 :]:
                assert inner.start >= outer.stop or inner.stop <= outer.stop


@EVERY
def test_scalar_and_matrix_form_have_no_terms_of_their_own(name: str) -> None:
    for forms in example(name).marked.latex.values():
        for latex in forms.values():
            assert terms(latex) <= terms(forms["index"])


@EVERY
def test_keys_are_safe_in_attributes(name: str) -> None:
    found = example(name)
    keys = {span.term for row in found.marked.code.values() for span in row}
    keys |= {t for forms in found.marked.latex.values() for x in forms.values() for t in terms(x)}
    assert all(KEY.fullmatch(key) for key in keys)


def test_the_slope_of_the_loss_is_one_term_in_formula_and_code() -> None:
    found = example("article")
    latex = found.marked.latex["backward.dy"]
    (key,) = {t for t in terms(latex["matrix"]) if t.startswith("e.")}
    assert {k: texts(form, key) for k, form in latex.items()} == {
        "scalar": ["y - t"], "matrix": ["y - t"], "index": ["y_{nj} - t_{nj}"],
    }  # fmt: skip
    assert code_of(found, key) == ["y - t"]


def test_a_factor_keeps_its_key_in_every_notation() -> None:
    found = example("article")
    latex, key = found.marked.latex["backward.dz1"], "e.backward.dz1.2"
    assert [texts(form, key) for form in latex.values()] == [["1 - h"], ["1 - h"], ["1 - h_{nj}"]]
    assert code_of(found, key) == ["1 - h"]


def test_a_local_derivative_is_found_in_a_line_broken_in_two() -> None:
    found = example("copy_gru")
    rows = [row for row in found.marked.code.values() for s in row if s.term == "e.backward.dv1.1"]
    assert rows
    assert code_of(found, "e.backward.dv1.1") == [
        "dh1[:, step] * r1[:, step] * (1 - z1[:, step]) * (1 - g1[:, step] ** 2)"
    ]


def test_the_past_of_a_tensor_is_that_tensor() -> None:
    found = example("parity_lstm")
    assert {"h_prev1", "h1"} <= {text.partition("[")[0] for text in code_of(found, "t.h1")}
    assert "t.h1" in terms(found.marked.latex["forward.z1"]["index"])


def test_what_a_recurrence_carries_back_is_one_variable() -> None:
    """The share that one step hands to the one before is read there under another name."""
    found = example("copy_gru")
    written = found.marked.latex["backward.dh_next1"]["index"]
    assert written.startswith(r"\htmlData{term=t.dh_next1}")
    assert "t.dh_next1" in terms(found.marked.latex["backward.dh1"]["index"])


def test_a_sum_over_a_window_is_the_loop_that_adds_it_up() -> None:
    found = example("digits_conv")
    (key,) = {t for t in terms(found.marked.latex["forward.z1"]["index"]) if t.endswith(".2")}
    assert any("@ x_pad1[" in text for text in code_of(found, key))


def test_a_logarithm_that_runs_in_another_form_is_linked() -> None:
    found = example("digits_mlp")
    assert "log_p" in code_of(found, "e.loss.loss.4")
    assert r"\log(\htmlData{term=t.p}{p_{nk}})" in found.marked.latex["loss.loss"]["index"]


def test_the_logarithms_of_a_sigmoid_are_told_apart_by_their_signs() -> None:
    """log(p) is minus softplus(-z3), log(1 - p) is minus softplus(z3)."""
    found = example("spirals")
    latex = found.marked.latex["loss.loss"]["index"]
    pairs = {
        code_of(found, key)[0]: texts(latex, key) for key in terms(latex) if code_of(found, key)
    }
    assert pairs["softplus(-z3)"] == [r"\log(p_{nj})"]
    assert pairs["softplus(z3)"] == [r"\log(1 - p_{nj})"]


def test_a_value_that_is_computed_once_is_its_term_on_every_line() -> None:
    text = "y[n,k] = softmax(x[n,k]*w[k], k)"
    tables = network(dense(3), formula(text, parameters={"w": ["k"]}))
    found = case(symbp.Network(**tables))
    assert "common2 = z1 * w2" in found.module.source
    (key,) = {
        t for t in found.code_terms(found.entry("forward.u2")) if "z1 * w2" in code_of(found, t)
    }
    assert code_of(found, key) == ["common2", "z1 * w2", "common2"]
    assert texts(found.marked.latex["forward.u2"]["index"], key) == ["z_{1,nk} w_{2,k}"]


def test_layers_that_run_in_one_mode_alone_and_copies_are_marked() -> None:
    tables = {"layer": [dense(4), repeat(2, dense(4), BATCHNORM, DROPOUT), OUT]}
    found = case(symbp.Network(name="norms", input={"shape": [3]}, loss={"type": "mse"}, **tables))
    for entry in found.computed:
        assert tensors(found.code_terms(entry)) >= {f"t.{entry.defines.partition('.')[0]}"}
