"""Whatever a file holds, the answer is a Spec or an InputError, and soon."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symbp.errors import InputError
from symbp.language.network_file import load
from symbp.language.toml_text import MAX_BYTES

HEAD = b"[input]\nshape = [2]\n[loss]\ntype = 'mse'\n"
LAYER = HEAD + b"[[layer]]\ntype = 'dense'\nunits = "
FORMULA = HEAD + b"[[layer]]\ntype = 'formula'\nformula = "
MANY = 100_000

FILES = {
    "empty": b"",
    "blank": b"\n \n\t\n",
    "comment only": b"# nothing",
    "NUL": b"\0",
    "NULs": b"\0" * MANY,
    "not UTF-8": b'name = "\xff\xfe"',
    "UTF-16": 'name = "a"'.encode("utf-16"),
    "overlong UTF-8": b"\xc0\x80",
    "surrogate": b"\xed\xa0\x80",
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf" + HEAD,
    "carriage returns only": b"a = 1\rb = 2\r",
    "gzip": b"\x1f\x8b\x08\x00" + bytes(range(256)),
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "JSON": b'{"name": "a"}',
    "YAML": b"name: a\nlayers:\n  - dense",
    "Python": b"import os\nos.system('true')",
    "10 MB": b"a = 1\n" * 1_700_000,
    "10 MB in one line": b"#" * 10_000_000,
    "deep arrays": b"a = " + b"[" * MANY,
    "deep closed arrays": b"a = " + b"[" * 5000 + b"]" * 5000,
    "deep inline tables": b"a = " + b"{a = " * MANY,
    "deep headers": b"[" + b"a." * MANY + b"a]",
    "deep dotted keys": b"a" + b".a" * MANY + b" = 1",
    "deep quoted keys": b'"a"' + b'."a"' * MANY + b" = 1",
    "deep dotted keys without a value": b"a" + b".a" * MANY,
    "deep layers": HEAD
    + b"".join(b"[[layer" + b".layers" * depth + b"]]\ntype = 'residual'\n" for depth in range(15)),
    "endless string": b'a = "' + b"a" * MANY,
    "endless multi-line string": b'a = """' + b'a"' * MANY,
    "only quotes": b'a = "' + b'"' * MANY,
    "only backslashes": b'a = "' + b"\\" * MANY,
    "bad escape": b'a = "\\q"',
    "escaped surrogate": b'a = "\\ud800"',
    "million digits": LAYER + b"9" * 400_000,
    "huge hexadecimal": LAYER + b"0x" + b"f" * 390,
    "long hexadecimal": LAYER + b"0x" + b"f" * MANY,
    "integer beyond 64 bits": LAYER + b"9223372036854775808",
    "largest integer": LAYER + b"9223372036854775807",
    "negative": LAYER + b"-1",
    "zero": LAYER + b"0",
    "float": LAYER + b"3.0",
    "infinity": LAYER + b"inf",
    "not a number": LAYER + b"nan",
    "boolean": LAYER + b"true",
    "string": LAYER + b'"3"',
    "date": LAYER + b"1979-05-27",
    "time": LAYER + b"07:32:00",
    "date and time": LAYER + b"1979-05-27T07:32:00Z",
    "impossible date": LAYER + b"1979-13-45",
    "array": LAYER + b"[3]",
    "table": LAYER + b"{ a = 3 }",
    "two units": LAYER + b"3\nunits = 4",
    "two tables": HEAD + HEAD,
    "table and array of one name": HEAD + b"[layer]\n[[layer]]",
    "inline table extended": b"input = { shape = [2] }\n[input.more]",
    "layers as a string": HEAD + b"layer = 'dense'" + LAYER,
    "layers as numbers": b"layer = [1, 2]\n" + HEAD,
    "type as a number": HEAD + b"[[layer]]\ntype = 3",
    "type as an array": HEAD + b"[[layer]]\ntype = ['dense']",
    "empty key": HEAD + b'"" = 1',
    "key with control characters": b'"a\\u0000\\u001b[31m" = 1',
    "key of 100 kB": b"a" * MANY + b" = 1",
    "value of 100 kB": b'name = "' + b"a" * MANY + b'"',
    "right-to-left override": 'name = "\u202egnp"'.encode(),
    "Cyrillic look-alike": 'name = "\u0430rticle"'.encode(),
    "full-width digits": 'name = "a１"'.encode(),
    "many layers": HEAD + b"[[layer]]\ntype='softmax'\n" * 15_000,
    "many keys": b"".join(b"k%d = 1\n" % i for i in range(30_000)),
    "many tables": b"".join(b"[t%d]\n" % i for i in range(40_000)),
    "wide array": HEAD + b"[[layer]]\ntype = 'reshape'\nshape = [" + b"1," * MANY + b"]",
    "product of sizes": b"[input]\nshape = [9999999, 9999999]",
    "formula of code": FORMULA + b"\"__import__('os').system('true')\"",
    "formula of brackets": FORMULA + b'"' + b"(" * 9000 + b'"',
    "formula of minus signs": FORMULA + b'"' + b"-" * 9000 + b'x"',
    "formula of powers": FORMULA + b'"x**9**9**9**9**9"',
    "formula of 100 kB": FORMULA + b'"' + b"x+" * MANY + b'x"',
    "formula of NUL": FORMULA + b'"x\\u0000"',
    "empty formula": FORMULA + b'""',
    "constant of a million": FORMULA + b'"x*c"\nconstants = { c = [' + b"1," * 200_000 + b"'a'] }",
    "path with NUL": b"data = { source = 'xor\\u0000.npz' }\n" + LAYER + b"1",
    "path with escaped NUL": b'data = { source = "a\\u0000.npz" }\n' + LAYER + b"1",
    "path to the root": b"data = { source = '/etc/passwd' }\n" + LAYER + b"1",
    "path upwards": b"data = { source = '../../a.npz' }\n" + LAYER + b"1",
    "path of Windows": b"data = { source = 'C:\\a.npz' }\n" + LAYER + b"1",
    "path of a home": b"data = { source = '~/a.npz' }\n" + LAYER + b"1",
    "path of a pickle": b"data = { source = 'a.pkl' }\n" + LAYER + b"1",
}


