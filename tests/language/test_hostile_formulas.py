"""No text, however hostile, does anything but raise InputError, and soon."""

import itertools
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symbp.errors import InputError
from symbp.language.parser import parse
from symbp.language.sizes import Resolved, resolve
from symbp.language.tree import Affine, Pad, Read
from symbp.language.walk import walk

CODE = """
__import__('os').system('id')
x.__class__.__mro__
().__class__.__bases__[0].__subclasses__()
eval('1')
exec("1")
open('/etc/passwd')
getattr(x, y)
globals()[x]
print(x)
compile(x, y, z)
lambda: x
(lambda x: x)(x)
[i for i in x]
{i: i for i in x}
(i for i in x)
{1, 2}
{x}
[x, y]
'text'
"text"
b'bytes'
f'{x}'
`x`
x if y else z
not x
x is y
x in y
x and y
x or y
x := 1
(x := 1)
yield x
await x
del x
import os
from os import system
def f(): pass
class A: pass
while 1: pass
return x
raise x
assert x
global x
@x
x; y
x = y = z
x, y = z
x[n] -= y[n]
x[n] *= y[n]
sum(*x)
sum(**x)
sum(x, i=3)
x @ y
x // y
x % y
x & y
x | y
x ^ y
~x
x << y
x >> y
+x
x.y
x.real
x[::2]
x[a:b]
x[n][t]
x[[0]]
x[None]
x[True]
x[0.5]
x['a']
x[*y]
x[n, ..., ...]
x[i**2]
x[i*j]
x[i/2]
x[-i]
x[y()]
x[()]
x[(i,)]
x[((i,j),k)]
0 < x < 1
x < 1
True
None
Ellipsis
...
NotImplemented
__debug__
__name__
_
_x
x__y
1j
0x10
0b1
0o7
1_000
1e
1e400
1e-400
1e9999999999
1.2.3
123456789012345678901234567890123456789012
9**9**9
9**(9**9)
9**9**9**9
((9**64)**64)**64
(((x*9**64)**64)*x)**64
1e308*1e308*1e308
2**-9999
x**1e300
x**(64 + 64)
1/0
1/(1 - 1)
0**-1
x x
2x
x(
x)
(x]
x]
(
)
[
,
=
==
x ==
= x
x +
* x
**x
x ** ** x
x ! y
x ? y
x $ y
x \\
#
where(x)
where(x, y, z)
where(1 < 2, x, y, z)
pad(x)
pad(x + y)
size(3)
size(x, y)
stop_gradient()
softmax(x)
sum()
sum(x)
sum(x, 3)
sum(x, i, i)
sum(x, i, i < 1, j)
exp()
exp(x, y)
exp
pi()
sum[n] = x[n]
lambda[n] = x[n]
x + y = z
f(x) = y
2 = x
"""

BULK = {
    "many minus signs": "-" * 20_000 + "x",
    "fewer minus signs": "-" * 9_999 + "x",
    "some minus signs": "-" * 40 + "x",
    "minus signs apart": "- " * 4_000 + "x",
    "many brackets": "(" * 5_000 + "x" + ")" * 4_999,
    "balanced brackets": "(" * 3_000 + "x" + ")" * 3_000,
    "open brackets": "(" * 9_999,
    "open square brackets": "x[" * 4_000,
    "nested calls": "exp(" * 2_000 + "x" + ")" * 2_000,
    "nested reads": "x[" * 3_000 + "n" + "]" * 3_000,
    "nested sums": "sum(" * 500 + "x" + ", i)" * 500,
    "alternating brackets": "([" * 2_000,
    "a long sum": "x+" * 4_999 + "x",
    "a sum as long as may be parsed": "x+" * 990 + "x",
    "a long power": "x**" * 3_000 + "x",
    "a power of minus signs": "x**-" * 1_000 + "x",
    "a long product of powers": "9**64*" * 1_600 + "9",
    "a long comparison": "x<" * 4_000 + "x",
    "many conditions": "where(" + "x<y and " * 1_000 + "x<y, x, y)",
    "a long name": "x" * 9_000,
    "a long number": "9" * 9_000,
    "a long fraction": "0." + "9" * 9_000,
    "many digits in an exponent": "1e" + "9" * 9_000,
    "a million characters": "x" * 1_000_000,
    "many lines": "\n" * 9_000,
    "many equations": "a=1\n" * 2_400,
    "lines inside brackets": "(" + "\n" * 9_000,
    "open brackets on many lines": "(\n" * 4_900,
    "many letters": "sum(x, " + ", ".join(f"i{k}" for k in range(1500)) + ")",
    "many indices": "x[" + "i," * 4_000 + "i]",
    "a gather of gathers": "x[" * 60 + "i" + "]" * 60,
    "many groups": "x[" + "(i,j)," * 1_500 + "i]",
    "nul": "x\0y",
    "nul in a comment": "x # \0",
    "escape": "x\x1b[31m",
    "form feed": "x\fy",
    "vertical tab": "x\vy",
    "delete": "x\x7f",
    "a lone carriage return": "x\ry",
    "byte order mark": "\ufeffx",
    "zero width space": "x\u200by",
    "no-break space": "x\u00a0+ y",
    "right-to-left mark": "x\u202ey",
    "cyrillic look-alike": "\u0445 + 1",
    "fullwidth letter, which Python would make ASCII": "\uff45\uff58\uff50(x)",
    "mathematical letter, which Python would make ASCII": "\U0001d431",
    "fullwidth parentheses": "exp\uff08x\uff09",
    "superscript": "x\u00b2",
    "arabic digits": "\u0661 + x",
    "minus sign of typography": "x \u2212 y",
    "surrogate": "x\ud800",
    "line separator": "x\u2028y",
}


