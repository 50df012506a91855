"""The corpus is what it says: right answers are right, each planted mistake breaks what it names."""

from __future__ import annotations

import pytest

from tests.judge.corpus import planted, table, trusted

MISTAKES = table.HERE / "mistakes"
FORMS = table.HERE / "forms"


def is_function(text: str) -> bool:
    return "\ndef gradients(" in text


@pytest.mark.parametrize("network", table.NETWORKS)
def test_answers_in_python_are_right(network: str) -> None:
    for path in sorted((table.ANSWERS / network).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if is_function(text):
            assert not trusted.wrong(network, text), path.name


@pytest.mark.parametrize("network", table.NETWORKS)
def test_other_forms_are_right(network: str) -> None:
    for file, old, new in table.forms(FORMS / f"{network}.txt"):
        text = table.replaced(table.source(network, file), old, new)
        if file.endswith(".py") and is_function(text):
            assert not trusted.wrong(network, text), new


@pytest.mark.parametrize("network", table.NETWORKS)
def test_a_planted_mistake_breaks_the_parameters_that_it_names(network: str) -> None:
    trained = tuple(trusted.data(network)[3])
    for edit in table.edits(MISTAKES / f"{network}.txt"):
        text, named = edit.text, edit.wrong(trained)
        assert named, edit.id
        if edit.file.endswith(".py") and is_function(text):
            assert trusted.wrong(network, text) == named, edit.id


@pytest.mark.parametrize("network", table.NETWORKS)
def test_places_are_equations_of_the_backward_pass(network: str) -> None:
    known = {item.removeprefix("backward.") for item in _backward(network)}
    for edit in table.edits(MISTAKES / f"{network}.txt"):
        assert set(edit.where) <= known, edit.id


def _backward(network: str) -> set[str]:
    from symbp.writers.equations import equations

    entries = equations(trusted.network(network).program)
    return {entry.id for entry in entries if entry.part == "backward"}


def test_the_corpus_is_large_and_planted_in_the_words_of_its_list() -> None:
    mistakes = [e for n in table.NETWORKS for e in table.edits(MISTAKES / f"{n}.txt")]
    forms = [f for n in table.NETWORKS for f in table.forms(FORMS / f"{n}.txt")]
    assert len(mistakes) >= 400
    assert len(forms) >= 200
    assert {edit.planted for edit in mistakes} == set(planted.NAMES)
    for network in table.NETWORKS:
        own = {edit.file.rpartition(".")[2] for edit in mistakes if edit.network == network}
        assert "py" in own
        assert network == "elman" or own - {"py"}, network
