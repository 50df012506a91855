"""The user's own data: ``.npz`` with ``x`` and ``t``, or ``.csv`` with named columns."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symbp.data.dataset import Dataset, Target
from symbp.errors import InputError


def from_file(path: str | Path, target: Sequence[str] = ()) -> Dataset:
    """The data in a file, ``target`` naming the columns to learn of a ``.csv``.

    An ``.npz`` holds ``x`` and ``t``, or for several outputs ``x`` and one ``t.NAME`` for each
    target. A column of text is a class: its words become 0, 1, ... in alphabetical order.
    Raises InputError, with the line where there is one.
    """
    path = Path(path)
    try:
        if path.suffix == ".npz":
            return _from_npz(path)
        if path.suffix == ".csv":
            return _from_csv(path, target)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"{reason}; expected a file of data", str(path)) from None
    raise InputError("is no data file; expected .npz or .csv", str(path))


def _from_npz(path: Path) -> Dataset:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (ValueError, EOFError, zipfile.BadZipFile):
        message = "is no .npz of plain arrays; expected what numpy.savez(path, x=x, t=t) writes"
        raise InputError(message, str(path)) from None
    except AttributeError:  # a lone .npy array has no names
        raise InputError("holds one array; expected x and t", str(path)) from None
    targets: Target | None = arrays.get("t")
    if targets is None:
        targets = {name[2:]: arrays[name] for name in sorted(arrays) if name.startswith("t.")}
    if "x" not in arrays or not len(targets):
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(f"holds {found}; expected arrays x and t", str(path))
    for name, array in sorted(arrays.items()):
        if array.dtype.kind not in "biuf":
            raise InputError(f"{name} holds {array.dtype}; expected numbers", str(path))
        if array.ndim == 0 or len(array) != len(arrays["x"]):
            count = "no rows" if array.ndim == 0 else f"{len(array)} rows"
            rows = f"as many as x, {len(arrays['x'])}" if arrays["x"].ndim else "samples"
            raise InputError(f"{name} has {count}; expected {rows}", str(path))
    return Dataset(path.stem, arrays["x"], targets, file=str(path))


def _from_csv(path: Path, target: Sequence[str]) -> Dataset:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error):
        raise InputError("is no text of columns; expected UTF-8 .csv", str(path)) from None
    if len(rows) < 2:
        raise InputError("has no samples; expected a line of names and lines of data", str(path))
    names = [name.strip() for name in rows[0][1]]
    for name in target:
        if names.count(name) != 1:
            raise InputError(
                f"no one column {name!r}; known here: {', '.join(names)}", str(path), 1
            )
    if not target or len(target) == len(names):
        raise InputError("needs columns to learn and others to learn from", str(path), 1)
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise InputError(f"{len(row)} cells; expected {len(names)}", str(path), line)
    columns = {name: [(line, row[i]) for line, row in rows[1:]] for i, name in enumerate(names)}
    x = [_numbers(columns[name], name, path) for name in names if name not in target]
    t = [_labels_or_numbers(columns[name], name, path) for name in target]
    stacked = np.stack(t, axis=1)
    return Dataset(path.stem, np.stack(x, axis=1), stacked[:, 0] if len(t) == 1 else stacked,
                   file=str(path))  # fmt: skip


def _numbers(cells: list[tuple[int, str]], name: str, path: Path) -> np.ndarray:
    """The numbers of a column; integers where all are."""
    values = []
    for line, cell in cells:
        try:
            values.append(float(cell))
        except ValueError:
            message = f"{name} is {cell!r}; expected a number"
            raise InputError(message, str(path), line) from None
    array = np.array(values)
    whole = all(cell.strip().lstrip("+-").isdigit() for _, cell in cells)
    return array.astype(np.int64) if whole and np.abs(array).max() < 2**53 else array


def _labels_or_numbers(cells: list[tuple[int, str]], name: str, path: Path) -> np.ndarray:
    words = [cell.strip() for _, cell in cells]
    if any(_is_number(word) for word in words):
        return _numbers(cells, name, path)
    order = {word: number for number, word in enumerate(sorted(set(words)))}
    return np.array([order[word] for word in words])


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
