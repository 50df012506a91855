"""Line numbers of TOML keys: by example in every form that TOML has, and against ``tomllib``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp.errors import InputError
from symbp.language.toml_lines import Lines, Path
from symbp.language.toml_text import read_toml


def lines(text: str) -> Lines:
    return read_toml(text, None)[1]


EXAMPLES = [
    ("a = 1\nb = 2", ("b",), 2),
    ("# note\n\n[t]\n\nk = 1", ("t", "k"), 5),
    ("[t]\nk = 1\n[u.v]\nk = 2", ("u", "v", "k"), 4),
    ("[[l]]\nk = 1\n[[l]]\nk = 2", ("l", 1, "k"), 4),
    ("[[l]]\n[[l]]\n[[l.m]]\nk = 1\n[[l.m]]\nk = 2\n[l.m.n]\nk = 3", ("l", 1, "m", 1, "n", "k"), 8),
    ("[[l]]\n[[l.m]]\n[[l]]\n[[l.m]]\nk = 1", ("l", 1, "m", 0, "k"), 5),
    ("t.u = 1\nt.k = 2", ("t", "k"), 2),
    ("t . 'k' = 1", ("t", "k"), 1),
    ('"\\u006b" = 1', ("k",), 1),
    ("t = { a = 1, k = 2 }", ("t", "k"), 1),
    ("t = [\n  { a = 1 },\n  { a = 2, k = 3 },\n]", ("t", 1, "k"), 3),
    ("t = [\n 1,\n [2,\n 3]]\nk = 4", ("k",), 5),
    ("t = [\n 1,\n [2,\n 3]]", ("t", 1, 1), 4),
    ('s = """\none\ntwo = 3\n"""\nk = 1', ("k",), 5),
    ('s = """one"" \\""" two"""""\nk = 1', ("k",), 2),
    ("s = '''\n[x]\n'''\nk = 1", ("k",), 4),
    ("s = '''it''s'''''\nk = 1", ("k",), 2),
    ('s = "# no \\" comment" # [a]\nk = 1', ("k",), 2),
    ("s = '\\'\nk = 1", ("k",), 2),
    ("d = 1979-05-27 07:32:00\nk = 1", ("k",), 2),
    ("a = 1\r\nb = 2\r\nk = 3", ("k",), 3),
]


@pytest.mark.parametrize(("text", "path", "line"), EXAMPLES)
def test_line_of_a_key(text, path, line):
    tomllib.loads(text)
    assert lines(text).of(path) == line
    assert path in lines(text).keys or text.startswith("t = [")


def test_missing_key_has_the_line_of_its_table():
    assert lines("a = 1\n[t]\nb = 2").of(("t", "missing", 3)) == 2


def test_without_a_text_there_are_no_lines():
    assert Lines().of(("a",)) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('f = "a"', 1),
        ('\nf = """a\nb"""', 2),
        ('\nf = """\na\nb"""', 3),
        ("\nf = '''\na'''", 3),
        ('\nf = """\\\n   \n  a"""', 4),
    ],
)
def test_line_on_which_a_text_begins(text, line):
    assert lines(text).of_text(("f",)) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb 2", 2),
        ("a = 1\nb = ", 2),
        ("a = 1\n\na = 2\n", 3),
        ("[a\n", 1),
        ("x = [1,\n\n", 1),
    ],
)
def test_error_of_the_text_carries_its_line(text, line):
    with pytest.raises(InputError, match=r"not valid TOML: [a-z]") as caught:
        read_toml(text, "f")
    assert caught.value.line == line


WORDS = st.text("abcdk", min_size=1, max_size=3)
STRINGS = st.text("ab'\"\\[]{}#=.,\n ü", max_size=8)
SCALARS = st.integers() | st.booleans() | st.floats(allow_nan=False) | STRINGS


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if len(value) % 2:
        return '"""\n' + escaped + '"""'
    return '"' + escaped.replace("\n", "\\n") + '"'


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[Path, int]]:
    """A valid TOML text, and the line of each of its keys."""
    text, count = "", 0
    known: dict[Path, int] = {}
    for table in draw(st.lists(st.none() | WORDS, max_size=4, unique=True)):
        if table is not None:
            count += 1
            name = f"t{table}"
            text += draw(st.sampled_from(["", "# a = [\n", "\n\n"]))
            known[(name,)] = text.count("\n") + 1
            text += f"[{name}] # {count}\n"
        elif text:
            continue
        head: Path = () if table is None else (f"t{table}",)
        for key in draw(st.lists(WORDS, max_size=4, unique=True)):
            known[(*head, key)] = text.count("\n") + 1
            value = draw(SCALARS | st.lists(SCALARS, max_size=3))
            if isinstance(value, list):
                gap = draw(st.sampled_from([" ", "\n", " # x, ]\n"]))
                text += f"{key} = [{gap}{f',{gap}'.join(map(_scalar, value))}{gap}]\n"
            else:
                text += f"{key} = {_scalar(value)}\n"
    return text, known


def _paths(tables: object, path: Path = ()) -> Iterator[Path]:
    if isinstance(tables, dict):
        for key, value in tables.items():
            yield (*path, key)
            yield from _paths(value, (*path, key))


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_key_of_a_random_text_has_its_line(document):
    text, known = document
    tables, found = read_toml(text, None)
    assert set(_paths(tables)) == set(known)
    assert {path: found.keys.get(path) for path in known} == known
