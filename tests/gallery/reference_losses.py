"""Losses of the gallery in PyTorch: one number for a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# -- losses for classes ----------------------------------------------------------------------


def smoothed(y: Tensor, t: Tensor) -> Tensor:
    return F.cross_entropy(torch.log(y), t.argmax(1), label_smoothing=0.1)


def focal(y: Tensor, t: Tensor) -> Tensor:
    right = torch.where(t == 1, y, 1 - y)
    alpha = torch.where(t == 1, 0.25, 0.75)
    return (-alpha * (1 - right) ** 2 * torch.log(right)).sum(1).mean()


def class_score(y: Tensor, t: Tensor) -> Tensor:
    return F.cross_entropy(y, t)


def multi_class_hinge(y: Tensor, t: Tensor) -> Tensor:
    return F.multi_margin_loss(y, t)


def arcface(y: Tensor, t: Tensor) -> Tensor:
    angle = torch.acos(y)
    return F.cross_entropy(30 * torch.cos(torch.where(t == 1, angle + 0.5, angle)), t.argmax(1))


def distillation(y: Tensor, t: Tensor) -> Tensor:
    return 16 * F.cross_entropy(y / 4, torch.softmax(t / 4, 1))


def dice(y: Tensor, t: Tensor) -> Tensor:
    y, t = y.flatten(1), t.flatten(1)
    return (1 - 2 * torch.linalg.vecdot(y, t) / (y.square() + t.square()).sum(1)).mean()


def tversky(y: Tensor, t: Tensor) -> Tensor:
    right, wrong, missed = (y * t).sum(1), (y * (1 - t)).sum(1), ((1 - y) * t).sum(1)
    return (1 - right / (right + 0.3 * wrong + 0.7 * missed)).mean()


# -- losses for numbers ----------------------------------------------------------------------


def quantile(y: Tensor, t: Tensor) -> Tensor:
    error = t - y
    return torch.where(error > 0, 0.9 * error, -0.1 * error).sum(1).mean()


def normal(y: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return F.gaussian_nll_loss(y, t, torch.exp(v), eps=0, reduction="none").sum(1).mean()


def mixture(y: Tensor, t: Tensor, w: Tensor, v: Tensor) -> Tensor:
    bump = torch.distributions.Normal(y.mT, torch.exp(v / 2)[..., None])
    weights = torch.distributions.Categorical(logits=w)
    whole = torch.distributions.Independent(bump, 1)
    return -torch.distributions.MixtureSameFamily(weights, whole).log_prob(t).mean()


def autoencoder(y: Tensor, t: Tensor, u: Tensor, v: Tensor) -> Tensor:
    code = torch.distributions.Normal(u, torch.exp(v / 2))
    prior = torch.distributions.Normal(torch.zeros_like(u), torch.ones_like(v))
    divergence = torch.distributions.kl_divergence(code, prior).sum(1)
    return (F.mse_loss(y, t, reduction="none").sum(1) / 2 + divergence).mean()


def hazards(y: Tensor, t: Tensor) -> Tensor:
    score, time, died = y[:, 0], t[:, 0].abs(), t[:, 0] > 0
    losses = [
        torch.logsumexp(score[time >= at], 0) - own for at, own in zip(time, score, strict=True)
    ]
    return torch.stack(losses)[died].sum() / len(y)


# -- losses over pairs and batches -----------------------------------------------------------


def triplet(y: Tensor, t: Tensor, p: Tensor, q: Tensor) -> Tensor:
    square = lambda a, b: F.mse_loss(a, b, reduction="none").sum(1)  # noqa: E731
    return F.triplet_margin_with_distance_loss(y, p, q, distance_function=square, margin=0.2)


def batch_hard(y: Tensor, t: Tensor) -> Tensor:
    distances = (y[:, None] - y).square().sum(2)
    rows = [
        row[t == own].max() - row[t != own].min() for row, own in zip(distances, t, strict=True)
    ]
    return F.softplus(torch.stack(rows)).mean()


def info_nce(y: Tensor, t: Tensor, v: Tensor) -> Tensor:
    return F.cross_entropy(F.normalize(y) @ F.normalize(v).T / 0.1, torch.arange(len(y)))


def barlow(y: Tensor, t: Tensor, v: Tensor) -> Tensor:
    both = torch.corrcoef(torch.cat([y, v], 1).T)
    across = both[: y.shape[1], y.shape[1] :]
    wanted = torch.eye(len(across), dtype=y.dtype)
    return ((0.005 + 0.995 * wanted) * (across - wanted) ** 2).sum()


LOSSES: dict[str, Callable[..., Tensor]] = {
    "Label smoothing": smoothed,
    "Focal loss": focal,
    "Class score by its number": class_score,
    "Multi-class hinge": multi_class_hinge,
    "ArcFace": arcface,
    "Distillation": distillation,
    "Dice loss": dice,
    "Tversky loss": tversky,
    "Quantile loss": quantile,
    "Mean and variance": normal,
    "Mixture density": mixture,
    "Variational autoencoder": autoencoder,
    "Proportional hazards": hazards,
    "Triplet loss": triplet,
    "Batch-hard triplets": batch_hard,
    "InfoNCE": info_nce,
    "Barlow twins": barlow,
}
