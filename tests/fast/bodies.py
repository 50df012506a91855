"""Bodies of instructions made by hand, and what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from symbp.fast.instructions import Call, Instruction, Loop, arrays, calls
from symbp.fast.naming import RESERVED, Names
from symbp.fast.printing import lines
from symbp.fast.selection import Selected
from symbp.fast.strides import Array, Count, View, whole
from symbp.fast.trainer import loop_sizes
from symbp.fast.workspace import memory_lines
from symbp.proof.module import load

Body = tuple[Instruction, ...]
HEAD = """import numpy as np


def _view(array, shape, strides, offset):
    strides = [array.itemsize * stride for stride in strides]
    return np.ndarray(shape, array.dtype, array, array.itemsize * offset, strides)


def run(given, B):
    dtype = np.float64
"""


def full(name: str, *shape: int, role: str = "work") -> View:
    """All of an array."""
    return whole(Array(name, tuple(map(Count.of, shape)), role), [None] * len(shape))


def turn(view: View, variable: str = "k") -> View:
    """One row of an array, moved by a loop's variable."""
    first, *rest = view.dims
    return View(view.array, tuple(rest), moves={variable: first.stride})


def turned(view: View) -> View:
    return View(view.array, view.dims[::-1])


def ufunc(name: str, *inputs: View | str, out: View) -> Call:
    """A call that works entry by entry."""
    slots = ", ".join(f"{{{k}}}" for k in range(len(inputs)))
    return Call(f"np.{name}({slots}, out={{out}})", inputs, out, entrywise=True)


def dot(a: View, b: View, out: View) -> Call:
    return Call("np.dot({0}, {1}, {out})", (a, b), out)


def copy(source: View, out: View) -> Call:
    return Call("np.copyto({out}, {0})", (source,), out, entrywise=True)


def loop(size: int, *body: Instruction, variable: str = "k") -> Loop:
    return Loop(variable, size, False, body)


def length(body: Body) -> int:
    """The calls written."""
    return len(list(calls(body)))


def values(body: Body, batch: int = 4, shared: bool = False, **given: Any) -> dict[str, np.ndarray]:
    """What every array holds in the end; what is not given begins as NaN, ``shared`` in the places
    that arrays share."""
    known = arrays(body)
    names = Names(loop_sizes(body), {*RESERVED, *known})
    step = lines(body, names)
    made = [f"{n} = np.array(given['{n}'], float)" for n in known if n in given]
    made += [x.code for x in memory_lines(selected(body))] if shared else []
    for a in known.values():
        if a.role != "work" or not shared:
            sizes = ", ".join(map(str, a.shape))
            made += [f"{a.name} = np.full(({sizes},), np.nan)"] if a.name not in given else []
    made += [row for rows in names.code.values() for row in rows]
    made += ["    " * line.depth + line.code for line in step]
    made += [f"return dict({', '.join(f'{n}={n}' for n in known)})"]
    found: dict[str, np.ndarray] = load(HEAD + "".join(f"    {x}\n" for x in made)).run(
        given, batch
    )
    return found


def selected(body: Body) -> Selected:
    """As a network's, with no loss among its arrays."""
    return Selected(body, frozenset(), full("no_loss"), None)  # type: ignore[arg-type]
