"""A data set fitted to a network's input and output: shapes, one-hot rows, 0/1 columns."""

from __future__ import annotations

import math

import numpy as np

from symbp.data.dataset import Dataset
from symbp.errors import InputError

Shape = tuple[int, ...]


def fit_to(
    data: Dataset,
    *,
    input_shape: Shape,
    output_shape: Shape,
    vocabulary: int | None = None,
    integer_targets: bool = False,
    signs: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """(x, t) for a network of one output; see ``fit_input`` and ``fit_target``."""
    x = fit_input(data, input_shape, vocabulary)
    t = fit_target(data, output_shape, integer_targets=integer_targets, signs=signs)
    return x, t


def fit_input(data: Dataset, shape: Shape, vocabulary: int | None = None) -> np.ndarray:
    """The inputs as (n, *shape): integers below ``vocabulary`` where there is one, else floats.

    Samples of the same size are reshaped row-major; tokens become one-hot rows where the shape has
    an axis for them. Raises InputError for another size, NaN, infinity, or a token out of range.
    """
    x = data.x
    _check_finite(data, "x", x)
    if vocabulary is None and data.vocabulary and shape == (*x.shape[1:], data.vocabulary):
        return np.eye(data.vocabulary)[x]
    if x[0].size != math.prod(shape):
        raise _error(
            data, f"has inputs of shape {_show(x.shape[1:])}", f"the input is {_show(shape)}"
        )
    x = x.reshape(len(x), *shape)
    if vocabulary is None:
        return x.astype(np.float64)
    if not np.array_equal(x, np.round(x)) or x.min() < 0 or x.max() >= vocabulary:
        low, high = x.min(), x.max()
        tokens = f"integers from 0 to {vocabulary - 1}"
        raise _error(data, f"has inputs from {low:g} to {high:g}", f"the network reads {tokens}")
    return x.astype(np.int64)


def fit_target(
    data: Dataset,
    shape: Shape,
    *,
    name: str | None = None,
    integer_targets: bool = False,
    signs: bool = False,
) -> np.ndarray:
    """The targets of an output (n, *shape), of target ``name`` where there are several.

    Class labels become one-hot rows over the last axis, or for one unit a column of 0 and 1 (-1
    and 1 with ``signs``); with ``integer_targets`` they stay integers and ``shape[-1]`` is the
    number of classes. Labels of sequences serve an output without a time axis by their last.
    Raises InputError where neither shape nor number of classes fits.
    """
    t = _named(data, name)
    _check_finite(data, name or "t", t)
    labels = t.dtype.kind in "bui"
    if labels and data.classes and t.ndim == 2 and len(shape) < 2:
        t = t[:, -1]
    count = shape[-1] if shape else 1
    if labels and count > 1 and t.ndim == len(shape) + 1 and t.shape[-1] == 1:
        t = t[..., 0]
    if labels and t.shape[1:] == shape[:-1] and (count > 1 or integer_targets):
        return _of_classes(data, t, count, shape, integer_targets)
    if integer_targets:
        raise _error(
            data, f"has targets {_type(t)}", f"the loss takes integers {_show(shape[:-1])}"
        )
    two = not labels or data.classes in (None, 2)
    if t[0].size != math.prod(shape) or not two:
        found = f"targets of shape {_show(t.shape[1:])}" if two else f"{data.classes} classes"
        raise _error(data, f"has {found}", f"the output is {_show(shape)}")
    t = t.reshape(len(t), *shape).astype(np.float64)
    return 2 * t - 1 if signs and set(np.unique(t)) <= {0.0, 1.0} else t


def _of_classes(
    data: Dataset, t: np.ndarray, count: int, shape: Shape, integer_targets: bool
) -> np.ndarray:
    t = t.astype(np.int64)
    known = data.classes or max(int(t.max()) + 1, 1)
    if t.min() < 0 or known > count or (data.classes and known != count):
        found = f"{known} classes" if t.min() >= 0 else f"the class {t.min()}"
        raise _error(data, f"has {found}", f"the output {_show(shape)} has {count}, from 0 on")
    return t if integer_targets else np.eye(count)[t]


def _named(data: Dataset, name: str | None) -> np.ndarray:
    if not isinstance(data.t, dict):
        if name is not None:
            raise _error(data, "has one target", f"there are several outputs; store it as t.{name}")
        return data.t
    if name is None:
        name = next(iter(data.t)) if len(data.t) == 1 else ""
    if name not in data.t:
        raise _error(data, f"has targets {', '.join(data.t)}", f"the network learns {name or 't'}")
    return data.t[name]


def _check_finite(data: Dataset, name: str, values: np.ndarray) -> None:
    if not len(values):
        raise InputError(f"{name} of {data.name} is empty; expected samples", data.file)
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        message = f"{name} of {data.name} holds NaN or infinity in sample {row}; expected numbers"
        raise InputError(message, data.file)


def _error(data: Dataset, found: str, wanted: str) -> InputError:
    return InputError(f"{data.name} {found}, but {wanted}", data.file)


def _show(shape: Shape) -> str:
    """As network files write it: ``[8, 4]``."""
    return repr(list(shape))


def _type(t: np.ndarray) -> str:
    kind = "of integers" if t.dtype.kind in "bui" else "of real numbers"
    return f"{kind}, shape {_show(t.shape[1:])}"
