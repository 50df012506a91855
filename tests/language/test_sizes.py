"""What every letter and tensor of a formula is, and what the errors say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbp.errors import InputError
from symbp.language.parser import parse
from symbp.language.sizes import Resolved, resolve
from symbp.language.walk import show

RNN = "h[n,t,j] = tanh(sum(x[n,t,i]*Wx[i,j], i) + sum(h[n,t-1,k]*Wh[k,j], k) + b[j])"
RNN_PARAMETERS = {"Wx": ["i", 4], "Wh": [4, 4], "b": [4]}


def resolved(text: str, *shapes: tuple[int, ...], **declared) -> Resolved:
    """The formula with samples of these shapes as ``x``, or as the names in ``names``."""
    names = declared.pop("names", "x").split()
    inputs = {name: (None, *shape) for name, shape in zip(names, shapes, strict=True)}
    declared.setdefault("parameters", {})
    return resolve(parse(text), inputs=inputs, **declared)


def message(text: str, *shapes: tuple[int, ...], **declared) -> str:
    with pytest.raises(InputError) as caught:
        resolved(text, *shapes, **declared)
    return caught.value.message


def output_shape(found: Resolved) -> tuple[int | None, ...]:
    return found.shapes[found.output]


# -- the examples of the language's description ------------------------------------------------

LAYERNORM = (
    "m[n] = mean(x[n,d], d)\nv[n] = mean((x[n,d] - m[n])**2, d)\n"
    "y[n,d] = g[d]*(x[n,d] - m[n])/sqrt(v[n] + 1e-5) + b[d]"
)
ATTENTION = (
    "s[n,h,t,u] = sum(q[n,t,(h,d)]*k[n,u,(h,d)], d)/sqrt(size(d))\n"
    "a[n,h,t,u] = softmax(s[n,h,t,u], u, u <= t)"
)
CONVOLUTION = "z[n,f,p,q] = sum(pad(x[n,c,2*p+u-1,2*q+v-1])*K[f,c,u,v], c, u, v) + b[f]"
POOLING = "y[n,c,p,q] = max(x[n,c,2*p+u,2*q+v], u, v)"


@pytest.mark.parametrize(
    ("text", "shapes", "declared", "expected"),
    [
        (
            "z[n,j] = sum(x[n,i]*W[i,j], i) + b[j]",
            [(6,)],
            {"parameters": {"W": ["i", 5], "b": [5]}},
            (None, 5),
        ),
        ("p[n,k] = exp(x[n,k]) / sum(exp(x[n,m]), m)", [(6,)], {}, (None, 6)),
        (LAYERNORM, [(6,)], {"parameters": {"g": ["d"], "b": ["d"]}}, (None, 6)),
        (
            CONVOLUTION,
            [(3, 8, 9)],
            {"parameters": {"K": [4, "c", 3, 3], "b": ["f"]}},
            (None, 4, 4, 5),
        ),
        (POOLING, [(3, 8, 9)], {"sizes": {"u": 2, "v": 2}}, (None, 3, 4, 4)),
        (
            "y[n,t,d] = E[tok[n,t],d]",
            [(7,)],
            {"names": "tok", "parameters": {"E": [11, 4]}, "integer": {"tok"}},
            (None, 7, 4),
        ),
        (ATTENTION, [(5, 8), (5, 8)], {"names": "q k", "sizes": {"h": 4}}, (None, 4, 5, 5)),
        (RNN, [(5, 3)], {"parameters": RNN_PARAMETERS}, (None, 5, 4)),
        (
            "z[n,f,2*p+u] += x[n,c,p]*K[c,f,u]",
            [(3, 5)],
            {"parameters": {"K": ["c", 2, 3]}},
            (None, 2, 11),
        ),
        (
            "y[n,...,j] = sum(x[n,...,i]*W[i,j], i)",
            [(4, 6)],
            {"parameters": {"W": ["i", 5]}},
            (None, 4, 5),
        ),
        ("x*sigmoid(1.7*x)", [(4, 6)], {}, (None, 4, 6)),
    ],
)
def test_the_examples(text, shapes, declared, expected):
    assert output_shape(resolved(text, *shapes, **declared)) == expected


def test_every_letter_and_tensor_is_reported():
    found = resolved(ATTENTION, (5, 8), (5, 8), names="q k", sizes={"h": 4})
    assert found.sizes == {"d": 2, "h": 4, "n": None, "t": 5, "u": 5}
    assert found.shapes["s"] == found.shapes["a"] == (None, 4, 5, 5)
    assert found.output == "a"
    assert found.recurrent == frozenset()


# -- letters that the formula leaves unsaid -----------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "target"),
    [((6,), "y[n,j]"), ((4, 6), "y[n,t,j]"), ((2, 4, 6), "y[n,c,p,q]"), ((), "y[n]")],
)
def test_an_elementwise_formula_becomes_an_equation(shape, target):
    (equation,) = resolved("2*x", shape).equations
    assert show(equation) == target
    assert show(equation.rhs.right) == target.replace("y", "x")


def test_five_axes_are_numbered():
    (equation,) = resolved("2*x", (1, 2, 3, 4)).equations
    assert show(equation) == "y[n,e0,e1,e2,e3]"


def test_parameters_of_an_elementwise_formula_lie_along_the_last_axes():
    found = resolved("maximum(x, 0) + a*s*minimum(x, 0)", (4, 6), parameters={"a": ["d"], "s": []})
    assert found.shapes["a"] == (6,)
    assert found.shapes["s"] == ()


def test_a_scalar_is_not_a_letter():
    found = resolved("x*tanh(c*x)", (2, 3, 4), parameters={"c": ()})
    assert show(found.equations[0]) == "y[n,t,p,q]"


def test_a_letter_that_is_also_a_tensor_is_renamed():
    text = "L[n] = -sum(t[n,t,k]*log(y[n,t,k]), t, k)"
    found = resolved(text, (4, 3), (4, 3), names="y t", output="L")
    assert found.sizes == {"k": 3, "n": None, "s": 4}
    assert found.equations[0].rhs.body.letters == ("s", "k")


@pytest.mark.parametrize(
    ("shape", "letters"), [((6,), "n,i"), ((4, 6), "n,t,i"), ((2, 4, 6), "n,c,p,i")]
)
def test_dots_become_letters(shape, letters):
    found = resolved("y[n,...,j] = sum(x[n,...,i]*W[i,j], i)", shape, parameters={"W": ["i", 5]})
    assert show(found.equations[0]) == f"y[{letters[:-1]}j]"
    assert show(found.equations[0].rhs.body.left) == f"x[{letters}]"


def test_dots_may_hold_the_batch():
    found = resolved("y[...,j] = sum(x[...,i]*W[i,j], i)", (4, 6), parameters={"W": ["i", 5]})
    assert show(found.equations[0]) == "y[n,t,j]"


def test_dots_skip_letters_in_use():
    found = resolved("y[n,...,d] = x[n,...,d]*t[d]", (4, 6), parameters={"t": ["d"]})
    assert show(found.equations[0]) == "y[n,s,d]"


# -- sizes -------------------------------------------------------------------------------------


def test_sizes_flow_through_tensors_in_any_order():
    text = "y[n,j] = sum(h[n,i]*V[i,j], i)\nh[n,j] = sum(x[n,k]*W[k,j], k)"
    sizes = {"V": [5, "j"], "W": ["k", "i"]}
    assert resolved(text, (6,), parameters=sizes).sizes["j"] == 5


def test_a_group_divides_its_axis_and_makes_one():
    assert output_shape(resolved("y[n,i,j] = x[n,(i,j)]", (6,), sizes={"i": 2})) == (None, 2, 3)
    assert output_shape(resolved("y[n,(i,j)] = x[n,i,j]", (2, 3))) == (None, 6)


def test_a_group_may_begin_with_a_number():
    text = "y[n,j] = x[n,j]*W[(0,j)] + W[(1,j)]"
    assert resolved(text, (3,), parameters={"W": [6]}).sizes["j"] == 3
    assert "W[(1,j)] reads position 5" in message(text, (3,), parameters={"W": [5]})


def test_concatenation():
    text = "y[n,i] += a[n,i]\ny[n,size(i)+j] += b[n,j]"
    assert output_shape(resolved(text, (2,), (3,), names="a b")) == (None, 5)


def test_a_target_that_is_read_may_be_longer_than_it_is_written():
    text = "z[n,2*p] += x[n,p]\ny[n,q] = z[n,q]*w[q]"
    assert resolved(text, (3,), parameters={"w": [8]}).shapes["z"] == (None, 8)


def test_scatter_by_an_integer_tensor():
    text = "c[n,tok[n,t]] += x[n,t]\ny[n,k] = c[n,k]"
    found = resolved(text, (4,), (4,), names="x tok", integer={"tok"}, sizes={"k": 9})
    assert found.shapes["c"] == (None, 9)


def test_reads_of_one_axis_count_together():
    assert resolved("y[n,p] = x[n,2*p] + x[n,2*p+1]", (5,)).sizes["p"] == 2
    assert resolved("y[n,i] = pad(x[n,i+1]) - pad(x[n,i-1])", (6,)).sizes["i"] == 6
    flipped = "y[n,p] = sum(pad(x[n,p-u+1])*K[u], u)"
    assert resolved(flipped, (6,), parameters={"K": [3]}).sizes["p"] == 6


def test_a_bare_letter_under_pad_has_the_size_of_its_axis_unless_another_read_gives_it():
    assert resolved("y[n,i] = pad(x[n,i]) + pad(x[n,i-1])", (6,)).sizes["i"] == 6
    assert resolved("y[n,i] = a[n,i] + pad(b[n,i])", (6,), (4,), names="a b").sizes["i"] == 6


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 4)
)
def test_an_affine_read_goes_as_far_as_the_axis(size, stride, kernel, dilation, padding):
    """With padding P in front there are P behind: the usual arithmetic of a convolution."""
    constant = f"-{padding}" if padding else "+0"
    read = f"x[n,{stride}*p+{dilation}*u{constant}]"
    read = f"pad({read})" if padding else read
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    text = f"y[n,p] = sum({read}*K[u], u)"
    if size - 1 + 2 * padding - dilation * (kernel - 1) < 0:
        assert "too short for" in message(text, (size,), parameters={"K": [kernel]})
    elif stride > 1 or kernel > 0:
        found = resolved(text, (size,), parameters={"K": [kernel]})
        assert found.sizes["p"] == room // stride + 1


def test_the_second_batch_letter():
    text = "s[n,m] = sum(y[n,d]*y[m,d], d)\nL = -mean(s[n,n] - log(sum(exp(s[n,m]), m)), n)"
    found = resolved(text, (4,), names="y", output="L")
    assert found.shapes["s"] == (None, None)
    assert output_shape(found) == ()


def test_constants_have_their_shape():
    found = resolved("y[n,i] = sum(M[i,k]*x[n,k], k)", (3,), constants={"M": (2, 3)})
    assert found.sizes == {"i": 2, "k": 3, "n": None}


# -- recurrences -------------------------------------------------------------------------------


def test_a_recurrence_with_a_start_and_a_last_step():
    text = f"h[n,-1,j] = h0[j]\n{RNN}\ny[n,j] = h[n,size(t)-1,j]"
    found = resolved(text, (5, 3), parameters={**RNN_PARAMETERS, "h0": [4]})
    assert found.recurrent == {"h"}
    assert output_shape(found) == (None, 4)


def test_names_that_read_each_others_past():
    text = (
        "g[n,t,j] = sigmoid(x[n,t,j] + h[n,t-1,j])\n"
        "c[n,t,j] = g[n,t,j]*c[n,t-1,j]\nh[n,t,j] = tanh(c[n,t,j])\ny[n,t,j] = 2*h[n,t,j]"
    )
    assert resolved(text, (5, 3)).recurrent == {"g", "c", "h"}


def test_backwards():
    text = "h[n,size(t),j] = s[j]\nh[n,t,j] = x[n,t,j] + h[n,t+1,j]"
    assert resolved(text, (5, 3), parameters={"s": [3]}).recurrent == {"h"}


def test_two_starts_for_two_steps_back():
    text = "f[n,-1] = 1\nf[n,-2] = 0\nf[n,t] = f[n,t-1] + f[n,t-2] + x[n,t]"
    assert output_shape(resolved(text, (5,))) == (None, 5)


def test_a_step_may_read_its_neighbours():
    text = "u[n,t,p] = x[n,t,p] + pad(u[n,t-1,p-1]) + pad(u[n,t-1,p+1])"
    assert resolved(text, (5, 3)).recurrent == {"u"}


# -- errors ------------------------------------------------------------------------------------

DENSE = {"W": ["i", 7], "b": [7]}


@pytest.mark.parametrize(
    ("text", "declared", "said"),
    [
        (
            "z[n,j] = sum(x[n,i]*V[i,j], i) + b[j]",
            {"parameters": DENSE},
            "unknown name 'V'; known here: W, b, x (did you mean W?)",
        ),
        ("z[n,i] = x[n,i,j]", {}, "'x[n,i,j]' gives 3 indices, x has 2 axes; write x[n,i]"),
        ("z[n,j] = x[n]", {}, "'x[n]' gives 1 index, x has 2 axes; write x[n,j]"),
        (
            "z[n,j] = x[n,j] + b",
            {"parameters": {"b": [6]}},
            "'b' gives 0 indices, b has 1 axis; write b[j]",
        ),
        (
            "z[n,j] = x[n,i]*W[i,j] + b[j]",
            {"parameters": DENSE},
            "index i is neither on the left of z[n,j] nor reduced; write sum(..., i) or z[n,i,j]",
        ),
        (
            "z[n,i] = sum(x[n,i]*W[i,j], i, j)",
            {"parameters": {"W": ["i", 7]}},
            "index i is on the left of z[n,i] and reduced in sum(...); rename the reduced one",
        ),
        ("z[n,j] = sum(x[n,i], i)", {}, "index j of z[n,j] is not on the right"),
        (
            "z[n,j] = sum(x[n,i]*W[i,j], i)",
            {"parameters": {"W": [7, 5]}},
            "index i has size 6 (axis 2 of x) and 7 (axis 1 of W);"
            " make them equal or use two letters",
        ),
        (
            "y[n,p] = max(x[n,2*p+u], u)",
            {},
            "size of p is open: 2*p+u has two unknowns; give u a size",
        ),
        ("z[n,i] = x[n,i-1]", {}, "x[n,i-1] reads position -1; write pad(x[n,i-1])"),
        (
            "y[n,g,d] = x[n,(g,d)]",
            {"sizes": {"g": 4}},
            "axis 2 of x has size 6, not divisible by size(g) = 4",
        ),
        (
            "y[n,i,d] = E[x[n,i],d]",
            {"parameters": {"E": [5, 2]}},
            "E is indexed by 'x', which is real",
        ),
        (
            "D[n,i,j] = x[n,i]*x[n,j] + minimum(D[n,i-1,j], D[n,i,j-1])",
            {},
            "D steps along i and along j; a recurrence steps along one letter",
        ),
        (
            "z[n,i] = x[n,i]\nz[n,i] = 2*x[n,i]",
            {},
            "z is defined twice; use += or a new name",
        ),
        ("z[n,i] = x[n,i]", {"parameters": {"s": [6]}}, "parameter s is never used"),
    ],
)
def test_the_errors_of_the_description(text, declared, said):
    assert message(text, (6,), **declared) == said


@pytest.mark.parametrize(
    ("text", "declared", "said"),
    [
        ("x + y", {}, "unknown name 'y'"),
        ("sum(x[n,i], i)", {}, "a formula with indices needs a left side"),
        ("2*pi", {}, "the formula does not read its input; known here: x"),
        ("x[n,i] = 2*x[n,i]", {}, "x is given already; write a new name"),
        ("z[n,i] = x[n,i] + x[n,i+1]", {}, "x[n,i+1] reads position 6, axis 2 of x has size 6"),
        ("z[n,k] = x[n,0]*k", {}, "size of k is open: no axis gives it"),
        ("z[n,i] = sum(sum(x[n,i], i)*x[n,i], i)", {}, "rename the reduced one"),
        ("z[n] = sum(sum(x[n,i], i), i)", {}, "index i of sum(...) is reduced twice"),
        ("z[n] = sum(x[n,0], i)", {}, "index i of sum(...) is not in it"),
        ("z[n,2*i] = x[n,i]", {}, "z[n,2*i] sets only some positions of z; use +="),
        ("z[n,i,i] = x[n,i]", {}, "z[n,i,i] sets only some positions of z; use +="),
        ("z[n,i-1] += x[n,i]", {}, "z[n,i-1] writes position -1; write positions from 0"),
        ("z[b,i] = x[b,i]", {}, "'b' indexes the batch, axis 1 of z; write n"),
        ("z[n,i] = x[n-1,i]", {}, "'n-1' indexes the batch, axis 1 of x; write n"),
        ("z[n,i] = x[n,i] + x[i,n]", {}, "index i has size 6 (axis 2 of x), axis 1 of x is the"),
        ("z[n,i] = x[n,i]*W[n]", {"parameters": {"W": [6]}}, "index n is the batch, axis 1 of W"),
        ("z[n,i] = x[n,i]*W[n]", {"parameters": {"W": ["n"]}}, "parameter W has the batch"),
        ("z[n,i] = x[n,i]", {"constants": {"M": (3,)}}, "constant M is never used"),
        ("z[n,i] = x[n,i]", {"sizes": {"i": 0}}, "sizes gives i = 0; write a positive integer"),
        ("z[n,i] = x[n,i]", {"sizes": {"i": 4}}, "index i has size 4 (sizes) and 6 (axis 2 of x)"),
        ("z[n,p] = sum(x[n,p+u], u)", {"sizes": {"u": 9}}, "too short for p+u"),
        ("y[n,a,b] = x[n,(a,b)]", {"sizes": {"a": 2, "b": 1}}, "(a,b) has 2 positions, axis 2"),
        ("y[n,a,b] = x[n,(a,b)]", {}, "size of a is open: (a,b) has two unknowns; give b a size"),
        ("y[n,a] = x[n,(a,0)]", {}, "'(a,0)' has more than a letter behind its first part"),
        ("z[n,i] = z[n,i] + x[n,i]", {}, "z reads itself in the same step"),
        ("z[n,0] = z[n,0] + x[n,0]", {}, "z reads itself in the same step"),
        ("z[n,i] = z[n,i-1] + z[n,i+1] + x[n,i]", {}, "z steps to i-1 and to i+1"),
        ("z[n,i] = z[n,i-1] + sum(z[n,k], k) + x[n,i]", {}, "'z[n,k]' stands in the recurrence"),
        ("z[n,i] += z[n,i-1] + x[n,i]", {}, "z reads its own past; write = for +="),
        ("z[n,0] = x[n,0]\nz[n,i] = z[n,i-1] + x[n,i]", {}, "z is defined twice"),
        ("z[n,-2] = 1\nz[n,i] = z[n,i-1] + x[n,i]", {}, "z is defined twice"),
        ("z[n,i] = z[n,i-1] + x[n,i]\ny[n,i] = z[n,i-1]", {}, "z[n,i-1] reads position -1"),
        ("z[n,i] = x[n,i]\nz[n] = 2", {}, "'z[n]' gives 1 index, z has 2 axes; write z[n,i]"),
        ("y[n,i] = x[n,i]*i*j", {}, "unknown name 'j'"),
        ("y[n,...] = x[n,...]*W[...]", {"parameters": {"W": [2, 3]}}, "'...' stands for 1 axis"),
    ],
)
def test_other_errors(text, declared, said):
    assert said in message(text, (6,), **declared)


def test_inputs_of_an_elementwise_formula_have_equal_shapes():
    said = "'t' has 1 axis, y has 2; an elementwise formula needs equal shapes"
    assert message("y - t", (3,), (), names="y t") == said
    assert "axis 2 of t" in message("y - t", (3,), (4,), names="y t", output="L")


def test_an_error_points_at_its_equation():
    formula = parse("m[n] = mean(x[n,d], d)\n\ny[n,d] = x[n,d] - M[n]")
    with pytest.raises(InputError) as caught:
        resolve(formula, inputs={"x": (None, 3)}, parameters={}, file="net.toml", line=10)
    known = "known here: m, x (did you mean m?)"
    assert str(caught.value) == f"net.toml:12: unknown name 'M'; {known}"


def test_built_in_activations_are_formulas_like_any_other():
    assert output_shape(resolved("where(x > 0, x, exp(x) - 1)", (6,))) == (None, 6)
