"""What a Network and a Derivation show in Jupyter."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape

import pytest

import symbp
from symbp.lecture import display
from tests.lecture.conftest import made

pytestmark = pytest.mark.slow

KINDS = {"text/plain", "text/latex", "text/markdown", "text/html"}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages with a short training."""
    monkeypatch.setattr(display, "page", made)


def test_a_network_and_its_derivation_show_formulas_and_the_page():
    network = symbp.load("article")
    for shown in (network, network.derive()):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == KINDS
        assert r"\frac{\partial L}{\partial W_1}" in bundle["text/latex"]


def test_the_page_stands_in_a_frame_that_reaches_nothing():
    network = symbp.load("article")
    html = network._repr_mimebundle_(include={"text/html"})["text/html"]
    page = re.search('srcdoc="([^"]*)"', html)
    assert page is not None and unescape(page[1]) == made(network)
    assert 'sandbox="allow-scripts"' in html
    assert not re.search(r'(src|href)="https?:', html + unescape(page[1]))


def test_the_page_is_made_when_it_is_asked_for_and_once(monkeypatch):
    calls: list[str] = []
    monkeypatch.setattr(display, "page", lambda network, lang: calls.append(lang) or "page")
    network = symbp.load("article")
    network._repr_mimebundle_(exclude={"text/html"})
    assert calls == []
    network._repr_mimebundle_()
    network.derive(lang="zh")._repr_mimebundle_()
    network.derive()._repr_mimebundle_()
    assert calls == ["en", "zh"]


def test_a_network_is_one_line_in_a_terminal():
    plain = symbp.load("article")._repr_mimebundle_(include={"text/plain"})
    assert plain == {"text/plain": "<symbp.Network 'article', 2 layers>"}


def test_missing_data_leave_the_formulas():
    network = symbp.Network(
        name="lost",
        input={"shape": [2]},
        layer=[{"type": "dense", "units": 1}],
        loss={"type": "mse"},
        data={"source": "lost.npz"},
    )
    assert set(network._repr_mimebundle_()) == KINDS - {"text/html"}


def test_no_ipython_is_imported():
    code = (
        "import sys, symbp; symbp.load('article')._repr_mimebundle_(exclude={'text/html'}); "
        "print('IPython' in sys.modules, 'symbp.lecture.page' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


def test_the_frame_runs_in_a_browser_and_asks_for_nothing(browser, tmp_path):
    file = tmp_path / "output.html"
    html = symbp.load("article")._repr_mimebundle_()["text/html"]
    file.write_text(f"<!doctype html><title>t</title>{html}", encoding="utf-8")
    page = browser.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: noise.append(request.url))
    page.goto(file.as_uri())
    page.frame_locator("iframe").locator(".katex").first.wait_for()
    assert noise == [file.as_uri()]
    page.close()
