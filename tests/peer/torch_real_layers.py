"""Images, sequences and attention in PyTorch's own words: ``(table, x, run) -> Tensor`` each.

Wherever PyTorch has the layer, PyTorch computes it; here stands only what the contract calls its
parameters, and how PyTorch wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.peer.torch_functions import distance_to_kink
from tests.peer.torch_run import Run, Table, activate

# -- images ----------------------------------------------------------------------------------


def convolution(axes: int, table: Table, x: Tensor, run: Run) -> Tensor:
    groups, filters = table.get("groups", 1), table["filters"]
    kernel = pair(table["kernel"], axes)
    weight = run.parameter("K", (filters, x.shape[1] // groups, *kernel))
    bias = run.parameter("b", (filters,)) if table.get("bias", True) else None
    padding = table.get("padding", 0)
    y = (F.conv1d if axes == 1 else F.conv2d)(
        x,
        weight,
        bias,
        stride=pair(table.get("stride", 1), axes),
        padding=padding if padding == "same" else pair(padding, axes),
        dilation=pair(table.get("dilation", 1), axes),
        groups=groups,
    )
    return activate(table["activation"], y, run, {}).data if "activation" in table else y


def pair(value: int | list[int], axes: int = 2) -> tuple[int, ...]:
    """One number for every axis, or a list of them."""
    return tuple(value) if isinstance(value, list) else (value,) * axes


def maxpool2d(table: Table, x: Tensor, run: Run) -> Tensor:
    """Equal maxima are no kink: the first one takes the gradient, however near the others are."""
    kernel, stride = pool_sizes(table)
    images = x.detach().flatten(0, 1)[:, None]
    windows = F.unfold(images, kernel, stride=stride)
    if windows.shape[1] > 1:
        first, second = windows.topk(2, dim=1).values.unbind(1)
        run.kink(min((first - second)[first > second].tolist(), default=float("inf")))
    return F.max_pool2d(x, kernel, stride)


def avgpool2d(table: Table, x: Tensor, run: Run) -> Tensor:
    return F.avg_pool2d(x, *pool_sizes(table))


def pool_sizes(table: Table) -> tuple[tuple[int, int], tuple[int, int]]:
    """Kernel and stride; the stride is the kernel unless the table says otherwise."""
    (kh, kw), (sh, sw) = pair(table["kernel"]), pair(table.get("stride", table["kernel"]))
    return (kh, kw), (sh, sw)


def globalavgpool(table: Table, x: Tensor, run: Run) -> Tensor:
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


# -- sequences -------------------------------------------------------------------------------


def embedding(table: Table, x: Tensor, run: Run) -> Tensor:
    return F.embedding(x.long(), run.parameter("E", (table["vocabulary"], table["dim"])))


def positional(table: Table, x: Tensor, run: Run) -> Tensor:
    t, d = x.shape[1:]
    if table.get("kind", "sinusoidal") == "learned":
        return x + run.parameter("P", (t, d))
    even = torch.arange(0, d, 2, dtype=x.dtype)
    angles = torch.arange(t, dtype=x.dtype)[:, None] / 10000 ** (even / d)
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1)
    return x + waves.flatten(1)[:, :d]


def rnn(table: Table, x: Tensor, run: Run) -> Tensor:
    """PyTorch's own for tanh and relu; another activation step by step."""
    units, function = table["units"], table.get("activation", "tanh")
    (wx, wh), (bias,) = recurrent_weights(table, x, run, 1), biases(table, run, 1, "b")
    if function in ("tanh", "relu"):
        kernel = torch.rnn_tanh if function == "tanh" else torch.rnn_relu
        arguments = torch_recurrent((wx, wh), bias, torch.zeros_like(bias))
        h, _ = kernel(x, start(x, units), *arguments)
        before = F.pad(h[:, :-1], (0, 0, 1, 0))
        run.kink(distance_to_kink(function, x @ wx + before @ wh + bias))
        return all_or_last(table, h)
    steps = [start(x, units)[0]]
    for x_t in x.unbind(1):
        steps.append(activate(function, x_t @ wx + steps[-1] @ wh + bias, run, {}).data)
    return all_or_last(table, torch.stack(steps[1:], dim=1))


def lstm(table: Table, x: Tensor, run: Run) -> Tensor:
    weights, (bias,) = recurrent_weights(table, x, run, 4), biases(table, run, 4, "b")
    initial = start(x, table["units"])
    arguments = torch_recurrent(weights, bias, torch.zeros_like(bias))
    return all_or_last(table, torch.lstm(x, (initial, initial), *arguments)[0])


def gru(table: Table, x: Tensor, run: Run) -> Tensor:
    weights, both = recurrent_weights(table, x, run, 3), biases(table, run, 3, "bx", "bh")
    return all_or_last(
        table, torch.gru(x, start(x, table["units"]), *torch_recurrent(weights, *both))[0]
    )


def recurrent_weights(table: Table, x: Tensor, run: Run, gates: int) -> tuple[Tensor, Tensor]:
    units = table["units"]
    return (
        run.parameter("Wx", (x.shape[-1], gates * units)),
        run.parameter("Wh", (units, gates * units)),
    )


def biases(table: Table, run: Run, gates: int, *letters: str) -> list[Tensor]:
    return [run.parameter(letter, (gates * table["units"],)) for letter in letters]


def start(x: Tensor, units: int) -> Tensor:
    """(1 layer, n, units): nothing before the first step."""
    return torch.zeros(1, len(x), units, dtype=x.dtype)


def torch_recurrent(weights: tuple[Tensor, Tensor], bx: Tensor, bh: Tensor) -> tuple[Any, ...]:
    """What ``torch.nn.LSTM`` and its kin hand on: one layer, one direction, the batch first."""
    wx, wh = weights
    one_layer, dropout, train, bidirectional, batch_first = 1, 0.0, True, False, True
    parameters = [wx.T, wh.T, bx, bh]
    return (parameters, True, one_layer, dropout, train, bidirectional, batch_first)


def all_or_last(table: Table, h: Tensor) -> Tensor:
    return h if table.get("return_sequences", True) else h[:, -1]


# -- attention -------------------------------------------------------------------------------


def attention(table: Table, x: Tensor, run: Run) -> Tensor:
    t, d = x.shape[1:]
    wq, wk, wv, wo = (run.parameter(f"W{letter}", (d, d)) for letter in "qkvo")
    bq, bk, bv, bo = (run.parameter(f"b{letter}", (d,)) for letter in "qkvo")
    steps = x.transpose(0, 1)
    y, _ = F.multi_head_attention_forward(
        *(steps, steps, steps),
        embed_dim_to_check=d,
        num_heads=table["heads"],
        in_proj_weight=torch.cat([wq.T, wk.T, wv.T]),
        in_proj_bias=torch.cat([bq, bk, bv]),
        **{"bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0},
        out_proj_weight=wo.T,
        out_proj_bias=bo,
        attn_mask=torch.ones(t, t).triu(1).bool() if table.get("causal") else None,
        need_weights=True,  # the path with a second derivative
    )
    return y.transpose(0, 1)


LAYERS: dict[str, Callable[[Table, Tensor, Run], Tensor]] = {
    "conv1d": partial(convolution, 1),
    "conv2d": partial(convolution, 2),
    "maxpool2d": maxpool2d,
    "avgpool2d": avgpool2d,
    "globalavgpool": globalavgpool,
    "embedding": embedding,
    "positional": positional,
    "rnn": rnn,
    "lstm": lstm,
    "gru": gru,
    "attention": attention,
}
