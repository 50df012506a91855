"""Whole batches: products of matrices and of entries, transposes, sums, rows and columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.reading import dense, network, right, told

ALL = {"W1", "b1", "W2", "b2"}
ANSWERS = {
    "deltas": r"""
        \delta_2 &= (y - t) \odot y \odot (1 - y) \\
        \frac{\partial L}{\partial W_2} &= h^\top \delta_2 \\
        \frac{\partial L}{\partial b_2} &= \mathbf{1}^\top \delta_2 \\
        \delta_1 &= \delta_2 W_2^\top \odot h \odot (1 - h) \\
        \frac{\partial L}{\partial W_1} &= x^\top \delta_1 \\
        \frac{\partial L}{\partial b_1} &= \mathbf{1}^\top \delta_1""",
    "superscripts": r"""
        \delta^{(2)} = (\hat{Y} - T) \circ \sigma'(Z^{(2)}) \\
        \nabla_{W^{(2)}} L = {H^{(1)}}^T \delta^{(2)}, \quad
        \nabla_{b^{(2)}} L = \sum_{n=1}^{N} \delta^{(2)}_{n} \\
        \delta^{(1)} = \left( \delta^{(2)} (W^{(2)})^T \right) \circ \sigma'\left(Z^{(1)}\right) \\
        \nabla_{W^{(1)}} L = X^T \delta^{(1)}, \quad
        \nabla_{b^{(1)}} L = \sum_{n=1}^{N} \delta^{(1)}_{n}""",
    "brackets": r"""
        dZ^{[2]} = (A^{[2]} - Y) \odot A^{[2]} \odot (1 - A^{[2]}) \\
        dW^{[2]} = A^{[1]\top} dZ^{[2]} \\ db^{[2]} = \sum_i dZ^{[2]}_i \\
        dZ^{[1]} = dZ^{[2]} W^{[2]\top} \odot A^{[1]} \odot (1 - A^{[1]}) \\
        dW^{[1]} = X^{\top} dZ^{[1]} \\ db^{[1]} = \sum_i dZ^{[1]}_i""",
    "one_line_each": r"""
        \frac{\partial L}{\partial W_2} = h^\top ((y - t) \odot \sigma'(z_2)) \\
        \frac{\partial L}{\partial b_2} = \sum_n (y_n - t_n) \sigma'(z_{2,n}) \\
        \frac{\partial L}{\partial W_1} = x^T [ ( (y - t) \odot \sigma'(z_2) ) W_2^T \odot \sigma'(z_1) ] \\
        \frac{\partial L}{\partial b_1} = \mathbf 1^T [ ( (y - t) \odot \sigma'(z_2) ) W_2^T \odot \sigma'(z_1) ]""",
    "numpy": """
        dz2 = (y - t) * y * (1 - y)
        dW2 = np.dot(h.T, dz2)
        db2 = np.sum(dz2, axis=0, keepdims=True)
        dh = dz2 @ W2.T
        dz1 = dh * h * (1 - h)
        dW1 = x.T.dot(dz1)
        db1 = dz1.sum(axis=0)""",
    "unicode": """
        δ₂ = (y − t) ⊙ σ′(z₂)
        ∂L/∂W₂ = hᵀ δ₂
        ∂L/∂b₂ = Σₙ δ₂
        δ₁ = (δ₂ W₂ᵀ) ⊙ σ′(z₁)
        ∂L/∂W₁ = xᵀ δ₁
        ∂L/∂b₁ = 𝟏ᵀ δ₁""",
    "columns": r"""
        \delta^{(2)} = (y - t) \odot \sigma'(z^{(2)}) \\
        \frac{\partial L}{\partial W^{(2)}} = \delta^{(2)} (h^{(1)})^T \\
        \frac{\partial L}{\partial b^{(2)}} = \delta^{(2)} \mathbf{1} \\
        \delta^{(1)} = (W^{(2)})^T \delta^{(2)} \odot \sigma'(z^{(1)}) \\
        \frac{\partial L}{\partial W^{(1)}} = \delta^{(1)} x^T \\
        \frac{\partial L}{\partial b^{(1)}} = \sum_{n} \delta^{(1)}_{n}""",
    "columns_forward": r"""
        z_1 = W_1 x + b_1, \quad h = \sigma(z_1), \quad z_2 = W_2 h + b_2, \quad y = \sigma(z_2) \\
        dz_2 = (y - t) \odot y \odot (1 - y) \\ dW_2 = dz_2 h^T \\ db_2 = np.sum(dz_2, axis=1, keepdims=True) \\
        dz_1 = W_2^T dz_2 \odot h \odot (1 - h) \\ dW_1 = dz_1 x^T \\ db_1 = dz_1.sum(axis=1)""",
    "mixed": r"""
        \delta_2 = (y - t) \odot \sigma'(W_2^T h + b_2) \\
        \frac{\partial L}{\partial W_2} = h \delta_2^T, \quad \frac{\partial L}{\partial b_2} = \delta_2 \mathbf{1} \\
        \delta_1 = W_2 \delta_2 \odot \sigma'(W_1^T x + b_1) \\
        \frac{\partial L}{\partial W_1} = x \delta_1^T, \quad \frac{\partial L}{\partial b_1} = \delta_1 \mathbf{1}""",
    "indices": r"""
        \delta_{2,nk} = (y_{nk} - t_{nk}) y_{nk} (1 - y_{nk}) \\
        \frac{\partial L}{\partial W_{2,jk}} = \sum_n h_{nj} \delta_{2,nk}, \quad
        \frac{\partial L}{\partial b_{2,k}} = \sum_n \delta_{2,nk} \\
        \delta_{1,nj} = h_{nj} (1 - h_{nj}) \sum_k \delta_{2,nk} W_{2,jk} \\
        \frac{\partial L}{\partial W_{1,ij}} = \sum_n x_{ni} \delta_{1,nj}, \quad
        \frac{\partial L}{\partial b_{1,j}} = \sum_n \delta_{1,nj}""",
    "indices_above": r"""
        \delta^{(2)}_{nk} = (y_{nk} - t_{nk}) \sigma'(z^{(2)}_{nk}) \\
        \frac{\partial L}{\partial W^{(2)}_{jk}} = \sum_{n} \delta^{(2)}_{nk} h_{nj} \\
        \frac{\partial L}{\partial b_k^{(2)}} = \sum_{n} \delta^{(2)}_{nk} \\
        \frac{\partial L}{\partial W_{ij}^{(1)}} = \sum_{n} \sum_{k} \delta^{(2)}_{nk} W^{(2)}_{jk} \sigma'(z^{(1)}_{nj}) x_{ni} \\
        \frac{\partial L}{\partial b_{j}^{(1)}} = \sum_{n,k} \delta^{(2)}_{nk} W^{(2)}_{jk} \sigma'(z^{(1)}_{nj})""",
    "samples": r"""
        \delta_2^{(n)} = (y^{(n)} - t^{(n)}) y^{(n)} (1 - y^{(n)}) \\
        \frac{\partial L}{\partial W_2} = \sum_n h_n^T \delta_{2,n} \\
        \frac{\partial L}{\partial b_2} = \sum_n \delta_{2,n} \\
        \frac{\partial L}{\partial W_1} = \sum_n x_n^T (\delta_{2,n} W_2^T \odot h_n \odot (1 - h_n)) \\
        \frac{\partial L}{\partial b_1} = \sum_n (\delta_{2,n} W_2^T \odot h_n \odot (1 - h_n))""",
    "diag": r"""
        \frac{\partial L}{\partial W_2} = \sum_n h_n^T (y_n - t_n) \mathrm{diag}(\sigma'(z_{2,n})) \\
        \frac{\partial L}{\partial b_2} = \sum_n (y_n - t_n) \operatorname{diag}(\sigma'(z_{2,n})) \\
        \frac{\partial L}{\partial W_1} = \sum_n x_n^T (y_n - t_n) \mathrm{diag}(\sigma'(z_{2,n})) W_2^T \mathrm{diag}(\sigma'(z_{1,n})) \\
        \frac{\partial L}{\partial b_1} = \sum_n (y_n - t_n) \mathrm{diag}(\sigma'(z_{2,n})) W_2^T \mathrm{diag}(\sigma'(z_{1,n}))""",
    "chain_rule": r"""
        \frac{\partial L}{\partial y} = y - t \\
        \frac{\partial L}{\partial z_2} = \frac{\partial L}{\partial y} \odot \frac{\partial y}{\partial z_2} \\
        \frac{\partial L}{\partial h} = \frac{\partial L}{\partial z_2} W_2^\top \\
        \frac{\partial L}{\partial z_1} = \frac{\partial L}{\partial h} \odot \sigma'(z_1) \\
        \frac{\partial L}{\partial W_2} = h^\top \frac{\partial L}{\partial z_2} \\
        \frac{\partial L}{\partial b_2} = \mathbf{1}^\top \frac{\partial L}{\partial z_2} \\
        \frac{\partial L}{\partial W_1} = x^\top \frac{\partial L}{\partial z_1} \\
        \frac{\partial L}{\partial b_1} = \mathbf{1}^\top \frac{\partial L}{\partial z_1}""",
    "aliases": r"""
        \delta_2 = \frac{\partial L}{\partial z_2} = (y - t) \odot \sigma'(z_2) \\
        \delta_1 = \frac{\partial L}{\partial z_1} = \delta_2 W_2^T \odot \sigma'(z_1) \\
        \frac{\partial L}{\partial W_2} = h^T \frac{\partial L}{\partial z_2}, \;
        \frac{\partial L}{\partial b_2} = \mathbf{1}^T \delta_2 \\
        \frac{\partial L}{\partial W_1} = x^T \frac{\partial L}{\partial z_1}, \;
        \frac{\partial L}{\partial b_1} = \mathbf{1}^T \delta_1""",
    "defined_below": r"""
        dW_2 = h^T \delta_2, \quad db_2 = \mathbf{1}^T \delta_2 \\
        dW_1 = x^T \delta_1, \quad db_1 = \mathbf{1}^T \delta_1 \\
        \text{where } \delta_1 = \delta_2 W_2^T \odot h \odot (1 - h) \text{ and } \delta_2 = (y-t) \odot y \odot (1-y)""",
    "juxtaposed": r"""
        \delta_2 = (y - t) y (1 - y), \quad dW_2 = h^T \delta_2, \quad db_2 = \sum_n \delta_2 \\
        \delta_1 = \delta_2 W_2^T h (1 - h), \quad dW_1 = x^T \delta_1, \quad db_1 = \sum_n \delta_1""",
    "words": r"""
        delta_out = (y - t) * y * (1 - y)
        delta_hidden = delta_out @ W2.T * h * (1 - h)
        grad_W2 = h.T @ delta_out
        grad_b2 = sum(delta_out)
        grad_W1 = x.T @ delta_hidden
        grad_b1 = sum(delta_hidden)""",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_in_this_form_is_right(name: str, tmp_path: Path) -> None:
    text = ANSWERS[name]
    text = text if "\\\\" not in text else rf"\begin{{align}}{text}\end{{align}}"
    assert right(network("article"), tmp_path, "a.md", text) == ALL


SOFTMAX = [
    r"\delta_2 = \frac{1}{N} (p - t)",
    r"\delta_2 = \frac{p - t}{N}",
    r"dz_2 = (p - t) / N",
    r"\delta_2 = \frac{1}{m} (\hat{y} - y)",
    r"\delta_{2,nk} = \frac1N (p_{nk} - t_{nk})",
    r"\delta_2 = \frac{1}{N} \left( \operatorname{softmax}(z_2) - t \right)",
    r"\delta_2 = \frac1N \left( \frac{e^{z_2}}{e^{z_2} \mathbf{1} \mathbf{1}^T} - t \right)",
    r"\delta_2 = \frac{1}{N}(p - y)",
]


@pytest.mark.parametrize("line", SOFTMAX)
def test_softmax_and_cross_entropy(line: str, tmp_path: Path) -> None:
    name = "dz_2" if line.startswith("dz_2") else r"\delta_2"
    rest = rf"dW_2 = h^T {name}, \quad db_2 = \mathbf{{1}}^T {name}"
    text = rf"$${line}$$" + "\n" + rf"$${rest}$$"
    assert right(network("digits_mlp"), tmp_path, "a.md", text) == {"W2", "b2"}


@pytest.mark.parametrize(
    "text",
    [
        r"dW_1 = \frac1N x^T (y - t) + \lambda W_1",
        r"dW_1 = \frac1N \sum_n x_n^T (y_n - t_n) + \lambda W_1",
        r"dW_1 = \frac{1}{N} x^T (y - t) + 0.0001 W_1",
        "dW1 = x.T @ (p - t) / len(x) + 1e-4 * W1",
        "dW1 = x.T @ (p - t) / x.shape[0] + l2 * W1",
        r"\frac{\partial L}{\partial W_{ij}} = \frac{1}{N} \sum_n x_{ni} (p_{nj} - t_{nj}) + \lambda W_{ij}",
    ],
)
def test_a_mean_over_the_batch_and_a_penalty(text: str, tmp_path: Path) -> None:
    text = text.replace("(y - t)", "(p - t)").replace("y_n", "p_n")
    assert right(network("digits_softmax"), tmp_path, "a.tex", text) == {"W1"}


def test_factors_of_one_shape_that_fit_no_matrix_product_are_entries(tmp_path: Path) -> None:
    text = r"db_2 = \sum_n (y - t) y (1-y) \\ dW_2 = h^\top (y - t) y (1 - y)"
    assert right(network("article"), tmp_path, "a.tex", text) == {"b2", "W2"}


@pytest.mark.parametrize(
    "wrong",
    [
        r"dW_2 = \delta_2^\top h",  # turned
        r"dW_2 = \delta_2 h^\top",  # the other order
        r"db_2 = \delta_2",  # no sum
        r"dW_1 = x^\top \delta_2",
        r"dW_2 = (y - t) \odot h",
        r"dW_2 = h \delta_2",
    ],
)
def test_shapes_that_do_not_fit_are_a_problem_of_that_parameter(wrong: str, tmp_path: Path) -> None:
    text = r"\delta_2 = (y - t) \odot y \odot (1 - y) \\ db_1 = \mathbf{1}^\top (\delta_2 W_2^\top \odot h \odot (1-h)) \\"
    text += r"dW_1 = x^\top (\delta_2 W_2^\top \odot h \odot (1-h)) \\ db_2 = \mathbf{1}^\top \delta_2 \\"
    text = text.replace(rf"d{wrong[1:4]} =", "q =") + wrong
    _, outcome = told(network("article"), tmp_path, "a.tex", text)
    key = wrong[1] + wrong[3]
    assert outcome.problems[key].kind == "shape"
    assert key not in outcome.gradients
    assert set(outcome.gradients) == ALL - {key, "W2"}


def test_a_missing_sum_over_an_index_is_told(tmp_path: Path) -> None:
    text = r"\frac{\partial L}{\partial W_{2,jk}} = h_{nj} (y_{nk} - t_{nk}) y_{nk} (1 - y_{nk})"
    _, outcome = told(network("article"), tmp_path, "a.tex", text)
    assert "the index n is neither summed over" in outcome.problems["W2"].text


def test_how_columns_are_read_is_told(tmp_path: Path) -> None:
    answer, _ = told(network("article"), tmp_path, "a.tex", ANSWERS["columns"])
    assert answer.notes == ("read with samples as columns and z = W x + b; weights are transposed",)


def test_lone_columns_of_a_square_layer_are_told_by_the_rest(tmp_path: Path) -> None:
    net = dense(3, 3, 3, mean=False)
    text = r"""\delta_2 = y - t \\ dW_2 = \delta_2 h_1^T \\ db_2 = \delta_2 \mathbf{1} \\
        \delta_1 = W_2^T \delta_2 \odot h_1 \odot (1 - h_1) \\ dW_1 = \delta_1 x^T"""
    assert right(net, tmp_path, "a.tex", text) == {"W1", "W2", "b2"}


def test_an_answer_of_three_layers_counts_from_the_input(tmp_path: Path) -> None:
    text = r"""\delta^{(3)} = (a^{(3)} - y) \odot \sigma'(z^{(3)}) \\
        \delta^{(2)} = \delta^{(3)} W_2^\top \odot \sigma'(z^{(2)}) \\
        dW_2 = (a^{(2)})^\top \delta^{(3)} \\ dW_1 = x^\top \delta^{(2)}"""
    _, outcome = told(network("article"), tmp_path, "a.tex", text)
    assert set(outcome.others) == {"dz1", "dz2"}
    assert right(network("article"), tmp_path, "a.tex", text) == {"W1", "W2"}


@pytest.mark.parametrize("name", ["article", "iris_residual", "swish", "regression", "bilinear"])
@pytest.mark.parametrize("notation", ["matrix", "index"])
@pytest.mark.parametrize("form", ["latex", "markdown", "text"])
def test_our_own_derivation_is_an_answer(
    name: str, notation: str, form: str, tmp_path: Path
) -> None:
    net = network(name)
    text = net.derive(notation=notation).render(form)
    found = right(net, tmp_path, "a.md", text)
    assert found == {p.key for p in net.program.graph.parameters}


@pytest.mark.parametrize("notation", ["matrix", "index"])
@pytest.mark.parametrize(
    "name", ["parity_lstm", "deep_repeat", "digits_conv", "copy_gru", "detector"]
)
def test_results_through_time_windows_and_copies(name: str, notation: str, tmp_path: Path) -> None:
    net = network(name)
    text = net.derive(notation=notation).render("latex", result_only=True)
    found = right(net, tmp_path, "a.tex", text)
    assert found == {p.key for p in net.program.graph.parameters}


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{\partial L}{\partial E_{vd}} = \sum_{n,t} \mathbb{1}[x_{nt} = v]"
        r" \frac{\partial L}{\partial e_{1,ntd}}",
        r"\frac{\partial L}{\partial E_{vd}} = \sum_{n,t : x_{nt} = v}"
        r" \frac{\partial L}{\partial e_{1,ntd}}",
        "∂L/∂E1[v,d] = Σ_{n,t} 1[x[n,t] = v] ∂L/∂e1[n,t,d]",
    ],
)
def test_the_gradient_of_an_embedding_is_a_sum_over_where_each_row_is_read(
    text: str, tmp_path: Path
) -> None:
    assert right(network("shakespeare_transformer"), tmp_path, "a.tex", text) == {"E1"}
