"""What the page on the formula language says in words and tables is so."""

from __future__ import annotations

import re

import pytest

import symbp
from symbp.language import names
from symbp.language.options import DECLARED, INITIALISERS
from symbp.language.parser import parse
from symbp.language.sizes import resolve
from tests.gallery.page import LINK, MISTAKE, PAGE, chapter, gallery


def anchor(title: str) -> str:
    """The link to a heading, as Markdown viewers make it."""
    return "#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_every_link_leads_to_a_heading() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = {anchor(title) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert {target for _, target in LINK.findall(text)} <= headings


def test_the_gallery_begins_with_a_list_of_its_sections() -> None:
    listed = LINK.findall(chapter("The gallery").partition("\n### ")[0])
    assert [" ".join(title.split()) for title, _ in listed] == [*gallery()]
    assert [target for _, target in listed] == [anchor(title) for title in gallery()]


def test_what_to_declare_names_every_key_and_every_initialiser() -> None:
    text = chapter("What to declare")
    assert {*re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)} == {*DECLARED, "inputs"}
    line = next(row for row in text.splitlines() if row.startswith("| `init`"))
    assert set(re.findall(r"`(\w+)`", line)) == {"init", *INITIALISERS}


def test_the_words_are_those_of_the_language() -> None:
    words = chapter("Rules").partition("**Words.**")[2].partition("\n\n")[0]
    found = {*re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", words)))}
    language = {*names.REDUCTIONS, *names.FUNCTIONS, *names.CONSTANTS, *names.FORMS}
    assert language <= found
    assert found - language <= {"and", "or", "condition", "a", "b", "x", "value", "i"}


@pytest.mark.parametrize(
    "read, size",
    [
        ("pad(x[n,t+u-1])", 7),
        ("pad(x[n,t-u])", 9),
        ("pad(x[n,t-u]) + x[n,t]", 7),
        ("x[n,2*t+u]", 3),
    ],
)  # fmt: skip
def test_windows_have_the_sizes_that_the_rules_give(read: str, size: int) -> None:
    formula = parse(f"y[n,t] = sum(({read})*w[u], u)")
    found = resolve(formula, inputs={"x": (None, 7)}, parameters={"w": [3]})
    assert found.shapes["y"] == (None, size)


@pytest.mark.parametrize("written, said", MISTAKE.findall(chapter("Mistakes")))
def test_mistakes_are_answered_as_listed(written: str, said: str) -> None:
    layer: dict[str, object] = {"type": "formula", "formula": written}
    if "W[" in written:
        layer["parameters"] = {"W": [7, 3]}
    with pytest.raises(symbp.InputError) as caught:
        symbp.Network(name="net", input={"shape": [4, 6]}, layer=[layer], loss={"type": "mse"})
    assert caught.value.message.removeprefix("layer 1: ") == said
