"""One browser for all tests that look at pages, and each page made once."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import symbp
from symbp import examples
from symbp.lecture import page as pages
from symbp.lecture import page_flow
from symbp.lecture.recording import record
from tests import peers

SETTINGS = {"viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce"}
SECONDS = 0.2  # of training that a test's page records


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


@functools.cache
def made(network: symbp.Network, lang: str = "en") -> str:
    """The page of a network, with a shorter training run than a reader gets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "record", functools.partial(record, seconds=SECONDS))
        patch.setattr(page_flow, "SEEDS", 1)
        return pages.page(network, lang)


@functools.cache
def example(name: str, lang: str = "en") -> str:
    return made(symbp.load(name), lang)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by playwright."""
    peers.ask(peers.BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield found
        found.close()


class Opened:
    """A page in the browser. ``noise`` is all that it asked of the network or said to the console."""

    name = ""

    def __init__(self, browser: Any, file: Path, fragment: str, **settings: Any) -> None:
        self.noise: list[str] = []
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.noise.append(message.text))
        self.page.on("pageerror", lambda error: self.noise.append(str(error)))
        self.page.on("request", lambda request: self.ask(request.url, file))
        self.page.goto(f"{file.as_uri()}#{fragment}")

    def ask(self, url: str, file: Path) -> None:
        if not url.startswith((file.as_uri(), "data:")):
            self.noise.append(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(script, *arguments)

    def show(self, fragment: str) -> None:
        """The view that a fragment of the address names."""
        self.run("(fragment) => { location.hash = fragment }", fragment)
        self.page.wait_for_timeout(50)

    def wait(self, script: str) -> None:
        """Until the script gives something true; playwright's own way would need ``unsafe-eval``."""
        for _ in range(200):
            if self.run(script):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never true: {script}")

    def draw_all(self) -> None:
        """Draw every formula, near or far, as for print."""
        self.run("() => dispatchEvent(new Event('beforeprint'))")


@pytest.fixture(scope="session", params=examples.names())
def window(request: Any, browser: Any, tmp_path_factory: Any) -> Iterator[Opened]:
    """The page of each example, in one window for all tests that ask for it; ``name`` says which."""
    file = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    file.write_text(example(request.param), encoding="utf-8")
    found = Opened(browser, file, "", **SETTINGS)
    found.name = request.param
    yield found
    found.context.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """``opened(html, fragment, viewport=...)``: the page in a fresh window."""
    windows: list[Opened] = []

    def open_page(html: str, fragment: str = "", **settings: Any) -> Opened:
        file = tmp_path / f"page{len(windows)}.html"
        file.write_text(html, encoding="utf-8")
        windows.append(Opened(browser, file, fragment, **SETTINGS | settings))
        return windows[-1]

    yield open_page
    for window in windows:
        window.context.close()
