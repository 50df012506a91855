"""Derivations as documents: order, symbols, shapes, words, copies of a repeat, what was asked for."""

from __future__ import annotations

import re
from functools import cache

import pytest

import symbp
from symbp import examples
from symbp.errors import InputError
from symbp.writers.derivation import NOTATIONS, Derivation
from symbp.writers.document import Formula, Sentence
from symbp.writers.phrases import LANGUAGES, PHRASES
from tests.examples import example

NAMES = examples.names()
COMMANDS = {
    "frac", "partial", "left", "right", "sum", "odot", "oslash", "mathbf", "top", "cdot", "sqrt",
    "log", "exp", "tanh", "sin", "cos", "begin", "end", "text", "quad", "leftarrow", "max", "min",
    "operatorname", "mathrm", "mathit", "hat", "tilde", "bar", "wedge", "vee", "le", "ge", "ne", "theta",
}  # fmt: skip
NAME = re.compile(
    r"(?<![a-zA-Z\\])(?:\\(?:hat|tilde|bar)\{.\}|\\[a-zA-Z]+|[a-zA-Z])(?:_(?:\{[^{}]*\}|.))?"
)
PLACE = re.compile(r"(?:[a-z]'*)+|\d* ?[a-z]'*(?:[+-](?:\d+|\d* ?[a-z]'*))*")  # nij, 2p+u, t-1


@cache
def derived(name: str, notation: str, lang: str = "en") -> Derivation:
    return example(name).derive(notation=notation, lang=lang)


def formulas(document: Derivation) -> list[Formula]:
    return [b for s in document.sections for b in s.blocks if isinstance(b, Formula)]


every = pytest.mark.parametrize(
    ("name", "notation"), [(name, notation) for name in NAMES for notation in NOTATIONS]
)


# -- symbols ----------------------------------------------------------------------------------------


def bare(symbol: str) -> str:
    """A name as it is introduced: without the places of its entries, powers, and transposition."""
    head, _, tail = symbol.partition("_")
    parts = tail.strip("{}").split(",") if tail else []
    number = next((k for k, p in enumerate(parts) if p.isdigit()), -1)  # of the layer
    places = parts[number + 1 :]
    parts = [*parts[: number + 1], *(p for p in places if not PLACE.fullmatch(p))]
    return head + ("_" + ",".join(parts) if parts else "")


def names_in(latex: str) -> set[str]:
    """Every name of a tensor or number in a piece of LaTeX, those by whose value a row is chosen too."""
    found: set[str] = set()

    def chosen(match: re.Match[str]) -> str:  # the x_{nt} in E_{1,x_{nt},d}
        found.add(bare(match[1]))
        return "n"

    text = re.sub(r"(?<=_\{)\\mathrm\{(\w+)\}", lambda m: m[1].upper(), latex)  # of x_pad
    text = re.sub(r"\\mathit\{([a-zA-Z]+)\}", r"\\\1 ", text).replace(" _", "_")
    text = re.sub(r"\(?[a-z', ]+\)? = \\operatorname\{argmax\}", " ", text)  # bound letters, too
    text = re.sub(r"\\(?:mathrm|text|operatorname|mathbf|begin|end)\{[^{}]*\}", " ", text)
    text = re.sub(r"\\(?:sum|max|prod)_\{[^{}]*\}", " ", text)  # bound letters
    text = re.sub(r"\^\{\([^{}]*\)\}", "", text)  # copies and labels
    text = re.sub(r"\^\{?\\top\}?", "", text)
    text = re.sub(r"(?<=,)([a-zA-Z](?:_\{[^{}]*\}|_\w))(?=[,}])", chosen, text)
    text = re.sub(r"(?<=,)\([^()]*\)(?=[,}])", "n", text)  # places in a composite axis
    found |= {bare(m[0]) for m in NAME.finditer(text)}
    return {f for f in found if f.lstrip("\\").partition("_")[0] not in COMMANDS}


