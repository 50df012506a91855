"""The grammar: what parses, into what, and what the errors say."""

from fractions import Fraction

import pytest

from symbp.errors import InputError
from symbp.language.names import check_name
from symbp.language.parser import parse
from symbp.language.tree import (
    Affine,
    Binary,
    Call,
    Compare,
    Constant,
    Ellipsis_,
    Gather,
    Group,
    Logical,
    Name,
    Negative,
    Number,
    Pad,
    Read,
    Reduction,
    SizeOf,
    StopGradient,
    Where,
)
from symbp.language.walk import show


def bare(letter: str) -> Affine:
    return Affine(((1, letter),))


def value(text: str):
    """The tree of a bare expression."""
    return parse(text).elementwise


def positions(text: str):
    return value(f"x[{text}]").positions


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value.message


def test_a_bare_expression_is_elementwise():
    x = Name("x")
    scaled = Binary("*", Number(Fraction(17, 10)), x)
    assert value("x*sigmoid(1.7*x)") == Binary("*", x, Call("sigmoid", (scaled,)))


def test_a_dense_layer():
    formula = parse("z[n,j] = sum(x[n,i]*W[i,j], i) + b[j]")
    (equation,) = formula.equations
    assert (equation.name, equation.accumulate) == ("z", False)
    assert equation.positions == (bare("n"), bare("j"))
    product = Binary("*", Read("x", (bare("n"), bare("i"))), Read("W", (bare("i"), bare("j"))))
    assert equation.rhs == Binary("+", Reduction("sum", product, ("i",)), Read("b", (bare("j"),)))


def test_one_equation_a_line_and_longer_inside_brackets():
    text = "# normalise\nm[n] = mean(x[n,d],\n   d)  # over features\n\ny[n,d] = x[n,d] - m[n]\n"
    first, second = parse(text).equations
    assert (first.line, first.text) == (2, "m[n] = mean(x[n,d], d)")
    assert (second.line, second.name) == (5, "y")


def test_windows_line_ends():
    assert len(parse("m[n] = mean(x[n,d], d)\r\ny[n,d] = x[n,d] - m[n]\r\n").equations) == 2


def test_accumulation_and_a_scalar_target():
    assert parse("z[n,2*p+u] += x[n,p]*K[u]").equations[0].accumulate
    assert parse("L = mean(y[n], n)").equations[0].positions == ()


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("1e-5", Fraction(1, 100000)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("1.5e3", Fraction(1500)),
        ("123456789012345678901234567890", Fraction(123456789012345678901234567890)),
    ],
)
def test_numbers_are_exact(text, exact):
    assert value(text) == Number(exact)


def test_precedence_is_pythons():
    x, y = Name("x"), Name("y")
    two = Number(Fraction(2))
    assert value("-x**2") == Negative(Binary("**", x, two))
    assert value("x**-y") == Binary("**", x, Negative(y))
    assert value("x - y - x") == Binary("-", Binary("-", x, y), x)
    assert value("x/y*x") == Binary("*", Binary("/", x, y), x)
    assert value("x**y**2") == Binary("**", x, Binary("**", y, two))


def test_affine_positions():
    assert positions("2*p+u-1") == (Affine(((2, "p"), (1, "u")), -1),)
    assert positions("size(t)-1-t") == (Affine(((-1, "t"),), -1, ((1, "t"),)),)
    assert positions("n,-1") == (bare("n"), Affine(constant=-1))
    assert positions("t+t-u+u") == (Affine(((2, "t"),)),)


def test_the_letter_of_a_bare_position():
    found = positions("i,2*i,i+1,3,size(i)")
    assert [position.letter for position in found] == ["i", None, None, None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(h,d)", (Group((bare("h"), bare("d"))),)),
        ("h,d", (bare("h"), bare("d"))),
        (" ( h , d ) ", (Group((bare("h"), bare("d"))),)),
        ("(h,d),e", (Group((bare("h"), bare("d"))), bare("e"))),
        ("e,(h,d)", (bare("e"), Group((bare("h"), bare("d"))))),
        ("(h),(d)", (bare("h"), bare("d"))),
        ("(a,b),(c,d)", (Group((bare("a"), bare("b"))), Group((bare("c"), bare("d"))))),
        ("(0,j)", (Group((Affine(), bare("j"))),)),
    ],
)
def test_parentheses_make_a_group(text, expected):
    assert positions(text) == expected


def test_gathers():
    read = Read("tok", (bare("n"), bare("t")))
    assert positions("tok[n,t],d") == (Gather(read), bare("d"))
    assert positions("t-tok[n,t]+1") == (Gather(read, -1, Affine(((1, "t"),), 1)),)
    assert positions("E[tok[n,t]]")[0].read.positions == (Gather(read),)


def test_an_ellipsis():
    assert positions("n,...,i") == (bare("n"), Ellipsis_(), bare("i"))


def test_reductions_take_letters_and_then_a_condition():
    causal = Compare("<=", Name("u"), Name("t"))
    score = Read("s", (bare("t"), bare("u")))
    assert value("softmax(s[t,u], u, u <= t)") == Reduction("softmax", score, ("u",), causal)
    assert value("max(s[t,u], t, u)") == Reduction("max", score, ("t", "u"))
    window = Logical("and", (causal, Compare("<", Name("t"), Name("u"))))
    assert value("sum(s[t,u], u, u <= t and t < u)").condition == window


def test_a_condition_alone_names_its_letter():
    chosen = value("sum(x[n,k], k == t[n])")
    assert chosen.letters == ("k",)
    assert chosen.condition == Compare("==", Name("k"), Read("t", (bare("n"),)))


