"""Where fitted data go: into the module, or into a ``.npz`` beside it."""

from __future__ import annotations

import io

import numpy as np

from symbp.data.dataset import Target

LIMIT = 4096  # bytes; smaller sets are written into the module


def _arrays(x: np.ndarray, t: Target) -> dict[str, np.ndarray]:
    targets = {f"t.{name}": t[name] for name in t} if isinstance(t, dict) else {"t": t}
    return {"x": x, **targets}


def is_small(x: np.ndarray, t: Target) -> bool:
    """True for a set below 4 kB."""
    return sum(array.nbytes for array in _arrays(x, t).values()) < LIMIT


def npz_bytes(x: np.ndarray, t: Target, note: str = "") -> bytes:
    """The ``.npz`` for beside the module: ``x``, ``t`` (or ``t.NAME``), and the note as text.

    The same bytes for the same data. Numbers are kept in the smallest type that holds them exactly.
    """
    file = io.BytesIO()
    arrays = {name: _compact(array) for name, array in _arrays(x, t).items()}
    np.savez(file, note=np.array(note), **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _compact(array: np.ndarray) -> np.ndarray:
    kinds = ("float16", "float32") if array.dtype.kind == "f" else ("uint8", "int16", "int32")
    for kind in kinds:
        with np.errstate(over="ignore"):
            small = array.astype(kind)
        if np.array_equal(small, array):
            return small
    return array