@pytest.mark.parametrize(
    ("latex", "names"),
    [
        (r"\sum_{i} x_{ni} W_{1,ij}", {"x", "W_1"}),
        (r"E_{1,x_{nt},d}", {"E_1", "x"}),
        (r"x_{\mathrm{pad},1,n,c,2 p+u,q+v}", {"x_PAD,1"}),
        (r"c_{1,n,t-1,j} z_{1,n,t,(0,j)}", {"c_1", "z_1"}),
        (r"[(u, v) = \operatorname{argmax} a_{1,n,c,2p+u,2q+v}]", {"a_1"}),
        (r"\mathit{bo}_{4,f}^{(l)} \cdot \mathit{corners}", {r"\bo_4", r"\corners"}),
        (r"h_{2,ntd}^{(2)} W_{h,1}^\top", {"h_2", "W_h,1"}),
    ],
)
def test_names_are_read_without_their_places(latex, names):
    assert names_in(latex) == names


@every
def test_every_symbol_is_introduced_before_it_is_used(name, notation):
    """In a list or a sentence at the beginning, or on the left of an equation."""
    known = {"L", "e", "u", r"\pi", r"\sigma", *"nijkdmpq"}  # constants, functions, letters
    for section in derived(name, notation).sections:
        for block in section.blocks:
            if isinstance(block, Sentence):
                for math in re.findall(r"\$([^$]*)\$", block.latex):
                    known |= names_in(math)
            elif block.kind != "shape":
                sides = block.left.latex if block.kind in ("definition", "update") else ""
                missing = names_in(block.right.latex) - known
                assert not missing, (block.latex, missing)
                known |= names_in(sides)


@pytest.mark.parametrize(("activation", "said"), [("sigmoid", True), ("tanh", False)])
def test_a_variance_beside_a_sigmoid_is_told_from_it(activation, said):
    layers = [{"type": "batchnorm"}, {"type": "activation", "function": activation}]
    network = symbp.Network(name="net", input={"shape": [3]}, layer=layers, loss={"type": "mse"})
    for lang in LANGUAGES:
        symbols = network.derive(lang=lang).sections[0]
        found = [b.latex for b in symbols.blocks if isinstance(b, Sentence)]
        assert any(r"$\sigma^2$" in s and r"$\sigma(u)$" in s for s in found) is said


@every
def test_a_gradient_is_used_only_behind_its_own_line(name, notation):
    """In the order of reading, but for what a loop hands on: over copies, or over the steps of time."""
    document = derived(name, notation)
    seen: set[str] = set()
    for section in document.sections:
        if section.title != "Backward pass":
            continue
        lines = [b for b in section.blocks if isinstance(b, Formula)]
        for formula in (b for b in lines if b.kind not in ("shape", "chain")):
            given = {m[1] for m in FROM_ANOTHER_STEP.finditer(formula.right.plain)}
            assert given <= recurrent(name), formula.plain
            for tensor in given:
                assert any(handed_back(tensor, line) for line in lines), formula.plain
            right = FROM_ANOTHER_STEP.sub("", formula.right.plain)
            for used in re.findall(r"∂L/∂([a-zA-Z]+\w*)", right):
                assert used in seen or used in of_copies(name), (formula.plain, used)
            if not FROM_ANOTHER_STEP.match(formula.left.plain):
                seen |= set(re.findall(r"^∂L/∂([a-zA-Z]+\w*)", formula.left.plain))


FROM_ANOTHER_STEP = re.compile(r"∂L/∂([a-zA-Z]+\w*)\[[^]]*\]\|t(?:[+-]1)?(?!\w)")


def handed_back(tensor: str, line: Formula) -> bool:
    """Whether a line says what a step gives to the one before it."""
    found = FROM_ANOTHER_STEP.match(line.left.plain)
    return found is not None and found[1] == tensor and "t-1" in found[0]


@cache
def recurrent(name: str) -> set[str]:
    return {t.part_of for t in example(name).program.tensors.values() if t.delayed}


@cache
def of_copies(name: str) -> set[str]:
    program = example(name).program
    return {"h1"} if any("." in t for t in program.tensors) else set()


# -- order ------------------------------------------------------------------------------------------


@every
def test_sections_stand_in_the_order_of_the_blackboard(name, notation):
    titles = [s.title for s in derived(name, notation).sections]
    order = [
        "Symbols",
        "Activations and their derivatives",
        "Forward pass",
        "Loss",
        "Backward pass",
        "Update",
    ]
    assert titles == [t for t in order if t in titles]
    assert {"Symbols", "Forward pass", "Loss", "Backward pass", "Update"} <= set(titles)


