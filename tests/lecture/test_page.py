"""The lecture page as a file: nothing in it can be asked for, run or closed by what a network says."""

from __future__ import annotations

import ast
import json
import re

import pytest

import symbp
from symbp import examples
from symbp.errors import InputError
from symbp.lecture import assets
from symbp.lecture.page import as_json, policy
from symbp.lecture.text import WORDS, words
from symbp.writers.files import HEAD, SIGNATURE
from symbp.writers.package import package
from tests.layers.proved import dense
from tests.lecture.conftest import example, made

LARGEST = 1_500_000  # bytes
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;"
STRANGER = symbp.Network(
    name="stranger",
    title=HOSTILE,
    input={"shape": [2]},
    layer=[dense(3), dense(1)],
    loss={"type": "mse"},
)


def data(html: str) -> dict:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("name", examples.names())
def test_a_page_is_small_and_ours(name):
    html = example(name)
    assert len(html.encode()) < LARGEST
    assert SIGNATURE in html[: HEAD // 4]


@pytest.mark.parametrize("name", examples.names())
def test_every_line_of_the_passes_that_computes_has_its_equation(name):
    """All but those that hand on values: parameters, the cache, arrays to fill, the start of a repeat."""
    source = package(symbp.load(name).program).module.source
    code = re.findall(
        r'<div class="line[^"]*" data-eq="[^"]+" tabindex="0"><i>(\d+)</i>', example(name)
    )
    linked = {int(n) for n in code}
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef) or function.name not in (
            "_forward", "_loss", "_backward",
        ):  # fmt: skip
            continue
        for statement in ast.walk(function):
            if isinstance(statement, ast.Assign | ast.AugAssign) and computes(statement.value):
                assert linked & {statement.lineno, statement.end_lineno}, ast.unparse(statement)


def computes(value: ast.expr) -> bool:
    """Whether an expression is more than names, entries, sizes, lists to fill and arrays of zeros."""
    if isinstance(value, ast.Tuple):
        return any(computes(element) for element in value.elts)
    if isinstance(value, ast.Call):
        made = ast.unparse(value.func)
        return made not in ("len", "np.zeros", "np.zeros_like", "np.empty_like", "np.empty")
    return isinstance(value, ast.BinOp) and "[None]" not in ast.unparse(value)


@pytest.mark.parametrize("name", examples.names())
def test_every_tensor_of_a_formula_is_in_the_code_and_in_the_picture(name):
    html = example(name)
    picture, code = (
        html.split('id="derivation"')[0],
        html.split('id="code"')[1].split('id="data"')[0],
    )
    for equation in data(html)["equations"]:
        for latex in equation["latex"].values():
            for key in re.findall(r"\\htmlData\{term=(t\.[^}]*)\}", latex):
                assert f'data-term="{key}"' in picture, key
                assert f'data-term="{key}"' in code, key


def test_the_policy_names_the_scripts_and_styles_of_the_page_alone():
    html = example("article")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert f'content="{policy(tuple(scripts), tuple(styles))}"' in html
    assert len(scripts) == 2
    assert len(styles) == 2
    assert "unsafe" not in policy(tuple(scripts), tuple(styles))


def test_the_markup_has_no_style_and_no_handler_of_its_own():
    body = example("article").split("<body>")[1].split('<script type="application/json"')[0]
    assert not re.search(r"\s(style|on\w+)\s*=", body)
    assert "javascript:" not in body


def test_a_stranger_s_title_stays_text():
    html = made(STRANGER)
    markup = html.split("<body>")[1].split('<script type="application/json"')[0]
    assert "&lt;/script&gt;" in markup
    assert "<img" not in markup
    assert "<script" not in markup
    assert len(re.findall(r"<script[ >]", html)) == 3


def test_json_cannot_close_its_element():
    hostile = {"</script>": f"<!-- {HOSTILE} \u2028\u2029"}
    text = as_json(hostile)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == hostile


@pytest.mark.parametrize(
    "latex", [r"\href{javascript:alert(1)}{x}", r"\htmlId{data}{x}", "$</script>"]
)
def test_latex_that_could_do_harm_is_refused(latex):
    layer = {"type": "formula", "formula": "y[n,i] = a[i]*x[n,i]", "parameters": {"a": ["i"]}}
    tables = {"input": {"shape": [2]}, "loss": {"type": "mse"}}
    symbp.Network(name="n", layer=[layer], **tables)
    with pytest.raises(InputError, match="latex of a"):
        symbp.Network(name="n", layer=[{**layer, "latex": {"a": latex}}], **tables)


def test_a_page_is_the_same_at_any_time():
    assert made.__wrapped__(symbp.load("article")) == example("article")


def test_every_phrase_that_the_script_asks_for_is_there_in_both_languages():
    asked = set(re.findall(r'\bword\("([\w:]+)"[,)]', assets.script()))
    assert asked <= set(WORDS)
    for key, text in words("zh").items():
        fields = re.findall(r"\{\w+\}", words("en")[key])
        assert re.findall(r"\{\w+\}", text) == fields or sorted(
            re.findall(r"\{\w+\}", text)
        ) == sorted(fields)


def test_no_word_of_a_language_stands_in_scripts_and_templates():
    assert not re.search(r"[\u4e00-\u9fff]", assets.script() + assets.style())


def luminance(colour: str) -> float:
    """Relative luminance: WCAG 2.1, section 1.4.3."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "theme", [":root {", ':root[data-theme="dark"] {', ":root:not([data-theme"]
)
def test_every_colour_of_text_has_enough_contrast(theme):
    """AA: 4.5 to 1, on paper, panels and marks."""
    block = assets.style().split(theme)[1].split("}")[0]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})\b", block))
    for text in ("ink", "soft", "fwd", "bwd", "loss", "par", "kw", "nu", "st", "co", "fn"):
        for ground in ("paper", "panel"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in ("mark", "pin", "fwd-soft", "bwd-soft", "loss-soft", "par-soft"):
        assert contrast(colours["ink"], colours[ground]) >= 4.5, ground
    for text in ("kw", "nu", "st", "fn"):
        assert contrast(colours[text], colours["mark"]) >= 3, text
