"""One gradient, one neuron a layer, one sample: every way in which people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.judge.reading import dense, network, right, told

ARTICLE = [
    r"\frac{\partial L}{\partial w_2} = (y - t) \sigma'(w_2 h + b_2) h",
    r"\frac{\partial L}{\partial w_{2}} = \left( y - t \right) \cdot y \left(1 - y\right) \cdot h",
    r"\dfrac{\partial \mathcal{L}}{\partial w_2}=(\hat{y}-t)\,\hat{y}\,(1-\hat y)\,h.",
    r"\frac{dL}{dw_2} = (y-t) \cdot \sigma^{\prime}(z_2) \cdot a_1",
    r"\frac{\mathrm{d} J}{\mathrm{d} w_2} = (y-t) \sigma'(z_2) h",
    r"\partial L/\partial w_2 = (y-t)y(1-y)h",
    r"\nabla_{w_2} L = (y-t)y(1-y)h",
    r"\partial_{w_2} L = (y-t)y(1-y)h",
    r"∂L/∂w₂ = (y − t) σ′(w₂ h + b₂) h",
    r"∂L/∂w₂ = (ŷ - t)·ŷ·(1 - ŷ)·h",
    "dw2 = (y - t) * y * (1 - y) * h",
    "dL/dw2 = (y - t)*y*(1 - y)*h",
    "dL_dw2 = (y_pred - y_true) * sigmoid_derivative(z2) * h",
    'grads["W2"] = (y - t) * y * (1 - y) * h',
    "w2.grad = (y - t) * y * (1 - y) * h",
    "grad_w2 = (y - t) * (y - y**2) * h",
    "dW2 = h*(y - t)*y*(1 - y)",
    "1. dw2 = (y - t) y (1 - y) h",
    "- **∂L/∂w₂** = (y - t) y (1 - y) h",
    "The gradient: dw2 = (y - t) y (1 - y) h    (by the chain rule)",
    "对 w2 的梯度：dw2 = (y - t) y (1 - y) h",
    "dw2 = (y - t) y (1 - y) h  # chain rule",
    "$\\frac{\\partial L}{\\partial w_2} = (y-t) y (1-y) h$ is what we get.",
    "So we have $$\\frac{\\partial L}{\\partial w_2}\n  = (y-t)\n  \\, y (1-y) h$$ q.e.d.",
    r"\[ \frac{\partial L}{\partial w_2} = y(1-y)(y-t)h \]",
    "`dw2 = (y - t) * y * (1 - y) * h`",
    "```python\ndw2 = (y - t) * y * (1 - y) * h\n```",
    "dw2 = (y - t)\n    * y * (1 - y)\n    * h",
    r"\boldsymbol{\delta}_2 = (y-t) y (1-y) \\ \frac{\partial L}{\partial w_2} = \boldsymbol{\delta}_2 h",
    r"\delta^{(2)} = (y-t) \sigma'(z^{(2)}), \quad \frac{\partial L}{\partial w^{(2)}} = \delta^{(2)} a^{(1)}",
    r"\delta^2 = (y-t) y (1-y) \\ \frac{\partial L}{\partial w^2} = \delta^2 a^1",
    r"\delta^{L} = (y-t) y (1-y) \\ \frac{\partial L}{\partial w^{L}} = \delta^L a^{L-1}",
    "δ₂ = (y - t) y (1 - y)\ndw2 = δ₂ h",
    "delta2 = (y - t)*y*(1 - y)\ndw2 = delta2*h",
    "e = y - t\ng = y (1 - y)\ndw2 = e g h",
    r"dw2 = \frac{h \, (y-t)}{1/(y(1-y))}",
    r"\frac{\partial L}{\partial w_2} = (y-t)\frac{e^{-z_2}}{(1+e^{-z_2})^2}h",
    r"\frac{\partial L}{\partial w_2} = (y-t)\, \frac{\exp(-z_2)}{\left(1+\exp(-z_2)\right)^{2}} \, h",
    r"\frac{\partial L}{\partial w_2} = -(t-y) y (1-y) h",
    r"\frac{\partial L}{\partial w_2} = -\left[t-y\right] y \{1-y\} h",
    r"\sigma'(z) = \sigma(z)(1-\sigma(z)) \\ \frac{\partial L}{\partial w_2} = (y-t)\sigma'(z_2) h",
    r"f(z) = \frac{1}{1+e^{-z}} \\ \frac{\partial L}{\partial w_2} = (y-t) f'(z_2) h",
    r"\frac{\partial L}{\partial w_2} = (y-t) f'(w_2 h + b_2) h",
    r"\frac{\partial L}{\partial w_2} = (y-t) \varphi'(z_2) h",
    r"\frac{\partial L}{\partial w_2} = (y-t) \sigma'_2 h",
    r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial y} \frac{\partial y}{\partial w_2} = (y-t) \sigma'(z_2) h",
    r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial z_2} \cdot \frac{\partial z_2}{\partial w_2}",
    r"\frac{\partial L}{\partial y} = y-t \\ \frac{\partial y}{\partial z_2} = y(1-y) \\ \frac{\partial z_2}{\partial w_2} = h \\ \frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial y} \frac{\partial y}{\partial z_2} \frac{\partial z_2}{\partial w_2}",
    r"\frac{\partial L}{\partial w_2} = \sum_{i=1}^{N} (y_i-t_i) y_i (1-y_i) h_i",
    r"\begin{align*} \frac{\partial L}{\partial w_2} &= (y-t) \\ &\quad \cdot y(1-y) h \end{align*}",
    r"w_2 \leftarrow w_2 - \alpha \frac{\partial L}{\partial w_2} \\ \frac{\partial L}{\partial w_2} = (y-t)y(1-y)h",
    r"w_2 = w_2 - \alpha \frac{\partial L}{\partial w_2} \\ \frac{\partial L}{\partial w_2} = (y-t)y(1-y)h",
    r"\documentclass{article}\usepackage{amsmath} % here" + "\n\\begin{document}\\section{Solution} "
    "We find\n\\begin{equation}\\label{a}\n \\frac{\\partial L}{\\partial w_2} = (y-t)y(1-y)h \\tag{1}\n"
    "\\end{equation}\n\\end{document}",
    r"\frac{\partial L}{\partial w_2} = (y-t) y (1-y) h \quad \text{(by the chain rule)}",
    r"\underbrace{\frac{\partial L}{\partial w_2}} = (y-t)\mathbf{y}(1-y)h",
    r"\frac{\partial E}{\partial w_2} = (y-t) y (1-y) h",
    r"\frac{\partial}{\partial w_2} L = (y-t) y (1-y) h",
    "dw2 = yh(1-y)(y-t)",
    r"\frac{\partial L}{\partial w_2} = (y-t)yh(1-y)",
    "dw2 = np.multiply(y - t, y*(1 - y)) * h",
    "dw2 = (y-t)⋅y⋅(1-y)⋅h",
    r"\frac{\partial L}{\partial w_2} = (a_2-y) a_2 (1-a_2) a_1",
    r"\frac{\partial L}{\partial w_2} = (\hat y - y) \hat y (1-\hat y) h",
    r"\delta^{(3)} = (a^{(3)}-t) \sigma'(z^{(3)}) \\ \frac{\partial L}{\partial w_2} = \delta^{(3)} a^{(2)}",
]  # fmt: skip


@pytest.mark.parametrize("text", ARTICLE)
def test_a_spelling_of_the_gradient_by_w2(text: str, tmp_path: Path) -> None:
    assert "W2" in right(network("article"), tmp_path, "a.md", text)


OTHERS = {
    "spirals": [
        "dw3 = (p - t) h2",
        r"\frac{\partial L}{\partial w_2} = (p-t) w_3 (1 - h_2^2) h_1",
        r"\frac{\partial L}{\partial w_2} = (p-t) w_3 (1 - \tanh^2(z_2)) h_1",
        r"\frac{\partial L}{\partial w_2} = (p-t) w_3 \tanh'(z_2) h_1",
        r"\frac{\partial L}{\partial w_1} = (p-y) w_3 (1-h_2^2) w_2 (1-h_1^2) x",
        r"\frac{\partial L}{\partial w_3} = \left(\frac{1-t}{1-p} - \frac tp\right) \sigma'(z_3) h_2",
    ],
    "swish": [
        r"\frac{\partial L}{\partial \beta} = (y-t) w_3 z_1^2 \sigma'(\beta z_1)",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_3 f'(z_1) x",
    ],
    "regression": [
        r"\frac{\partial L}{\partial w_2} = \tanh(y-t) h",
        r"\frac{\partial L}{\partial w_1} = \frac{\sinh(y-t)}{\cosh(y-t)} w_2 (1-h^2) x",
    ],
}


@pytest.mark.parametrize("name, text", [(n, t) for n in OTHERS for t in OTHERS[n]])
def test_a_spelling_for_another_network(name: str, text: str, tmp_path: Path) -> None:
    assert right(network(name), tmp_path, "a.tex", text)


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \operatorname{ReLU}'(z_1) x",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \mathbb{1}[z_1 > 0] x",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \mathbf{1}_{z_1 > 0} x",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \mathbb{1}\{z_1 \geq 0\} x",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \begin{cases} x & z_1 > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\frac{\partial L}{\partial w_1} = (y-t) w_2 \operatorname{step}(z_1) x",
        "dw1 = (y - t) w2 (z1 > 0) x",
        "dw1 = (y - t) * w2 * np.where(z1 > 0, 1, 0) * x",
        "dw1 = (y - t) * w2 * relu_derivative(z1) * x",
        r"dw1 = (y - t) w2 \frac{\max(0, z_1)}{z_1} x",
        r"dw1 = (y - t) w2 \frac{z_1 + |z_1|}{2 z_1} x",
    ],
)
def test_a_kink(text: str, tmp_path: Path) -> None:
    net = dense(3, 4, 2, activation="relu")
    assert right(net, tmp_path, "a.tex", text) == {"W1"}


def test_sides_of_a_chain_are_claims_and_chain_rules_are_not(tmp_path: Path) -> None:
    text = r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial h} \frac{\partial h}{\partial w_2}"
    text += r" = (y-t) h = (y-t) y (1-y) h"
    _, outcome = told(network("article"), tmp_path, "a.tex", text)
    assert len(outcome.sides["W2"]) == 2
    assert len(outcome.chains["W2"]) == 1 and outcome.chains["W2"][0] == 0


def test_a_definition_of_the_answer_is_used_though_it_is_wrong(tmp_path: Path) -> None:
    text = "dz2 = y - t\ndw2 = dz2 h\ndb2 = (y - t) y (1 - y)"
    assert right(network("article"), tmp_path, "a.txt", text) == {"b2"}


@pytest.mark.parametrize(
    "slope",
    [
        r"\left.\frac{d\sigma}{dz}\right|_{z = z_2}",
        r"\frac{\partial \sigma(z)}{\partial z}\bigg|_{z = w_2 h + b_2}",
        r"\frac{d\sigma}{dz}(z_2)",
        r"\sigma'(u)\rvert_{u = w_2 h + b_2}",
        r"\left.\sigma'\right|_{z_2}",
        r"\left. s \left( 1 - s \right) \right|_{s = \sigma(z_2)}",
    ],
)
def test_a_bar_says_where_something_is_taken(slope: str, tmp_path: Path) -> None:
    text = rf"\frac{{\partial L}}{{\partial b_2}} = (y - t) {slope}"
    assert right(network("article"), tmp_path, "a.tex", text) == {"b2"}


def test_a_bar_behind_the_derivative_of_the_loss_is_one_way_of_it(tmp_path: Path) -> None:
    text = r"""
        \left.\frac{\partial L}{\partial h}\right|_{z_2} = (y - t) y (1 - y) w_2
        \frac{\partial L}{\partial b_1} = \left.\frac{\partial L}{\partial h}\right|_{z_2} h (1 - h)
    """
    assert right(network("article"), tmp_path, "a.tex", text) == {"b1"}
