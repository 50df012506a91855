"""Layers of the gallery in PyTorch: convolutions, norms, gates, features."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# -- convolution -----------------------------------------------------------------------------


def separable(x: Tensor, D: Tensor, P: Tensor, b: Tensor) -> Tensor:
    depthwise = F.conv2d(x, D[:, None], padding=1, groups=len(D))
    return F.conv2d(depthwise, P[:, :, None, None], b)


def transposed(x: Tensor, K: Tensor) -> Tensor:
    return F.conv_transpose2d(x, K, stride=2)


def wavenet(x: Tensor, Wf: Tensor, Wg: Tensor) -> Tensor:
    past = F.pad(x, (4, 0))
    f, g = (F.conv1d(past, kernel.flip(-1), dilation=2) for kernel in (Wf, Wg))
    return x + torch.tanh(f) * torch.sigmoid(g)


def local(x: Tensor, K: Tensor, b: Tensor) -> Tensor:
    windows = x.unfold(-1, K.shape[-1], 1).transpose(1, 2).flatten(2)
    return torch.stack([windows[:, p] @ K[p].flatten(1).T + b[p] for p in range(len(K))], dim=-1)


def shuffle(x: Tensor) -> Tensor:
    return F.pixel_shuffle(x, 2)


def patches(x: Tensor, E: Tensor, b: Tensor) -> Tensor:
    return F.conv2d(x, E.permute(3, 0, 1, 2), b, stride=2).flatten(2).transpose(1, 2)


GRAPH = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 0, 1]], dtype=torch.float64)


def kipf(x: Tensor, W: Tensor) -> Tensor:
    root = torch.diag(GRAPH.sum(1) ** -0.5)
    return torch.relu(root @ GRAPH @ root @ x @ W)


# -- normalisation and activation ------------------------------------------------------------


def group_norm(x: Tensor, s: Tensor, b: Tensor) -> Tensor:
    return F.group_norm(x, 2, s, b)


def weight_norm(x: Tensor, V: Tensor, g: Tensor, b: Tensor) -> Tensor:
    return x @ torch._weight_norm(V, g[None], 1) + b


def response_norm(x: Tensor) -> Tensor:
    return F.local_response_norm(x, 5, alpha=5 * 1e-4, beta=0.75, k=2.0)  # divides alpha by 5


def prelu(x: Tensor, a: Tensor) -> Tensor:
    return F.prelu(x, a)


def squash(x: Tensor) -> Tensor:
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return length**2 / (1 + length**2) * F.normalize(x, dim=-1)


def straight_through(x: Tensor) -> Tensor:
    return x + (torch.sign(x) - x).detach()


# -- gates and mixtures ----------------------------------------------------------------------


def squeeze(x: Tensor, U: Tensor, V: Tensor) -> Tensor:
    gate = torch.sigmoid(F.relu(F.adaptive_avg_pool2d(x, 1).flatten(1) @ U) @ V)
    return x * gate[:, :, None, None]


def highway(x: Tensor, T: Tensor, c: Tensor, H: Tensor, b: Tensor) -> Tensor:
    return torch.lerp(x, torch.tanh(x @ H + b), torch.sigmoid(x @ T + c))


def glu(x: Tensor, W: Tensor, b: Tensor, V: Tensor, c: Tensor) -> Tensor:
    return F.glu(x @ torch.cat([W, V], 1) + torch.cat([b, c]))


def swiglu(x: Tensor, W: Tensor, V: Tensor, U: Tensor) -> Tensor:
    return (F.silu(x @ W) * (x @ V)) @ U


def maxout(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return (x @ W.flatten(1) + b.flatten()).unflatten(1, b.shape).amax(2)


def film(x: Tensor, z: Tensor, G: Tensor, B: Tensor) -> Tensor:
    return (z @ G)[:, :, None] * x + (z @ B)[:, :, None]


def experts(x: Tensor, G: Tensor, W: Tensor, b: Tensor) -> Tensor:
    answers = [torch.tanh(x @ weights + bias) for weights, bias in zip(W, b, strict=True)]
    weights = torch.softmax(x @ G, 1)
    return sum((weights[:, [k]] * answer for k, answer in enumerate(answers)), torch.zeros(()))


# -- features and scores ---------------------------------------------------------------------


def radial(x: Tensor, c: Tensor, g: Tensor) -> Tensor:
    return torch.exp(-g * torch.linalg.vector_norm(x[:, None] - c, dim=2) ** 2)


def fourier(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return math.sqrt(2 / len(b)) * torch.cos(x @ W + b)


def kan(x: Tensor, W: Tensor) -> Tensor:
    bumps = torch.exp(-((x[..., None] - torch.linspace(-2, 2, W.shape[1]).double()) ** 2))
    return bumps.flatten(1) @ W.flatten(0, 1)


def factorisation(x: Tensor, V: Tensor, W: Tensor, b: Tensor) -> Tensor:
    first, second = torch.triu_indices(len(V), len(V), 1)
    pairs = x[:, first] * x[:, second] @ (V[first] * V[second]).sum(1)
    return b + x @ W + pairs[:, None]


def cosine(x: Tensor, W: Tensor, s: Tensor) -> Tensor:
    return s * F.cosine_similarity(x[:, :, None], W, dim=1)


LAYERS: dict[str, Callable[..., Tensor]] = {
    "Depthwise-separable convolution": separable,
    "Transposed convolution": transposed,
    "Dilated causal convolution": wavenet,
    "Locally connected layer": local,
    "Pixel shuffle": shuffle,
    "Patch embedding": patches,
    "Graph convolution": kipf,
    "Group normalisation": group_norm,
    "Weight normalisation": weight_norm,
    "Local response normalisation": response_norm,
    "PReLU per channel": prelu,
    "Capsule squash": squash,
    "Straight-through binary unit": straight_through,
    "Squeeze and excite": squeeze,
    "Highway layer": highway,
    "Gated linear unit": glu,
    "SwiGLU": swiglu,
    "Maxout": maxout,
    "Feature-wise modulation": film,
    "Soft mixture of experts": experts,
    "Radial basis functions": radial,
    "Random Fourier features": fourier,
    "Kolmogorov-Arnold layer": kan,
    "Factorisation machine": factorisation,
    "Cosine classifier": cosine,
}