def test_the_other_calls():
    x = Read("x", (Affine(((1, "i"),), -1),))
    assert value("pad(x[i-1])") == Pad(x)
    assert value("pad(x[i-1], -inf)") == Pad(x, Negative(Constant("inf")))
    assert value("size(d)") == SizeOf("d")
    assert value("stop_gradient(pi)") == StopGradient(Constant("pi"))
    assert value("maximum(x, y)") == Call("maximum", (Name("x"), Name("y")))
    either = Logical(
        "or", (Compare("<", Name("u"), Name("t")), Compare("==", Name("u"), Name("v")))
    )
    zero = Number(Fraction(0))
    assert value("where(u < t or u == v, x, 0)") == Where(either, Name("x"), zero)


@pytest.mark.parametrize(
    "text", ["z[n,f,2*p+u]", "E[tok[n,t],d]", "x[...,(h,d)]", "x[n,size(t)-1]"]
)
def test_a_read_is_shown_as_written(text):
    assert show(value(text)) == text or show(value(text)) == text.replace("size(t)-1", "size(t)-1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x[n][t]", "'x[n][t]' indexes twice; write x[n,t]"),
        ("a(b + c)", "'a(b + c)' calls the tensor a; write a*(b + c)"),
        ("x[n](b)", "'x[n](b)' calls the tensor x; write x[n]*(b)"),
        ("2(x + 1)", "'2(x + 1)' lacks an operator; write 2*(x + 1)"),
        ("(x + 1)(y)", "'(x + 1)(y)' lacks an operator; write (x + 1)*(y)"),
        ("2x", "'2x' lacks an operator; write 2*x"),
        ("x y", "'x y' lacks an operator; write x*y"),
        ("x^2", "'^' is not an operator; write **"),
        ("x//2", "'//' is not an operator; write /"),
        ("lambda*x", "'lambda' is reserved; write lam"),
        ("9**9**9", "exponent 387420489 is too large; at most 64"),
        ("x**65", "exponent 65 is too large; at most 64"),
        ("((x**64)**64)**64", "exponent 4096 is too large; at most 64"),
        ("x/0", "a number is divided by 0; divide by another"),
        ("max(x, 0)", "'0' in max(...) is no index; write maximum(x, 0)"),
        ("sum(x[n,i])", "'sum(x[n,i])' reduces over no index; write sum(..., i)"),
        ("sum(x[i], i, i)", "index i is named twice in sum(...); name it once"),
        ("tahn(x)", "unknown function 'tahn' (did you mean tanh?)"),
        ("exp(x, y)", "'exp(x, y)' gives exp 2; it takes 1 argument"),
        ("exp*2", "'exp' is a function; write exp(...)"),
        ("where(0 < u < 3, 1, 0)", "'0 < u < 3' compares twice; write 0 < u and u < 3"),
        ("where(x, 1, 0)", "'x' is no condition; write a comparison such as u <= t"),
        ("u < t", "'u < t' is a condition, not a number; write where(u < t, 1, 0)"),
        ("x if u else t", "'if' is reserved; use where(condition, a, b)"),
        ("+x", "'+x' begins with a plus; write x"),
        ("(x + 1", "'(' is never closed"),
        ("x + 1)", "')' closes nothing; remove it"),
        ("(x]", "'(' is closed by ']'; make them a pair"),
        ("", "the formula is empty; write one such as x*sigmoid(x)"),
        ("y = x = 2", "'y = x = 2' has two '='; write one equation a line"),
        ("y[n] =", "'y[n] =' lacks a side; write name[indices] = expression"),
        ("x +", "'x +' cannot be read: something is amiss at its end"),
        ("sum[n] = x[n]", "'sum' is reserved; write sum_"),
        ("(x, y)", "'(x, y)' is a group of indices; write it inside [...]"),
        ("x[n,...,...]", "'x[n,...,...]' holds '...' twice; write one position for each axis"),
        ("1e400", "1e400 is beyond 1e-308 to 1e308"),
        ("x\u0445", "'\u0445' (U+0445) is not ASCII; write it in ASCII"),
    ],
)
def test_errors_say_what_is_wrong_and_what_would_be_right(text, said):
    assert message(text) == said


def test_an_error_points_at_its_equation():
    with pytest.raises(InputError) as caught:
        parse("m[n] = mean(x[n,d], d)\n\ny[n,d] = x[n,d]^2", "net.toml", 10)
    assert str(caught.value) == "net.toml:12: '^' is not an operator; write **"


def test_equations_stand_alone():
    assert message("y[n] = x[n]\nx*2").startswith("'x*2' is no equation; write name[indices] = ")


@pytest.mark.parametrize("name", ["x", "W1", "label", "np", "match", "lam", "a_b", "a" * 32])
def test_good_names(name):
    assert check_name(name, "tensor") == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a__b", "'a__b' has two underscores together; write a_b"),
        ("class", "'class' is reserved; write class_"),
        ("input", "'input' is reserved; write input_"),
        ("tanh", "'tanh' is reserved; write tanh_"),
        ("where", "'where' is reserved; write where_"),
        ("pi", "'pi' is reserved; write pi_"),
        ("a" * 33, f"layer: '{'a' * 32}...' is too long; use at most 32 characters"),
    ],
)
def test_refused_names(name, said):
    with pytest.raises(InputError) as caught:
        check_name(name, "layer", "net.toml", 3)
    assert str(caught.value) == f"net.toml:3: {said}"


@pytest.mark.parametrize(
    "name", ["", "_x", "1x", "a b", "a-b", "x\n", "\u00fc", "\uff58", "x\0", "a.b"]
)
def test_a_name_is_an_ascii_word(name):
    with pytest.raises(InputError, match="is no name; use ASCII letters"):
        check_name(name, "layer")