@every
def test_the_chain_rule_comes_first_then_its_factors_then_the_result(name, notation):
    ranks = {"chain": 0, "factor": 1, "step": 2, "result": 3, "shape": 4}
    for section in derived(name, notation).sections:
        if section.title != "Backward pass":
            continue
        rank = 5
        for block in section.blocks:
            if isinstance(block, Sentence):
                rank = -1
                continue
            now = ranks[block.kind]
            outputs = block.kind == "step" and rank == 3 and not block.left.latex
            assert now >= rank or outputs, block.latex
            rank = max(rank, now)


@every
def test_every_parameter_has_its_result_and_its_update(name, notation):
    document = derived(name, notation)
    program = example(name).program
    assert len(document.results) == len(program.graph.parameters)
    shown = {f.id for f in formulas(document) if f.kind == "result"}
    assert {f"backward.d{p.name}" for p in program.graph.parameters} <= shown
    assert [s.title for s in document.sections][-1] == "Update"


@pytest.mark.parametrize("name", NAMES)
def test_shapes_stand_under_every_matrix_equation(name):
    """Once for what is defined: the recursion through time says in one line what stands above it."""
    for section in derived(name, "matrix").sections:
        if section.title not in ("Forward pass", "Backward pass"):
            continue
        shaped: set[str] = set()
        for block, after in zip(section.blocks, [*section.blocks[1:], None], strict=True):
            if isinstance(block, Formula) and block.kind in ("definition", "result"):
                index_form = re.search(r"_\{?[^{}]*[a-z]{2}\}?|\\sum", block.latex)
                below = isinstance(after, Formula) and after.kind == "shape"
                assert below or index_form or block.left.latex in shaped, block.latex
                shaped |= {block.left.latex} if below else set()


def test_the_shapes_say_where_the_transpose_comes_from():
    text = derived("article", "matrix").text()
    assert "∂L/∂W2 = hᵀ ∂L/∂z2\n    (3 × 1) = (3 × N)(N × 1)" in text
    assert "∂L/∂h = ∂L/∂z2 W2ᵀ\n    (N × 3) = (N × 1)(1 × 3)" in text


def test_the_shape_is_that_of_one_matrix_where_there_is_one_for_each_step():
    text = derived("copy_gru", "matrix").text()
    assert "u1[t] = x[t] Wx1 + bx1\n    (N × 72) = (N × 5)(5 × 72) + (1 × 72)" in text
    assert "∂L/∂Wh1 = Σ_t h1[t-1]ᵀ ∂L/∂v1[t]\n    (24 × 72) = (24 × N)(N × 72)" in text
    assert "z2[n] = h[n] W2 + b2\n    (8 × 5) = (8 × 24)(24 × 5) + (1 × 5)" in text
    assert "s2[n] = Σ_k u2[n]\n    (8 × 1) = (8 × 5)(5 × 1)" in text


# -- words ------------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize("lang", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_nothing_is_left_to_fill_in(name, notation, lang):
    for form in ("latex", "markdown", "tex", "text"):
        text = derived(name, notation, lang).render(form)
        assert not re.search("[\ue000-\ue005]|None", text)
        assert form != "text" or not re.search(r"[{}\\$]", text)
        assert text.endswith("\n") and "\n\n\n" not in text


@every
def test_formulas_hold_no_names_of_python(name, notation):
    """No underscore but a subscript's, no array of NumPy."""
    for formula in formulas(derived(name, notation)):
        assert not re.search(r"np\.|@|\*\*|\\_|==|\bwhere\b", formula.latex), formula.latex
        assert not re.search(
            r"(?<![\\a-zA-Z])[a-zA-Z]{3,}(?![a-zA-Z']*\})", strip_words(formula.latex)
        )


def strip_words(latex: str) -> str:
    return re.sub(
        r"\\(?:mathrm|text|operatorname|mathit|begin|end)\{[^{}]*\}|\\[a-zA-Z]+", " ", latex
    )


