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
from tests.lecture.conftest import example, made
from tests.lecture.test_page import STRANGER

# Points at every term, line and arrow in turn. Gives those whose marked elements are not exactly those
# with the same key, and the tensors that are not marked in all three columns.
POINT = """() => {
  const all = [...document.querySelectorAll("main [data-term], main [data-eq], #path [data-eq]")];
  const places = new Map();
  const keep = (key, element) => places.set(key, (places.get(key) ?? new Set()).add(element));
  for (const element of all) {
    if (element.dataset.term) keep(element.dataset.term, element);
    for (const id of (element.dataset.eq ?? "").split(" ")) keep("q." + id, element);
  }
  const marks = document.getElementsByClassName("mark");
  const wrong = new Set();
  for (const element of all) {
    const own = element.dataset.term;
    const keys = own ? [own] : element.dataset.eq.split(" ").map((id) => "q." + id);
    element.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    const wanted = new Set(keys.flatMap((key) => [...places.get(key)]));
    const marked = [...marks];
    if (marked.length !== wanted.size || !marked.every((e) => wanted.has(e))) wrong.add(keys.join());
    const columns = new Set([...wanted].map((e) => e.closest("main > section").id));
    const needed = own?.startsWith("e.") ? [] : ["picture", "derivation", "code"];
    if (!needed.every((name) => columns.has(name))) wrong.add(`${keys} only in ${[...columns]}`);
  }
  return [...wrong];
}"""

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


def test_the_address_brings_a_view_back(opened):
    html = example("article")
    first = opened(html)
    first.page.click("#controls button:text-is('Index')")
    first.page.click("#controls button:text-is('Steps')")
    first.page.click("#controls button:text-is('Step by step')")
    for _ in range(6):
        first.page.keyboard.press("ArrowRight")
    first.page.click(".drawing [data-term='t.W2'] .name")
    look = """() => [document.body.dataset.mode, document.querySelector("#player input").value,
        document.querySelectorAll(".pinned").length > 3, document.querySelectorAll(".steps:not([hidden])").length,
        document.querySelector(".row .katex-html").textContent]"""
    fragment = first.run("() => location.hash")[1:]
    assert "pin=t.W2" in fragment
    second = opened(html, fragment)
    first.draw_all()
    second.draw_all()
    assert second.run(look) == first.run(look)


def test_keys_move_play_pin_and_unpin(opened):
    window = opened(example("article"), "mode=step")
    position = "() => Number(document.querySelector('#player input').value)"
    pressed = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        window.page.keyboard.press(key)
        pressed.append(window.run(position))
    assert pressed == [1, 2, 1, 17, 0]
    window.page.keyboard.press("Space")
    window.wait("() => document.querySelector('#player input').value > 0")
    window.page.focus(".row[data-eq='backward.dW2']")
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")
    assert window.run("() => location.hash").endswith("pin=t.dW2")
    for column in ("picture", "derivation", "code"):
        assert window.run(f"() => document.querySelectorAll('#{column} .pinned').length") > 0
    window.page.keyboard.press("Escape")
    assert window.run("() => document.querySelectorAll('.pinned').length") == 0


def test_where_an_equation_comes_from(opened):
    window = opened(example("article"))
    window.page.click(".row[data-eq='backward.dW1'] .from")
    crumbs = "() => [...document.querySelectorAll('#path .crumb')].map((crumb) => crumb.dataset.eq)"
    names = ["dW1", "dz1", "dh", "dz2", "dy"]
    way = [f"backward.{n}" for n in names] + [f"forward.{n}" for n in ("y", "z2", "h", "z1")]
    assert window.run(crumbs) == way
    assert window.run("() => document.querySelectorAll('.row.origin').length") == len(way)
    window.page.keyboard.press("Escape")
    assert window.page.is_hidden("#path")


def test_training_plays(opened):
    window = opened(example("article"), "mode=train")
    assert window.page.is_hidden("#derivation")
    look = (
        "() => [...document.querySelectorAll('#training .number')].map((e) => e.textContent).join()"
    )
    first = window.run(look)
    field = "() => document.querySelector('.plane canvas').toDataURL()"
    blank = window.run(field)
    window.page.keyboard.press("End")
    assert window.run(look) != first
    assert window.run(field) != blank
    assert window.noise == []


@pytest.mark.parametrize("name", ["article", "shakespeare_transformer"])
def test_a_phone_shows_one_column_at_a_time(name, opened):
    window = opened(example(name), viewport={"width": 390, "height": 844})
    for column in ("picture", "code", "derivation"):
        name = column.capitalize().replace("Picture", "Network")
        window.page.click(f"#tabs button:text-is('{name}')")
        assert window.page.is_visible(f"#{column}")
        assert (
            window.run(
                "() => [...document.querySelectorAll('main > section')].filter((s) => s.offsetParent).length"
            )
            == 1
        )
        assert window.run("() => document.documentElement.scrollWidth") <= 390


def test_what_a_stranger_writes_does_nothing(opened):
    hostile = [r"\href{javascript:alert(1)}{x}", r"\htmlId{data}{x}", r"\includegraphics{https://example.org/x.png}",
               r"\htmlStyle{position: fixed}{x}", r"\htmlData{term=a, onclick=alert(1)}{x}", "<img src=x onerror=alert(1)>"]  # fmt: skip
    html = made(STRANGER)
    for k, text in enumerate(hostile):
        inside = json.dumps(text)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e")
        html = html.replace(
            '"latex":{', f'"latex":{{"matrix":"{inside}","x{k}":{{}}}},"y{k}":{{', 1
        )
    window = opened(html)
    window.page.on("dialog", lambda dialog: window.noise.append(dialog.message))
    window.draw_all()
    assert (
        window.run("() => document.querySelectorAll('main a[href], img, iframe, object').length")
        == 0
    )
    assert window.run("() => document.querySelectorAll('script').length") == 3
    assert window.run("() => document.querySelector('header p').textContent") == STRANGER.spec.title
    assert (
        window.run(
            "() => [...document.querySelectorAll('*')].filter((e) => e.onclick || e.onerror).length"
        )
        == 0
    )
    assert not [text for text in window.noise if "example.org" in text or text in ("1", "2")]


def test_the_page_in_chinese(opened):
    window = opened(example("article", "zh"))
    window.draw_all()
    assert window.run("() => document.documentElement.lang") == "zh-Hans"
    assert window.run(
        "() => [...document.querySelectorAll('h2, h3')].map((e) => e.textContent).join()"
    ).startswith("网络")
    assert window.run(POINT) == []
    assert window.noise == []
