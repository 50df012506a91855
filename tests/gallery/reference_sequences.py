"""Layers of the gallery in PyTorch: attention and recurrence."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.gallery.reference_layers import GRAPH

# -- attention -------------------------------------------------------------------------------


def positive(x: Tensor) -> Tensor:
    return F.elu(x) + 1


def linear_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = positive(q) @ positive(k).mT
    return scores / scores.sum(-1, keepdim=True) @ v


def causal_linear_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = (positive(q) @ positive(k).mT).tril()
    return scores / scores.sum(-1, keepdim=True) @ v


def heads(x: Tensor, count: int) -> Tensor:
    """(n, t, h*d) -> (n, h, t, d)"""
    return x.unflatten(2, (count, -1)).transpose(1, 2)


def grouped_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k, v = heads(q, 6), heads(k, 2), heads(v, 2)
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True).transpose(1, 2).flatten(2)


def rotary(x: Tensor) -> Tensor:
    length, width = x.shape[1:]
    speeds = 10000.0 ** (-torch.arange(0, width, 2) / width).double()
    angles = torch.outer(torch.arange(length).double(), speeds)
    pairs = torch.view_as_complex(x.unflatten(2, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(2)


def alibi(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    place = torch.arange(q.shape[1])
    distance = (place[:, None] - place).double()
    slopes = torch.tensor([2.0**-4, 2.0**-8], dtype=torch.float64)
    bias = (-slopes[:, None, None] * distance).masked_fill(distance < 0, -math.inf)
    q, k, v = (heads(tensor, 2) for tensor in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).flatten(2)


def graph_attention(x: Tensor, W: Tensor, a: Tensor, b: Tensor) -> Tensor:
    z = x @ W
    scores = F.leaky_relu((z @ a)[:, :, None] + (z @ b)[:, None], 0.2)
    return F.elu(torch.softmax(scores.masked_fill(GRAPH == 0, -math.inf), -1) @ z)


# -- recurrence ------------------------------------------------------------------------------


def state_space(x: Tensor, a: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """By its convolution: the kernel at lag l is the sum over k of C B exp(-exp(a))**l."""
    lags = torch.arange(x.shape[1])
    kernel = (C * B * torch.exp(-torch.exp(a)) ** lags[:, None, None]).sum(2).T
    past = F.pad(x.mT, (x.shape[1] - 1, 0))
    return F.conv1d(past, kernel.flip(1)[:, None], groups=len(D)).mT + D * x


def selective(x: Tensor, R: Tensor, c: Tensor, B: Tensor, C: Tensor, a: Tensor) -> Tensor:
    step = F.softplus(x @ R + c)[..., None]
    state, outputs = torch.zeros_like(step[:, 0] * a), []
    for t in range(x.shape[1]):
        drive = step[:, t] * (x[:, t] @ B)[:, None] * x[:, t, :, None]
        state = torch.exp(-step[:, t] * torch.exp(a)) * state + drive
        outputs.append((state @ (x[:, t] @ C)[..., None])[..., 0])
    return torch.stack(outputs, 1)


def minimal_gated(
    x: Tensor, Wf: Tensor, Uf: Tensor, bf: Tensor, Wh: Tensor, Uh: Tensor, bh: Tensor
) -> Tensor:
    h, outputs = torch.zeros_like(x[:, 0] @ Wf), []
    for step in x.unbind(1):
        forget = torch.sigmoid(step @ Wf + h @ Uf + bf)
        h = torch.lerp(h, torch.tanh(step @ Wh + (forget * h) @ Uh + bh), forget)
        outputs.append(h)
    return torch.stack(outputs, 1)


def peepholes(x: Tensor, W: Tensor, U: Tensor, b: Tensor, p: Tensor) -> Tensor:
    h = c = torch.zeros_like(x[:, 0] @ W[:, 0])
    for step in x.unbind(1):
        gates = step @ W.flatten(1) + h @ U.flatten(1) + b.flatten()
        enter, forget, content, leave = gates.chunk(4, 1)
        enter, forget = torch.sigmoid(enter + p[0] * c), torch.sigmoid(forget + p[1] * c)
        c = forget * c + enter * torch.tanh(content)
        h = torch.sigmoid(leave + p[2] * c) * torch.tanh(c)
    return h


def bidirectional(
    x: Tensor, Wf: Tensor, Uf: Tensor, bf: Tensor, Wr: Tensor, Ur: Tensor, br: Tensor
) -> Tensor:
    module = torch.nn.RNN(*Wf.shape, batch_first=True, bidirectional=True).double()
    suffixes = {"": (Wf, Uf, bf), "_reverse": (Wr, Ur, br)}
    weights = {}
    for suffix, (W, U, b) in suffixes.items():
        weights[f"weight_ih_l0{suffix}"], weights[f"weight_hh_l0{suffix}"] = W.T, U.T
        weights[f"bias_ih_l0{suffix}"], weights[f"bias_hh_l0{suffix}"] = b, torch.zeros_like(b)
    output: Tensor = torch.func.functional_call(module, weights, (x,))[0]
    return output


def delta_rule(q: Tensor, k: Tensor, v: Tensor, b: Tensor) -> Tensor:
    memory, outputs = torch.zeros_like(k[:, 0, :, None] * v[:, 0, None]), []
    for t in range(q.shape[1]):
        key = k[:, t, :, None]
        erase = torch.eye(key.shape[1]) - b[:, t, None, None] * key @ key.mT
        memory = erase @ memory + b[:, t, None, None] * key @ v[:, t, None]
        outputs.append((q[:, t, None] @ memory)[:, 0])
    return torch.stack(outputs, 1)


SEQUENCES: dict[str, Callable[..., Tensor]] = {
    "Linear attention": linear_attention,
    "Causal linear attention": causal_linear_attention,
    "Grouped-query attention": grouped_attention,
    "Rotary embedding": rotary,
    "ALiBi": alibi,
    "Graph attention": graph_attention,
    "Diagonal state space": state_space,
    "Selective state space": selective,
    "Minimal gated unit": minimal_gated,
    "LSTM with peepholes": peepholes,
    "Bidirectional RNN": bidirectional,
    "Delta rule": delta_rule,
}
