"""The data of a network as the lines of a notebook's cell."""

from __future__ import annotations

import base64
import textwrap
import zlib

import numpy as np

from symbp import data
from symbp.writers.main_part import Arrays, array_lines

WIDTH = 96


def data_lines(arrays: Arrays, few: int, note: str) -> str:
    """Python that makes ``_all_x`` and ``_all_t``, from literals or from packed bytes, and ``_x``
    and ``_t``, so many samples from all over them."""
    x, t = arrays
    targets = t if isinstance(t, dict) else {"": t}
    lines = [f"# {' '.join(note.split())}"] if note else []
    if data.is_small(x, t):
        lines += ["import numpy as np", "", *array_lines("_all_x", x)]
        made = [f"_t{k}" for k in range(len(targets))] if isinstance(t, dict) else ["_all_t"]
        for name, values in zip(made, targets.values(), strict=True):
            lines += array_lines(name, values)
    else:
        lines += ["import base64", "import io", "import zlib", "", "import numpy as np", ""]
        lines += ['_packed = """', *_packed(arrays), '"""']
        lines += ["_bytes = io.BytesIO(zlib.decompress(base64.b64decode(_packed)))"]
        lines += ["_arrays = np.load(_bytes, allow_pickle=False)"]
        lines += [f"_all_x = {_loaded('x', x)}"]
        made = [_loaded(f"t.{k}" if k else "t", v) for k, v in targets.items()]
        lines += [] if isinstance(t, dict) else [f"_all_t = {made[0]}"]
    if isinstance(t, dict):
        pairs = ", ".join(f'"{name}": {code}' for name, code in zip(t, made, strict=True))
        lines.append(f"_all_t = {{{pairs}}}")
    lines.append(f"_rows = np.linspace(0, {len(x) - 1}, {few}).round().astype(int)")
    rows = "{name: v[_rows] for name, v in _all_t.items()}"
    lines.append(f"_x, _t = _all_x[_rows], {rows if isinstance(t, dict) else '_all_t[_rows]'}")
    return "\n".join(lines)


def _packed(arrays: Arrays) -> list[str]:
    packed = zlib.compress(data.npz_bytes(*arrays), 9)
    return textwrap.wrap(base64.b64encode(packed).decode(), WIDTH)


def _loaded(name: str, array: np.ndarray) -> str:
    kind = "int" if array.dtype.kind in "iub" else "float"
    return f'_arrays["{name}"].astype({kind})'
