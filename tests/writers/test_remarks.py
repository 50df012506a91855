"""What is said of a gradient's form, and in which cases."""

from __future__ import annotations

from functools import cache

import pytest

import symbp
from symbp.writers.phrases import LANGUAGES
from tests.layers.proved import dense, formula, network
from tests.network.networks import Table

SAID = {
    "correlation": {
        "en": "% This is the correlation of what the layer read with the derivative of what it gave.",
        "zh": "% 这正是该层的输入与其输出导数的互相关。",
    },
    "routing": {
        "en": "% The derivative goes to the first place at which the maximum is taken, and nowhere else.",
        "zh": "% 导数只传给取得最大值的第一个位置，其余位置为零。",
    },
    "flipped": {
        "en": "% Read from the side of the input, with zeros beyond the edges, it is the full"
        " correlation with the kernel turned around:",
        "zh": "% 从输入一侧看（边界之外为零），这就是与翻转后的卷积核做的完全互相关：",
    },
    "rows": {
        "en": "% Every row collects the derivatives of all places at which it was read.",
        "zh": "% 每一行累加所有读取它的位置上的导数。",
    },
}


def conv(filters: int, **more: object) -> Table:
    return {"type": "conv1d", "filters": filters, "kernel": 3, **more}


def net(*layers: Table, shape: tuple[int, ...] = (2, 9)) -> Table:
    return network(*layers, shape=shape, loss={"type": "mse"})


POOL = formula("y[n,c,p] = max(x[n,c,2*p+u], u)", sizes={"u": 2})
NETWORKS = {
    "convolutions": (net(conv(2, name="h"), conv(3)), {"correlation", "flipped"}),
    "one convolution": (net(conv(3)), {"correlation"}),
    "stride": (net(conv(2, name="h"), conv(3, stride=2)), {"correlation"}),
    "images": (
        net(*[{"type": "conv2d", "filters": 2, "kernel": 2, "padding": 1}] * 2, shape=(2, 4, 5)),
        {"correlation", "flipped"},
    ),
    "pooling": (net(conv(2, name="h"), POOL), {"correlation", "routing"}),
    "pooling of images": (
        net(
            {"type": "conv2d", "filters": 2, "kernel": 2},
            {"type": "maxpool2d", "kernel": 2},
            shape=(2, 5, 5),
        ),
        {"correlation", "routing"},
    ),
    "embedding": (net({"type": "embedding", "vocabulary": 6, "dim": 3}, shape=(4,)), {"rows"}),
    "maximum of all": (net(dense(3), formula("y[n] = max(x[n,i], i)"), shape=(4,)), {"routing"}),
    "dense": (net(dense(3, "tanh"), dense(2), shape=(4,)), set()),
    "rnn": (net(dense(3), {"type": "rnn", "units": 2}, shape=(4, 3)), set()),
}  # fmt: skip


@cache
def lines(name: str, notation: str = "matrix", lang: str = "en") -> list[str]:
    derivation = symbp.Network(**NETWORKS[name][0]).derive(notation=notation, lang=lang)
    return derivation.render("latex").splitlines()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_said_where_it_holds_and_nowhere_else(name, lang):
    for notation in ("matrix", "index"):
        text = lines(name, notation, lang)
        assert {key for key, words in SAID.items() if words[lang] in text} == NETWORKS[name][1]


def behind(text: list[str], sentence: str) -> str:
    return text[text.index(sentence) + 1]


def before(text: list[str], sentence: str) -> str:
    return text[text.index(sentence) - 1]


def test_the_gradient_of_a_kernel_is_a_correlation():
    assert before(lines("one convolution"), SAID["correlation"]["en"]) == (
        r"\frac{\partial L}{\partial K_{1,fcu}} = "
        r"\sum_{n p} \frac{\partial L}{\partial y_{nfp}} x_{n,c,p+u}"
    )


def test_the_gradient_of_the_input_is_a_correlation_with_the_kernel_turned_around():
    text = lines("convolutions")
    sentence = SAID["flipped"]["en"]
    assert before(text, sentence) == (
        r"\frac{\partial L}{\partial h_{n,c,p+u}} = "
        r"\sum_{f} \frac{\partial L}{\partial y_{nfp}} K_{2,fcu}"
    )
    assert behind(text, sentence) == (
        r"\frac{\partial L}{\partial h_{nca}} = "
        r"\sum_{f u} K_{2,fcu} \frac{\partial L}{\partial y_{n,f,a-u}}"
    )


def test_both_axes_of_an_image_are_turned_around():
    flipped = behind(lines("images"), SAID["flipped"]["en"])
    assert flipped.endswith(r"K_{2,fcuv} \frac{\partial L}{\partial y_{n,f,a-u,b-v}}")


def test_a_maximum_sends_the_gradient_to_its_first_place():
    assert before(lines("pooling"), SAID["routing"]["en"]) == (
        r"\frac{\partial L}{\partial h_{n,c,2p+u}} = "
        r"\frac{\partial L}{\partial y_{ncp}} \mathit{mask}_{1,ncpu}"
    )


def test_the_gradient_of_an_embedding_is_collected_in_its_rows():
    assert before(lines("embedding"), SAID["rows"]["en"]) == (
        r"\frac{\partial L}{\partial E_{1,x_{nt},d}} = \frac{\partial L}{\partial y_{ntd}}"
    )
