"""Names in generated code: the user's where possible, unique always."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

# Words that generated functions use themselves; a tensor of that name gets an underscore behind.
USED = frozenset((
    "np", "math", "json", "sys", "params", "cache", "grads", "rng", "training", "n", "loss",
    "forward", "predict", "train", "init_params", "loss_and_grads", "check_gradients",
    "save_params", "load_params", "Trainer", "BUFFERS", "DTYPE", "sigmoid", "softplus", "relu",
    "leaky_relu", "elu", "selu", "hardtanh", "erf", "first_max", "stop_gradient", "HOLD", "ERF",
))  # fmt: skip


class Identifiers:
    """Hands out names that are free, and the adjoint's name with each: ``h`` comes with ``dh``."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.promised: set[str] = set()

    def promise(self, names: Iterable[str]) -> None:
        """Names of the user, which no default name may take from him."""
        self.promised |= set(names)

    def take(self, wish: str) -> str:
        """``wish``, or the nearest free name; a dot in it marks a name that is never printed."""
        name = wish
        if name in self.promised and name not in self.taken:
            self.promised.discard(name)
        while self._clashes(name):
            name += "_"
        self.taken |= {name, f"d{name}"}
        return name

    def take_letter(self) -> str:
        """A letter that counts the copies of a repeat."""
        name = next(
            c for c in ("l", "r", "s", "l1", "l2", "l3", "l4", "l5") if not self._clashes(c)
        )
        self.taken.add(name)
        return name

    def _clashes(self, name: str) -> bool:
        return (
            name in self.taken
            or f"d{name}" in self.taken
            or name in self.promised
            or name in USED
            or keyword.iskeyword(name)
            or hasattr(builtins, name)
        )