@pytest.mark.parametrize("case", FILES)
def test_hostile_file_is_an_input_error_within_a_second(tmp_path: Path, case: str):
    file = tmp_path / "n.toml"
    file.write_bytes(FILES[case])
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        load(file)
    assert time.process_time() - start < 1
    assert caught.value.file == str(file)
    assert len(str(caught.value)) < 1500
    assert str(caught.value).removeprefix(str(file)).isprintable()


def test_largest_file_is_read_within_a_second(tmp_path: Path):
    file = tmp_path / "n.toml"
    whole = HEAD + b"[[layer]]\ntype = 'formula'\nformula = 'x*c'\nconstants.c = ["
    whole += b"1," * ((MAX_BYTES - len(whole) - 2) // 2) + b"]"
    file.write_bytes(whole)
    start = time.process_time()
    load(file)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("path", ["", "missing.toml", ".", "a\0b", "x" * 5000, "/dev/null", "/"])
def test_what_is_no_file_is_an_input_error(tmp_path: Path, path: str):
    with pytest.raises(InputError):
        load(path if path.startswith("/") or not path else f"{tmp_path}/{path}")


def test_pipe_is_refused_rather_than_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="this is no file"):
        load(tmp_path / "pipe")


def test_loop_of_links_is_an_input_error(tmp_path: Path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError):
        load(tmp_path / "loop")


def _load(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    try:
        load(file)
    except InputError as error:
        assert str(error)


FRAGMENTS = st.sampled_from(
    ["[", "]", "[[layer]]\n", "{", "}", "=", '"', "'", '"""', "'''", "\\", ".", ",", "#", "\n",
     " ", "type", "dense", "units", "1", "-", "_", "e9", "0x", "true", "1979-05-27", "inf", "é",
     "\0", "\r"]
)  # fmt: skip
REUSE = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@REUSE
@given(data=st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(tmp_path: Path, data: bytes):
    _load(tmp_path / "n.toml", data)


@REUSE
@given(fragments=st.lists(FRAGMENTS, max_size=30))
def test_random_fragments_of_toml_raise_nothing_else(tmp_path: Path, fragments: list[str]):
    _load(tmp_path / "n.toml", "".join(fragments).encode())


@REUSE
@given(position=st.integers(0, 10**6), data=st.binary(max_size=3))
def test_damaged_example_raises_nothing_else(tmp_path: Path, position: int, data: bytes):
    good = (Path(__file__).parents[2] / "symbp" / "examples" / "bilinear.toml").read_bytes()
    cut = position % len(good)
    _load(tmp_path / "n.toml", good[:cut] + data + good[cut + len(data) :])
