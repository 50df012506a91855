"""The lecture page in a real browser: links in all directions, steps with the module's own numbers."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import symbp
from symbp.lecture.numbers import number, numbers, value
from symbp.lecture.numbers_run import run
from symbp.proof import module
from tests.lecture.conftest import POINT, example

pytestmark = pytest.mark.slow

# The cells that pointing at a tensor of the picture shows, row by row; null where it shows nothing.
PEEK = """(name) => {
  const element = document.querySelector(`.drawing [data-term="t.${name}"]`);
  element.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  const box = document.getElementById("peek");
  if (box.hidden) return null;
  return [...box.querySelectorAll(".cell")].map((cell) => cell.textContent);
}"""


def test_every_link_holds_in_every_direction(window):
    for notation in ("matrix", "index", "scalar"):
        window.show(f"notation={notation}")
        window.draw_all()
        assert window.run(POINT) == []
    assert window.run("() => document.querySelectorAll('.katex-error').length") == 0
    assert window.noise == []


def test_every_equation_has_a_line_and_steps_that_can_be_drawn(window):
    window.show("steps=open")
    window.draw_all()
    alone = """() => [...document.querySelectorAll(".row")].map((row) => row.dataset.eq)
        .filter((id) => !document.querySelector(`.line[data-eq~="${id}"]`))"""
    assert window.run(alone) == []
    assert window.run("() => document.querySelectorAll('.katex-error').length") == 0
    assert window.noise == []


def test_the_last_step_shows_what_loss_and_grads_returns(window):
    network = symbp.load(window.name)
    taken = run(network.program)
    live = module.load(symbp.generate(network))
    loss, grads = live.loss_and_grads(
        taken.params, taken.x, taken.t, training=True, rng=taken.rng()
    )
    at = {note.name: tuple(note.at.values()) for note in taken.notes}
    window.show("mode=step")
    window.page.keyboard.press("End")
    assert window.run(PEEK, "loss") == written(np.asarray(loss))
    for key, gradient in grads.items():
        assert window.run(PEEK, f"d{key}") == written(gradient[at[f"d{key}"]]), key
    assert window.noise == []


def written(array: np.ndarray) -> list[str]:
    """The cells of an array as the page writes them; a heat map has none."""
    shown = value(array)
    if shown.heat:
        return []
    return [javascript(number(float(x))) for x in np.asarray(shown.cells).ravel()]


def javascript(entry: float | int | str) -> str:
    """A number as JavaScript writes it, with a minus sign."""
    text = entry if isinstance(entry, str) else json.dumps(entry)
    found = re.fullmatch(r"(-?[\d.]+)e([+-])0*(\d+)", text)
    if found and float(text) != 0 and 1e-7 <= abs(float(text)) < 1e21:
        text = f"{float(text):.{12}f}".rstrip("0")
    elif found:
        text = f"{found[1].removesuffix('.0')}e{found[2]}{found[3]}"
    return text.removesuffix(".0").replace("-", "\u2212")


@pytest.mark.parametrize("name", ["article", "iris_residual", "deep_repeat", "parity_lstm"])
def test_nothing_is_shown_before_it_is_computed(name, opened):
    found = numbers(symbp.load(name).program)
    stops = [k for k, step in enumerate(found.steps) if step.id]
    window = opened(example(name), "mode=step")
    filled = """() => [...document.querySelectorAll("svg.slot")].filter((slot) => slot.firstChild)
        .map((slot) => slot.dataset.value.slice(2))"""
    drawn = set(
        window.run(
            "() => [...document.querySelectorAll('svg.slot')].map((s) => s.dataset.value.slice(2))"
        )
    )
    for done in (0, 1, 2, len(stops) // 2, len(stops) - 1):
        window.show(f"mode=step&step={done}")
        behind = found.steps[: stops[done - 1] + 1] if done else ()
        known = {*found.given, *(step.name for step in behind)}
        assert set(window.run(filled)) == known & drawn
        for other in sorted(drawn - known)[:5]:
            assert window.run(PEEK, other) is None
        shown = window.run("() => document.querySelectorAll('.values:not([hidden])').length")
        assert shown == bool(done)


def test_numbers_stand_in_the_formula_itself(opened):
    taken = run(symbp.load("article").program)
    window = opened(example("article"), "mode=step&step=8")
    cells = "() => [...document.querySelectorAll('.numbers .grid')].map((g) => [...g.children].map((c) => c.textContent))"
    by_name = {note.name: note.value for note in taken.notes}
    assert window.run(cells) == [written(by_name[name]) for name in ("dW2", "h", "dz2")]
    formula = window.run("() => document.querySelector('.numbers .katex-html').textContent")
    assert formula.count("⊤") == 1
