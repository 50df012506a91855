"""The lecture page: picture, derivation and code of a network, linked, in one HTML file.

    Path("xor.html").write_text(page(symbp.load("article"), "en"))

The browser makes no request for it. Its content security policy names the digests of its own two
scripts and two styles and allows nothing else to run; all that comes from the network file stands in
it as JSON, or escaped.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, Protocol

from symbp.lecture import assets
from symbp.lecture.code import code
from symbp.lecture.numbers import numbers
from symbp.lecture.page_equations import as_data
from symbp.lecture.page_flow import flow
from symbp.lecture.page_keys import Keys
from symbp.lecture.page_names import names
from symbp.lecture.picture import picture
from symbp.lecture.recording import record
from symbp.lecture.terms import marked
from symbp.lecture.text import word, words
from symbp.network.program import Program
from symbp.writers.environment import render
from symbp.writers.equations import equations
from symbp.writers.files import SIGNATURE
from symbp.writers.package import package

UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


class Network(Protocol):
    """A ``symbp.Network``, which stands above this room."""

    @property
    def program(self) -> Program: ...


def page(network: Network, lang: str = "en") -> str:
    """The whole HTML file, in English or Chinese.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    program = network.program
    spec = program.graph.spec
    module = package(program).module
    entries = equations(program, module)
    terms = marked(program, module)
    keys = Keys(program, entries)
    data = as_json({
        "name": spec.name,
        "words": words(lang),
        "modes": ["read", "step", "train"],
        "names": names(program, keys),
        "flow": flow(network, keys),
        "numbers": numbers(program).as_json(),
        "recording": record(program).as_json(),
        **as_data(program, entries, terms, lang),
    })  # fmt: skip
    scripts = (assets.katex_script(), assets.script())
    styles = (assets.katex_style(data), assets.style())
    return render(
        "lecture/page.html.jinja",
        signature=SIGNATURE,
        lang={"zh": "zh-Hans"}.get(lang, lang),
        policy=policy(scripts, styles),
        name=escape(spec.name),
        title=escape(spec.title),
        word=lambda key: escape(word(key, lang)),
        picture=picture(program, entries, lang),
        code=code(module.source, entries, terms.code, lang),
        data=data,
        scripts=scripts,
        styles=styles,
    )


def policy(scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """The content security policy: these scripts and styles, fonts and pictures from within."""
    return (
        "default-src 'none'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(map(assets.digest, scripts))}; "
        f"style-src {' '.join(map(assets.digest, styles))}"
    )


def as_json(data: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in, whatever its strings hold."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(UNSAFE)