@pytest.mark.slow
@every
def test_brackets_of_latex_close(name, notation):
    for formula in formulas(derived(name, notation)):
        for side in (formula.left.latex, formula.right.latex):
            assert side.count("{") == side.count("}"), side
            assert side.count(r"\left") == side.count(r"\right") + side.count(r"\leftarrow")
            assert side.count("(") == side.count(")"), side


def test_every_phrase_has_the_same_fields_in_both_languages():
    for key, texts in PHRASES.items():
        assert len(texts) == len(LANGUAGES), key
        fields = [
            set(re.findall(r"\{(\w+)\}", text.replace("{{", "").replace("}}", "")))
            for text in texts
        ]
        assert fields[0] == fields[1], key
        assert texts[0].count("$") % 2 == texts[1].count("$") % 2 == 0, key


def test_chinese_sentences_stand_between_the_formulas():
    text = derived("article", "scalar", "zh").text()
    assert "对 w2 应用链式法则：" in text
    assert "前向传播" in text and "参数更新" in text


# -- copies of a repeat -----------------------------------------------------------------------------


def repeated(times: int) -> symbp.Network:
    return symbp.Network(
        name="copies",
        input={"shape": [2]},
        layer=[
            {"type": "dense", "units": 3, "activation": "tanh", "name": "a"},
            {
                "type": "repeat",
                "times": times,
                "name": "h",
                "layers": [{"type": "dense", "units": 3, "activation": "sigmoid"}],
            },
            {"type": "dense", "units": 1, "name": "y"},
        ],
        loss={"type": "mse"},
    )


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_recursion_is_printed_once_whatever_the_number_of_copies(notation):
    few, many = (repeated(k).derive(notation=notation).text() for k in (7, 400))
    again = (
        few.replace("h[7", "h[400")
        .replace("the 7 copies", "the 400 copies")
        .replace("6, ..., 0", "399, ..., 0")
    )
    again = again.replace("0, ..., 6", "0, ..., 399")
    assert again == many
    assert many.count("From copy l+1 back to copy l, for l = 399, ..., 0:") == 1


def test_the_recursion_from_one_copy_back_to_the_one_before():
    lines = repeated(3).derive(notation="scalar").render("latex").splitlines()
    for line in (
        r"% From $h^{(0)} = a$ on, for $l = 0, \dots, 2$:",
        r"h^{(l+1)} = \sigma(w_2^{(l)} h^{(l)} + b_2^{(l)})",
        r"\frac{\partial L}{\partial h^{(3)}} = (y - t) w_3",
        r"\frac{\partial L}{\partial h^{(l)}} = \frac{\partial L}{\partial h^{(l+1)}}"
        r" \sigma'(w_2^{(l)} h^{(l)} + b_2^{(l)}) w_2^{(l)}",
        r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial h^{(0)}}",
    ):
        assert line in lines


def test_matrix_form_of_the_recursion():
    text = repeated(3).derive(notation="matrix").text()
    for line in (
        "∂L/∂z2[l] = ∂L/∂h[l+1] ⊙ h[l+1] ⊙ (1 - h[l+1])",
        "∂L/∂h[l] = ∂L/∂z2[l] W2[l]ᵀ",
        "∂L/∂a = ∂L/∂h[0]",
    ):
        assert line in text


# -- what was asked for -----------------------------------------------------------------------------


def test_with_wrt_only_what_leads_there_is_shown():
    lines = example("deep_sigmoid").derive(notation="scalar", wrt=("W8",)).text()
    shown = set(re.findall(r"^    ∂L/∂(\w+) =", lines, re.MULTILINE))
    assert shown == {"y", "h8", "w8"}
    assert "w8 ← w8" not in lines  # adam: one rule for any parameter
    array = example("deep_sigmoid").derive(notation="matrix", wrt=("W8",)).text()
    assert set(re.findall(r"^    ∂L/∂(\w+) =", array, re.MULTILINE)) == {"y", "h8", "z8", "W8"}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_wrt_takes_intermediates_and_gives_one_result_for_each(notation):
    found = example("article").derive(notation=notation, wrt=("h", "W1", "h"))
    assert next(r.left.plain.partition("[")[0] for r in found.results) == "∂L/∂h"
    assert len(found.results) == 2


