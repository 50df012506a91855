"""The derivation on the page is the printed one, with its terms marked, in blocks that fold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from symbp import examples
from symbp.errors import InputError
from symbp.lecture.blocks import Fold, Line, Part, Words
from symbp.writers.derivation import derivation
from symbp.writers.document import Formula
from tests.lecture.marked import example, tensors, terms, texts, without_terms

EVERY = pytest.mark.parametrize("name", examples.names())


def lines(parts: tuple[Part, ...]) -> Iterator[Line]:
    for part in parts:
        for block in part.blocks:
            if isinstance(block, Fold):
                yield from (*block.steps, *block.result)
            elif isinstance(block, Line):
                yield block


def folds(parts: tuple[Part, ...]) -> list[Fold]:
    return [block for part in parts for block in part.blocks if isinstance(block, Fold)]


@EVERY
def test_nothing_is_said_otherwise_than_in_the_printed_derivation(name: str) -> None:
    found = example(name)
    made = list(lines(found.marked.derivation("matrix", "zh")))
    printed = derivation(found.program, notation="matrix", lang="zh")
    known = [b for s in printed.sections for b in s.blocks if isinstance(b, Formula)]
    assert [without_terms(line.right) for line in made] == [f.right.latex for f in known]
    assert [line.kind for line in made] == [f.kind for f in known]
    lefts = [(without_terms(a.left), b.left.latex) for a, b in zip(made, known, strict=True)]
    assert all(own == printed or not printed for own, printed in lefts)


@EVERY
def test_a_fold_begins_its_result_with_a_whole_equation(name: str) -> None:
    for fold in folds(example(name).marked.derivation("matrix")):
        assert fold.result[0].left and fold.result[0].right
        assert not fold.steps or fold.steps[0].left


@EVERY
def test_results_carry_the_terms_of_the_map(name: str) -> None:
    found = example(name)
    ids = {e.id for e in found.entries}
    for line in lines(found.marked.derivation("index")):
        assert not line.id or line.id in ids
        if line.kind == "result" and line.id:
            assert terms(line.latex) <= terms(found.marked.latex[line.id]["index"]) | tensors(
                terms(line.latex)
            )


def test_a_rewriting_step_has_the_name_of_its_rule() -> None:
    (fold,) = (
        f for f in folds(example("article").marked.derivation("matrix")) if f.id == "backward.dz1"
    )
    assert [(line.kind, line.rule, line.reason) for line in fold.steps] == [
        ("chain", "", ""),
        ("factor", "", ""),
        ("step", "", ""),
        ("step", "derivative", "the derivative in the output"),
    ]
    assert [line.kind for line in fold.result] == ["result", "shape"]
    assert fold.heading == (Words(r"The chain rule for $\htmlData{term=t.z1}{z_1}$:"),)


def test_a_step_on_the_way_has_the_terms_of_the_result() -> None:
    (fold,) = (
        f for f in folds(example("article").marked.derivation("matrix")) if f.id == "backward.dz1"
    )
    assert texts(fold.steps[-1].right, "e.backward.dz1.2") == ["1 - h_{nj}"]
    assert texts(fold.result[0].right, "e.backward.dz1.2") == ["1 - h"]


def test_scalar_form_goes_on_from_its_result() -> None:
    (fold,) = (
        f for f in folds(example("article").marked.derivation("scalar")) if f.id == "backward.dh"
    )
    assert [line.kind for line in fold.steps] == ["chain", "factor"]
    assert [line.kind for line in fold.result] == ["result", "step"]


def test_the_derivative_of_a_function_folds_to_its_last_form() -> None:
    part = example("article").marked.derivation("scalar")[1]
    definition, fold = part.blocks
    assert isinstance(definition, Line) and isinstance(fold, Fold)
    assert fold.result[0].latex == r"\sigma'(u) = \sigma(u) (1 - \sigma(u))"


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(InputError, match="unknown notation"):
        example("article").marked.derivation("tensor")
