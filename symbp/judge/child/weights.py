"""Where an instance of somebody's class keeps the parameters of the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbp.judge.child.loading import NAME
from symbp.judge.child.watch import Array, number

DEPTH = 4  # of lists and objects in each other
MOST = 200  # entries of one
GRADIENT = re.compile(r"(d|grad|grads|delta|g|v|m|s|vel|velocity|mom|momentum|prev|old|cache)_?")
OWN = re.compile(r"(w|b|weights?|bias(es)?|theta|kernels?)[_\d]*$", re.IGNORECASE)
BIAS = re.compile(r"(^|_|\.)b(ias(es)?)?(_?\w{0,3})?$|bias", re.IGNORECASE)


@dataclass(frozen=True)
class Leaf:
    """A number or an array somewhere in an instance: ``label`` is how Python would write it."""

    label: str
    get: Callable[[], Any]
    put: Callable[[Any], None]

    @property
    def value(self) -> Array:
        found = number(self.get())
        return np.zeros(0) if found is None else found


def leaves(thing: Any, label: str = "", depth: int = 0, home: str = "") -> Iterator[Leaf]:
    """Everything numeric that an object holds, in the order in which it was put there; objects in it
    are looked into where their classes are of the same module."""
    if depth > DEPTH:
        return
    home = home or (type(thing).__module__ if hasattr(thing, "__dict__") else NAME)
    get: Callable[[Any], Any]
    put: Callable[[Any, Any], None] | None
    if isinstance(thing, dict):
        get, put = thing.__getitem__, thing.__setitem__
        keys = [(f"{label}[{k}]", k) for k in thing]
    elif isinstance(thing, list) and _is_array(thing):
        return
    elif isinstance(thing, (list, tuple)):
        get, put = thing.__getitem__, thing.__setitem__ if isinstance(thing, list) else None
        keys = [(f"{label}[{k}]", k) for k in range(len(thing))]
    elif type(thing).__module__ == home and hasattr(thing, "__dict__"):
        get, put = thing.__getattribute__, thing.__setattr__
        keys = [(f"{label}.{k}" if label else k, k) for k in vars(thing)]
    else:
        return
    for name, key in keys[:MOST]:
        value = get(key)
        if number(value) is not None and (not isinstance(value, (list, tuple)) or _is_array(value)):
            yield Leaf(name, _getter(get, key), _putter(get, put, key))
        else:
            yield from leaves(value, name, depth + 1, home)


def _is_array(value: Any) -> bool:
    """Whether a list holds numbers, or lists of them, as in code without NumPy."""
    if not isinstance(value, list) or not value:
        return False
    first = value[0]
    return isinstance(first, float) or _is_array(first)


def _getter(get: Callable[[Any], Any], key: Any) -> Callable[[], Any]:
    return lambda: get(key)


def _putter(
    get: Callable[[Any], Any], put: Callable[[Any, Any], None] | None, key: Any
) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        old = get(key)
        if isinstance(old, np.ndarray) and old.dtype == np.float64 and old.shape == value.shape:
            old[...] = value  # other names of the same array follow
        elif isinstance(old, list):
            old[:] = value.tolist()
        elif put is not None:
            put(key, value if np.ndim(value) else float(value))

    return change


@dataclass(frozen=True)
class Slot:
    """A parameter of the network in an instance; ``turned`` matrices are kept transposed."""

    leaf: Leaf
    shape: tuple[int, ...]
    turned: bool = False

    def set(self, value: Array) -> None:
        own = self.leaf.value.shape
        self.leaf.put(np.array(value.T if self.turned else value, dtype=float).reshape(own))

    def read(self) -> Array:
        """The value in the network's shape; raises ValueError where the class changed its size."""
        value = self.leaf.value
        return (value.T if self.turned else value).reshape(self.shape).copy()


def slots(instance: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Slot]:
    """Parameter -> where it is kept; parameters that are nowhere are absent."""
    found = [leaf for leaf in leaves(instance) if not _is_gradient(leaf.label)]
    straight, turned = (_matched(found, shapes, t) for t in (False, True))
    return turned if len(turned) > len(straight) else straight


def _matched(
    found: list[Leaf], shapes: Mapping[str, tuple[int, ...]], turned: bool
) -> dict[str, Slot]:
    """First by name, then in order; matrices before vectors, as both may be (u, 1)."""
    made: dict[str, Slot] = {}
    free = list(found)
    for by_name in (True, False):
        for matrices in (True, False):
            for name, shape in shapes.items():
                if name in made or (len(shape) > 1) != matrices:
                    continue
                leaf = next((f for f in free if _suits(f, name, shape, turned, by_name)), None)
                if leaf is not None:
                    made[name] = Slot(leaf, shape, turned and len(shape) == 2)
                    free.remove(leaf)
    return made


def _suits(leaf: Leaf, name: str, shape: tuple[int, ...], turned: bool, by_name: bool) -> bool:
    own = leaf.value.shape
    if by_name and plain(leaf.label) != plain(name):
        return False
    bias = bool(BIAS.search(_word(leaf.label)))
    if len(shape) == 2:
        return own == (shape[::-1] if turned else shape) and (by_name or not bias)
    if len(shape) == 1:
        size = shape[0]
        rows = {(size,), (1, size), (size, 1), *([()] if size == 1 else [])}
        return own in rows and (by_name or bias)
    return by_name and own == shape


def _word(label: str) -> str:
    """The name in a label: W1 of ``params[W1]``, b of ``layers[0].b`` and of ``b[0]``."""
    words = re.split(r"[.\[]", label.replace("]", ""))
    return next((w for w in reversed(words) if not w.isdigit()), "")


def plain(label: str) -> str:
    """``W_1``, ``weights1``, ``params[W1]`` and ``self.w1`` are w1."""
    word = re.sub(r"^weights?", "w", _word(label).lower().replace("_", ""))
    return re.sub(r"^bias(es)?", "b", word)


def _is_gradient(label: str) -> bool:
    """``dW1``, ``grad_w1``, ``grads[W1]``: a gradient or an optimizer's state."""
    for word in re.split(r"[.\[\]]+", label):
        front = GRADIENT.match(word)
        if front and (OWN.match(word[front.end() :]) or word in ("grads", "gradients")):
            return True
    return False