def test_wrt_takes_a_part_of_a_layer():
    """The output of a softmax, which the derivation joins with the loss."""
    (result,) = example("digits_softmax").derive(notation="index", wrt=("p",)).results
    assert result.latex == r"\frac{\partial L}{\partial p_{nk}} = -\frac{t_{nk}}{N p_{nk}}"


def test_wrt_inside_copies_shows_the_loop():
    text = repeated(4).derive(notation="scalar", wrt=("W2",)).text()
    assert "From copy l+1 back to copy l" in text
    assert "∂L/∂w3" not in text and "∂L/∂a " not in text


@pytest.mark.parametrize("notation", NOTATIONS)
def test_small_letters_serve_for_large_ones(notation):
    network = example("article")
    assert (
        network.derive(notation=notation, wrt=("w1",)).results
        == network.derive(notation=notation, wrt=("W1",)).results
    )


def test_an_unknown_name_is_an_error_that_knows_a_near_one():
    with pytest.raises(InputError) as error:
        example("article").derive(wrt=("W11",))
    assert "no parameter or intermediate 'W11' (did you mean 'W1'?)" in str(error.value)
    assert str(error.value).endswith("known here: W1, b1, z1, h, W2, b2, z2, y")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"notation": "tensor"}, "unknown notation 'tensor'; known are scalar, matrix, index"),
        ({"lang": "de"}, "unknown language 'de'; known are en, zh"),
        ({"order": 3}, "derivatives of order 3 are not there; known are 1, 2"),
    ],
)
def test_an_unknown_option_is_an_error(options, message):
    with pytest.raises(InputError, match=message):
        example("article").derive(**options)


# -- closed forms -----------------------------------------------------------------------------------


