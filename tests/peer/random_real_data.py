"""Samples for networks of images, sequences and attention: tokens, whole numbers where maxima tie."""

from __future__ import annotations

import numpy as np

from tests.peer.random_data import Sample, Table, is_well_posed, sample

STRONGER = 3.0  # than other parameters, so that attention and look-ups matter
LETTERS = ("E", "P", "Wq", "Wk", "Wv", "Wo")


def real_sample(tables: Table, seed: int) -> Sample:
    """Parameters, a batch of 3 to 6 samples, and targets."""
    params, x, t = sample(tables, seed)
    rng = np.random.default_rng(seed)
    params = {
        k: STRONGER * v if k.rstrip("0123456789") in LETTERS else v for k, v in params.items()
    }
    first = tables["layer"][0]
    if first["type"] == "embedding":
        x = rng.integers(first["vocabulary"], size=x.shape)
    if is_tied(tables):
        x = np.round(2 * x)
        params = {k: np.round(2 * v) if k[0] in "Kb" else v for k, v in params.items()}
    return params, x, t


def is_tied(tables: Table) -> bool:
    """Whether maxima are meant to be equal; every sum before them is a whole number, hence exact."""
    return tables["name"] == "ties"


def good_real_sample(tables: Table, seed: int) -> Sample | None:
    """The first well-posed sample of 30, as far as one is wanted; None where there is none."""
    for attempt in range(30):
        drawn = real_sample(tables, seed + 1000 * attempt)
        if is_tied(tables) or is_well_posed(tables, *drawn):
            return drawn
    return None
