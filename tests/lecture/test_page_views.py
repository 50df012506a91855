"""What a reader does with the lecture page: bookmarks, keys, phones, languages; and what a stranger may try."""

from __future__ import annotations

import json

import pytest

from tests.lecture.conftest import POINT, example, made
from tests.lecture.test_page import STRANGER

pytestmark = pytest.mark.slow


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
    window = opened(example("article", "zh"), "steps=open")
    window.draw_all()
    assert window.run("() => document.documentElement.lang") == "zh-Hans"
    assert window.run(
        "() => [...document.querySelectorAll('h2, h3')].map((e) => e.textContent).join()"
    ).startswith("网络")
    assert window.run(POINT) == []
    assert window.noise == []
