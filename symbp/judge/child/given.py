"""A point as the child gets it, and what it finds there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symbp.judge.child.watch import Array


@dataclass(frozen=True)
class Given:
    """``t`` is an array (n, ...), or a dict of them by target."""

    params: Mapping[str, Array]
    x: Array
    t: Array | Mapping[str, Array]

    def copies(self) -> tuple[dict[str, Array], Array, Any]:
        """The same, free to be changed."""
        t = self.t
        own = t.copy() if isinstance(t, np.ndarray) else {k: v.copy() for k, v in t.items()}
        return {k: v.copy() for k, v in self.params.items()}, self.x.copy(), own


@dataclass
class Found:
    """``gradients`` and ``others`` by the answer's own names; ``problems`` as (kind, text, line);
    ``failed`` is an exception's message and line."""

    gradients: dict[str, Array] = field(default_factory=dict)
    others: dict[str, Array] = field(default_factory=dict)
    problems: dict[str, tuple[str, str, int | None]] = field(default_factory=dict)
    failed: tuple[str, int | None] | None = None


def as_integers(t: Array | Mapping[str, Array]) -> Array | None:
    """One-hot rows as the places of their ones, a column of whole numbers as these; else None."""
    if not isinstance(t, np.ndarray) or not np.array_equal(t, np.round(t)):
        return None
    if t.ndim > 1 and t.shape[-1] > 1:
        return t.argmax(axis=-1) if np.all(t.sum(axis=-1) == 1) else None
    return t.reshape(len(t)).astype(np.int64)