def refused(text: str) -> InputError:
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        parse(text, "net.toml", 7)
    assert time.process_time() - start < 1
    return caught.value


@pytest.mark.parametrize("text", CODE.strip().splitlines())
def test_code_and_nonsense_are_refused(text):
    error = refused(text)
    assert str(error).startswith("net.toml:7: ")
    assert "\n" not in error.message


@pytest.mark.parametrize("text", BULK.values(), ids=BULK.keys())
def test_bulk_is_refused_at_once(text):
    assert len(refused(text).message) < 300


def test_nothing_is_executed():
    before = set(sys.modules)
    refused("__import__('antigravity')")
    assert "antigravity" not in set(sys.modules) - before


def test_a_formula_of_the_largest_depth_is_no_trouble_later():
    text = "y[n,i] = " + "exp(" * 30 + "x[n,i]" + ")" * 30
    for _ in range(12):
        text += " + x[n,i]"
    assert resolve(parse(text), inputs={"x": (None, 2)}, parameters={}).output == "y"


def test_many_equations_resolve_at_once():
    names = [f"a{k}" for k in range(400)]
    chain = "\n".join(f"{b}[n,i]={a}[n,i]" for a, b in zip(["x", *names], names, strict=False))
    lines = chain.splitlines()
    start = time.process_time()
    for text in (chain, "\n".join(lines[::-1])):
        resolve(parse(text), inputs={"x": (None, 2)}, parameters={})
    assert time.process_time() - start < 4


PARAMETERS = {"W": ["i", 2], "b": (), "M": (2, 2)}


def only_input_errors(text: str) -> Resolved | None:
    used = {name: axes for name, axes in PARAMETERS.items() if name in text}
    inputs = {"x": (None, 3, 4), "k": (None,)}
    try:
        formula = parse(text)
        return resolve(
            formula, inputs=inputs, parameters=used, sizes={"u": 2}, integer=frozenset("k")
        )
    except InputError:
        return None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
@example("\ud800")
def test_any_text_parses_or_is_refused(text):
    only_input_errors(text)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data):
    only_input_errors(data.decode("utf-8", "replace"))
    only_input_errors(data.decode("latin-1"))


WORDS = """
x[n,i,j] x[n,...,i] x[n,t-1,i] y[n,i,j] y[n,t,i] y[n,t-1,i] y[n,-1,i] y[n] y z[n,2*i+u] W[i,j] W b M
k[n] k x n i j t u m 2 0 64 1e-5 pi inf + - * / ** , ( ) [ ] = += sum( mean( max( softmax( exp(
where( pad( size( stop_gradient( minimum( < <= == and or , # ... x[(i,j)] W[k[n],j] z[n,i]
"""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=20))
def test_words_of_the_language_in_any_order(words):
    only_input_errors(" ".join(words))


READS = """
x[n,i,j] x[n,i,t] x[n,t,j] x[n,(u,t),i] x[n,2*i+u,3] x[n,i+u,j] x[n,size(i)-1-i,j] pad(x[n,i-1,j+u])
y[n,i,j] y[n,t-1,i] y[n,t,i] y[n,size(t)-1,i] z[n,i] z[n,i+u] z[n,(i,j)] W[i,j] W[k[n],j] M[u,i]
b k[n] i j t u 2 1e-5 pi size(i)
"""
TARGETS = "y[n,i,j] y[n,t,i] y[n,-1,i] z[n,i] z[n,2*i+u] z[n,i+3] z[n,(i,j)] z[n,k[n]] L[n] L"
EXPRESSIONS = st.recursive(
    st.sampled_from(READS.split()),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "*", "/", "**"]), inner).map("".join),
        st.tuples(st.sampled_from(["sum", "max", "softmax"]), inner, st.sampled_from("ijtun")).map(
            lambda part: f"{part[0]}({part[1]}, {part[2]})"
        ),
        st.tuples(inner, inner).map(lambda part: f"where(i < u, {part[0]}, {part[1]})"),
    ),
    max_leaves=5,
)
SIGNS = st.sampled_from([" = ", " += "])
EQUATIONS = st.tuples(st.sampled_from(TARGETS.split()), SIGNS, EXPRESSIONS).map("".join)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(EQUATIONS, min_size=1, max_size=3))
def test_any_equations_resolve_or_are_refused(equations):
    """What resolves reads and writes inside its tensors, by trying every index."""
    found = only_input_errors("\n".join(equations))
    if found is None:
        return
    for equation in found.equations:
        padded = {node.read for node in walk(equation.rhs) if isinstance(node, Pad)}
        reads = {node for node in walk(equation.rhs) if isinstance(node, Read)} - padded
        for read in {*reads, Read(equation.name, equation.positions)}:
            for size, position in zip(found.shapes[read.name], read.positions, strict=True):
                if isinstance(position, Affine) and read.name not in found.recurrent:
                    assert size is None or all(0 <= p < size for p in values(position, found))


def values(position: Affine, found: Resolved) -> list[int]:
    """Every position that the letters can reach."""
    fixed = position.constant + sum(c * found.sizes[letter] for c, letter in position.sizes)
    ranges = [[c * k for k in range(found.sizes[letter])] for c, letter in position.terms]
    return [fixed + sum(moved) for moved in itertools.product(*ranges)]
