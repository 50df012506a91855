"""The arrays that stand before the loop of a recurrence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbp.arrays.scan import History
from symbp.calculus.equation import ADJOINT
from symbp.network.items import Scan
from symbp.printers.dialect import PLAIN
from symbp.writers.lines import Line
from symbp.writers.storage import N, Storage


def shape_text(shape: Sequence[int | None], batch: str) -> str:
    """A shape as Python source; ``batch`` is the batch size."""
    lengths = [batch if size is None else str(size) for size in shape]
    return f"({', '.join(lengths)}{',' * (len(lengths) == 1)})"


class Start:
    """Histories with their edge, whole arrays, and what is carried from step to step."""

    def __init__(
        self,
        scan: Scan,
        storage: Storage,
        free_name: Callable[[str], str],
        dtype: Callable[[tuple[str, ...]], str],
    ) -> None:
        self.scan = scan
        self.storage = storage
        self.free_name = free_name
        self.reads = tuple(dict.fromkeys(r for s in scan.body for r in s.reads))
        self.made = {s.defines for s in scan.body}
        views = {self.tensor(v) for h in scan.scan.stored.histories for v, _ in h.views}
        self.reads = tuple(r for r in self.reads if r not in self.made | views)
        self.dtype = dtype
        self.batch = "len(x)" if scan.body[0].part == "forward" else N

    def lines(self) -> list[Line]:
        stored = self.scan.scan.stored
        made = [
            line for h in stored.histories if h.base in self.scan.made for line in self.history(h)
        ]
        for name in stored.whole:
            if name in self.scan.made and self.tensor(name) in self.made:
                written = self.storage.name(self.tensor(name)).unicode()
                zeros = f"{self.code(name)} = np.zeros({self.array(name)})"
                made.append(Line(zeros, f"{written}, filled step by step"))
        for name, base, axis in stored.carried:
            shape = list(self.shape(base))
            del shape[axis]
            zeros = f"np.zeros({shape_text(shape, self.batch)}, dtype={self.type()})"
            made.append(Line(f"{self.code(name)} = {zeros}", self.edge(name)))
        return made

    def edge(self, name: str) -> str:
        """What stands beyond the last step."""
        written = self.storage.name(self.tensor(name)).unicode()
        return f"{written} = 0 before the first step back"

    # -- histories ------------------------------------------------------------------------------

    def history(self, history: History) -> list[Line]:
        """``h_all``, and its views ``h_prev`` and ``h``."""
        base = self.storage.variable(self.tensor(history.base))
        name = self.free_name(f"{base.partition('[')[0]}_all")
        shape = list(self.shape(history.base))
        length = shape[history.axis] or 0
        shape[history.axis] = length + history.steps
        zeros = f"np.zeros({shape_text(shape, self.batch)}, dtype={self.type()})"
        side = "behind its last" if history.ahead else "before its first"
        written = self.storage.name(self.tensor(history.base)).unicode()
        made = [Line(f"{name} = {zeros}", f"{written} with {self.zero(history)} {side} step")]
        views = [*history.views, (history.base, 0)]
        lefts = ", ".join(self.code(view) for view, _ in views)
        rights = ", ".join(self.view(name, history, lag) for _, lag in views)
        made.append(Line(f"{lefts} = {rights}"))
        for k, start in enumerate(history.starts):
            if start is not None:
                place = -history.steps + k if history.ahead else history.steps - 1 - k
                text = f"{name}[{':, ' * history.axis}{place}] = {self.code(start)}"
                made.append(Line(text, f"{self.storage.name(self.tensor(start)).unicode()}"))
        return made

    def zero(self, history: History) -> str:
        return "a start" if any(history.starts) else "zeros"

    def view(self, name: str, history: History, lag: int) -> str:
        first = lag if history.ahead else history.steps - lag
        behind = history.steps - first
        span = f"{first or ''}:{f'-{behind}' if behind else ''}"
        return f"{name}[{':, ' * history.axis}{span}]"

    # -- names ----------------------------------------------------------------------------------

    def tensor(self, local: str) -> str:
        bare = local.lstrip(ADJOINT)
        return ADJOINT * (len(local) - len(bare)) + self.scan.names.get(bare, bare)

    def code(self, local: str) -> str:
        return self.storage.code(self.tensor(local))

    def shape(self, local: str) -> tuple[int | None, ...]:
        return self.storage.program.tensors[self.tensor(local).lstrip(ADJOINT)].shape

    def array(self, local: str) -> str:
        return f"{shape_text(self.shape(local), self.batch)}, dtype={self.type()}"

    def type(self) -> str:
        """That of an adjoint from outside the loop, or of the parameters that are read in it."""
        outside = [r for r in self.reads if r.startswith(ADJOINT) and r not in self.made]
        stored = self.scan.scan.stored
        carried = {self.tensor(name) for name, *_ in stored.carried}
        outside = [r for r in outside if r not in carried]
        return f"{self.storage.variable(outside[0])}.dtype" if outside else self.dtype(self.reads)


__all__ = ["PLAIN", "Start", "shape_text"]