def test_softmax_and_cross_entropy_step_by_step():
    """Every part is derived before it is read, and the assumption is named where it is used."""
    text = derived("digits_softmax", "index").text()
    steps = [
        "the targets of a sample sum to one, Σ_k t[n,k] = 1",
        "∂L/∂p[n,k] = -t[n,k]/(N p[n,k])",
        "∂L/∂s1[n] = Σ_k ∂L/∂p[n,k] · ∂p[n,k]/∂s1[n]",
        "= 1/(N s1[n])    (known sums)",
        "∂L/∂u1[n,k] = ∂L/∂p[n,k] · ∂p[n,k]/∂u1[n,k] + ∂L/∂s1[n] · ∂s1[n]/∂u1[n,k]",
        "∂L/∂z1[n,k] = ∂L/∂u1[n,k] · ∂u1[n,k]/∂z1[n,k]",
        "= (p[n,k] - t[n,k])/N",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_layernorm_comes_to_its_compact_gradient():
    lines = derived("deep_repeat", "matrix").render("latex")
    assert (
        r"\left( \frac{\partial L}{\partial \hat{x}_2^{(l)}}"
        r" - \frac{1}{12} \frac{\partial L}{\partial \hat{x}_2^{(l)}} \mathbf{1}" in lines
    )
    text = derived("deep_repeat", "index").text()
    assert "∂L/∂m2[l,n] = " in text and "(known sums)" in text


def test_shares_of_a_gradient_are_told_apart_and_added():
    text = derived("deep_repeat", "matrix").text()
    assert "The share of ∂L/∂h1[l] that comes through u2:" in text
    assert "∂L/∂h1[l]|u2 = " in text
    assert "∂L/∂h1[l] = ∂L/∂h1[l+1] + ∂L/∂h1[l]|u2" in text


def test_a_local_derivative_is_one_whatever_the_number_of_places_that_read():
    """``h = h[t-1] z + g (1 - z)`` by z; the sum in a variance by its mean."""
    gru, copies = derived("copy_gru", "index").text(), derived("deep_repeat", "index").text()
    assert "∂L/∂z1[n,t,j] = ∂L/∂h1[n,t,j] · ∂h1[n,t,j]/∂z1[n,t,j]\n" in gru
    assert gru.count("∂h1[n,t,j]/∂z1[n,t,j] = h1[n,t-1,j] - g1[n,t,j]\n") == 1
    assert re.search(r"∂v2\[l,n\]/∂m2\[l,n\] = .*Σ_\w .*m2\[l,n\]", copies)


def test_what_is_added_is_written_with_the_same_letters():
    """A penalty and a path; two paths of different layers."""
    bilinear, iris = derived("bilinear", "index").text(), derived("iris_residual", "index").text()
    assert "∂L/∂A1[k,i,j] = 0.001 A1[k,i,j] + Σ_n ∂L/∂s[n,k] x[n,i] x[n,j]" in bilinear
    assert "∂L/∂a1[n,i] = ∂L/∂r[n,i] + Σ_j ∂L/∂z2[n,j] W2[i,j]" in iris
    assert (
        "∂L/∂a1[n,i] = ∂L/∂r[n,i] · ∂r[n,i]/∂a1[n,i] + Σ_j ∂L/∂z2[n,j] · ∂z2[n,j]/∂a1[n,i]" in iris
    )


# -- lines that people quote ------------------------------------------------------------------------

SLOPE = r"\frac{\partial L}{\partial %s}"
XHAT = SLOPE % r"\hat{x}_2"


def quoted(layer: dict, *wrt: str) -> list[str]:
    network = symbp.Network(
        name="one",
        input={"shape": [4]},
        layer=[{"type": "dense", "units": 3, "name": "h"}, {"name": "y", **layer}],
        loss={"type": "cross_entropy" if layer["type"] == "softmax" else "mse"},
    )
    return network.derive(wrt=wrt).render("latex", result_only=True).splitlines()


@pytest.mark.parametrize(
    ("layer", "wrt", "line"),
    [
        ({"type": "dense", "units": 2}, "W1", r"x^\top \frac{\partial L}{\partial h}"),
        ({"type": "dense", "units": 2}, "h", r"\frac{\partial L}{\partial y} W_2^\top"),
        ({"type": "dense", "units": 2}, "b1", r"\mathbf{1}^\top \frac{\partial L}{\partial h}"),
        ({"type": "dense", "units": 2}, "y", r"\frac{1}{N} (y - t)"),
        (
            {"type": "activation", "function": "sigmoid"},
            "h",
            r"\frac{\partial L}{\partial y} \odot y \odot (1 - y)",
        ),
        (
            {"type": "activation", "function": "tanh"},
            "h",
            r"\frac{\partial L}{\partial y} \odot (1 - y^2)",
        ),
        ({"type": "softmax"}, "h", r"\frac{1}{N} (y - t)"),
        (
            {"type": "layernorm"},
            "h",
            rf"\left( {XHAT} - \frac{{1}}{{3}} {XHAT} \mathbf{{1}} - \hat{{x}}_2 \odot"
            rf" \left( \frac{{1}}{{3}} \left( \hat{{x}}_2 \odot {XHAT} \right) \mathbf{{1}} \right)"
            r" \right) \oslash s_2",
        ),
        (
            {"type": "batchnorm"},
            "h",
            rf"\left( {XHAT} - \frac{{1}}{{N}} \mathbf{{1}}^\top {XHAT} - \hat{{x}}_2 \odot"
            rf" \left( \frac{{1}}{{N}} \mathbf{{1}}^\top \left( \hat{{x}}_2 \odot {XHAT} \right) \right)"
            r" \right) \oslash s_2",
        ),
        (
            {"type": "batchnorm"},
            "gamma2",
            r"\mathbf{1}^\top \left( \frac{\partial L}{\partial y} \odot \hat{x}_2 \right)",
        ),
    ],
)
def test_a_gradient_in_matrix_form(layer, wrt, line):
    (found,) = quoted(layer, wrt)
    assert found.partition(" = ")[2] == line


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("mse", r"L = \frac{1}{2 N} \sum_{n} \sum_{j} (y_{nj} - t_{nj})^2"),
        ("mae", r"L = \frac{1}{N} \sum_{n} \sum_{j} \left| y_{nj} - t_{nj} \right|"),
        ("hinge", r"L = \frac{1}{N} \sum_{n} \sum_{j} \max(0, 1 - t_{nj} y_{nj})"),
    ],
)
def test_a_loss_is_written_with_its_sums(loss, line):
    network = symbp.Network(
        name="one",
        input={"shape": [4]},
        layer=[{"type": "dense", "units": 3, "name": "y"}],
        loss={"type": loss},
    )
    assert line in network.derive().render("latex").splitlines()
