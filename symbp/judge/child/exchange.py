"""What parent and child hand each other: arrays and a table of plain values, in one .npz, no pickle."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
LARGEST = 32_000_000  # bytes of all arrays together
TABLE = "table"


def save(path: Path, table: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write both; the table holds what JSON can hold."""
    text = np.frombuffer(json.dumps(table).encode(), dtype=np.uint8)
    np.savez(path, **{TABLE: text}, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read both. Raises ValueError for anything that ``save`` did not write, or that is too large."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise ValueError("too large")
            for member in archive.infolist():
                _check_header(archive, member)
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
        table = json.loads(arrays.pop(TABLE).tobytes())
    except (OSError, KeyError, EOFError, zipfile.BadZipFile, RecursionError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(table, dict):
        raise ValueError("no table")
    return table, arrays


def _check_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """An array takes as many bytes as its header says."""
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize > member.file_size:
            raise ValueError("another size")
