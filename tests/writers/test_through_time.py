"""Backpropagation through time as it is read: recursions, Jacobians of a step, and their product."""

from __future__ import annotations

from functools import cache

import pytest

import symbp
from tests.layers.proved import dense, formula, network
from tests.network.networks import Table

MSE = {"type": "mse"}
NETWORKS: dict[str, Table] = {
    kind: network({"type": kind, "units": 3, "name": "y"}, shape=(4, 3), loss=MSE)
    for kind in ("rnn", "lstm", "gru")
} | {
    "hidden": network({"type": "rnn", "units": 3, "name": "a"}, dense(2), shape=(4, 3), loss=MSE),
    "from the end": network(
        dense(3), formula("h[n,t,d] = tanh(0.5*h[n,t+1,d] + x[n,t,d])"), shape=(4, 3), loss=MSE
    ),
    "two steps back": network(
        dense(3), formula("h[n,t,d] = tanh(0.5*h[n,t-2,d] + x[n,t,d])"), shape=(4, 3), loss=MSE
    ),
    "dense": network(dense(3, "tanh"), loss=MSE),
}
TOGETHER = {
    "en": "% Together they are the recursion of backpropagation through time:",
    "zh": "% 合起来就是沿时间反向传播的递推式：",
}
JACOBIAN = {
    "en": "% One step back multiplies the derivative by",
    "zh": "% 每后退一步，对",
}


@cache
def lines(name: str, notation: str = "matrix", lang: str = "en") -> list[str]:
    derivation = symbp.Network(**NETWORKS[name]).derive(notation=notation, lang=lang)
    return derivation.render("latex").splitlines()


def behind(text: list[str], start: str, count: int = 1) -> list[str]:
    """The formulas behind the line that starts so."""
    (place,) = (k for k, line in enumerate(text) if line.startswith(start))
    return text[place + 1 : place + 1 + count]


# -- an rnn -----------------------------------------------------------------------------------------


def test_the_recursion_of_an_rnn_in_matrix_form():
    assert behind(lines("hidden"), TOGETHER["en"]) == [
        r"\frac{\partial L}{\partial h_1^{(t)}} = \frac{\partial L}{\partial a^{(t)}} + "
        r"\frac{\partial L}{\partial z_1^{(t+1)}} W_{h,1}^\top"
    ]


def test_the_recursion_of_an_rnn_in_index_form():
    assert behind(lines("hidden", "index"), TOGETHER["en"]) == [
        r"\frac{\partial L}{\partial h_{1,ntj}} = \frac{\partial L}{\partial a_{ntj}} + "
        r"\sum_{j'} \frac{\partial L}{\partial z_{1,n,t+1,j'}} W_{h,1,jj'}"
    ]


def test_the_jacobian_of_a_step_of_an_rnn():
    assert behind(lines("hidden"), JACOBIAN["en"]) == [
        r"\left.\frac{\partial L}{\partial h_{1,n,t-1,j}}\right|_{t} = "
        r"\sum_{j'} \frac{\partial L}{\partial h_{1,ntj'}} (1 - h_{1,ntj'}^2) W_{h,1,jj'}"
    ]


PRODUCT = (
    r"$\frac{\partial h_{1,s}}{\partial h_{1,t}} = \prod_{k=t+1}^{s} "
    r"\frac{\partial h_{1,k}}{\partial h_{1,k-1}}$"
)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        (
            "en",
            f"% From step $s$ to step $t$ these Jacobians multiply, {PRODUCT}. Where their singular "
            "values stay below one the gradient vanishes with the distance $s - t$, where they stay "
            "above one it explodes. The gradients of the shared parameters are sums over time.",
        ),
        (
            "zh",
            f"% 从第 $s$ 步到第 $t$ 步，这些雅可比矩阵连乘：{PRODUCT}。若奇异值总小于 1，"
            "梯度随距离 $s - t$ 消失；若总大于 1，则爆炸。共享参数的梯度是对时间求和。",
        ),
    ],
)
def test_jacobians_multiply_and_make_gradients_vanish_or_explode(lang, sentence):
    assert lines("hidden", "matrix", lang).count(sentence) == 1


def test_the_direction_of_the_loop_is_said():
    found = [line for line in lines("hidden") if line.startswith("% Back through time")]
    assert found == [r"% Back through time, for $t = 3, \dots, 0$; nothing comes from beyond:"]


def test_gradients_of_shared_parameters_are_sums_over_time():
    assert (
        r"\frac{\partial L}{\partial W_{h,1}} = "
        r"\sum_{t} {h_1^{(t-1)}}^\top \frac{\partial L}{\partial z_1^{(t)}}"
    ) in lines("hidden")


# -- others -----------------------------------------------------------------------------------------


def test_the_recursion_of_the_cell_of_an_lstm():
    recursions = behind(lines("lstm"), TOGETHER["en"], 2)
    assert (
        r"\frac{\partial L}{\partial c_1^{(t)}} = \frac{\partial L}{\partial h_1^{(t)}} \odot "
        r"o_1^{(t)} \odot (1 - {a_1^{(t)}}^2) + "
        r"\frac{\partial L}{\partial c_1^{(t+1)}} \odot f_1^{(t+1)}"
    ) in recursions


def test_the_jacobian_of_a_cell_is_its_forget_gate():
    assert behind(lines("lstm"), JACOBIAN["en"]) == [
        r"\left.\frac{\partial L}{\partial c_{1,n,t-1,j}}\right|_{t} = "
        r"\frac{\partial L}{\partial c_{1,ntj}} f_{1,ntj}"
    ]


def test_the_recursion_of_a_gru_has_a_way_through_its_update_gate():
    (recursion,) = behind(lines("gru", "index"), TOGETHER["en"])
    assert r"\frac{\partial L}{\partial h_{1,n,t+1,j}} z_{1,n,t+1,j}" in recursion


@pytest.mark.parametrize("lang", TOGETHER)
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_every_recurrent_layer_has_its_recursion_in_every_language(name, lang):
    for notation in ("matrix", "index"):
        (recursion,) = behind(lines(name, notation, lang), TOGETHER[lang])
        assert "t+1" in recursion
        assert "h_prev" not in recursion
        assert "h_next" not in recursion


def test_a_recurrence_from_the_end_comes_back_from_the_step_before():
    (recursion,) = behind(lines("from the end", "index"), TOGETHER["en"])
    assert "t-1" in recursion
    assert "t+1" not in recursion


@pytest.mark.parametrize("name", ["dense", "two steps back"])
def test_without_a_single_step_there_is_no_recursion(name):
    assert not [line for line in lines(name) if line.startswith(TOGETHER["en"])]


@pytest.mark.slow
def test_no_internal_name_is_read():
    for name in NETWORKS:
        for notation in ("matrix", "index"):
            text = "\n".join(lines(name, notation))
            assert "prev" not in text
            assert "next" not in text.replace("next to", "")
