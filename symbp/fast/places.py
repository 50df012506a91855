"""Which array every tensor of a program is, and how its axes lie in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from symbp.calculus.equation import ADJOINT
from symbp.fast.naming import RESERVED, fresh
from symbp.fast.strides import NOTHING, Array, Count, Dim, View, whole
from symbp.network.graph import Repeat, Tensor
from symbp.network.items import Scan, scans, tensor_of
from symbp.network.program import Program
from symbp.network.vocabulary import bounds
from symbp.printers.base import BATCH
from symbp.writers.storage import Storage

Layout = Callable[
    [Tensor], Sequence[int]
]  # the axes in the order in which they lie, outermost first
GIVEN = ("input", "target")


class Unplanned(Exception):
    """Raised where a program has something that the array passes do not plan."""


class Places:
    """``view(name)``: the tensor with its axes numbered 0, 1, .., at the current step of its loops."""

    def __init__(self, storage: Storage, layout: Layout) -> None:
        self.storage = storage
        self.tensors = storage.program.tensors
        tensors = {v for t in self.tensors.values() for v in (t.name, f"d{t.name}")}
        self.words = tensors | {*RESERVED}
        self.layout = layout
        self.histories: dict[str, View] = {}
        self.dropped: dict[str, int] = {}
        self.renamed: dict[str, str] = {}
        self.views: dict[tuple[str, bool], View] = {}
        program = storage.program
        self.integers = integers(program)
        for scan in scans((*program.forward, *program.backward)):
            self.recurrence(scan)
            self.views.clear()

    def view(self, name: str, all_copies: bool = False) -> View:
        """The view of a tensor, or of an adjoint; a repeat's letter moves it where it has copies,
        unless these are axes in front of the others."""
        name = self.renamed.get(name, name)
        if name in self.histories:
            return self.histories[name]
        key = name, all_copies
        if key not in self.views:
            self.views[key] = self.new(name, all_copies)
        return self.views[key]

    def new(self, name: str, all_copies: bool) -> View:
        """As ``view``, for what is no state of a recurrence."""
        if name == BATCH:
            raise Unplanned("the batch size as a tensor")
        bare = name.lstrip(ADJOINT)
        marks = len(name) - len(bare)
        tensor = self.tensors[bare]
        if bare in self.storage.repeats:
            return self.of_repeat(bare, marks)
        end = "_held" if tensor.role in GIVEN else ""
        variable = self.named("d" * marks + tensor.name, end)
        roles = {"parameter": "gradient" if marks else "parameter", "constant": "constant"}
        if tensor.role == "buffer":
            raise Unplanned("buffers")
        role = "work" if marks and tensor.role != "parameter" else roles.get(tensor.role, "work")
        stacked = role in ("parameter", "gradient") or (not marks and bare in self.storage.saved)
        levels = tensor.levels if stacked else ()
        shape = [Count.of(s) for s in tensor.shape]
        order = list(range(len(shape))) if role in ("parameter", "gradient", "constant") else list(
            self.layout(tensor)
        )  # fmt: skip
        if name in self.dropped:
            order.remove(self.dropped[name])
        sizes = [Count.of(v.times) for v in levels] + [shape[k] for k in order]
        start = self.storage.code(bare) if role == "constant" else ""
        kind = "int" if bare in self.integers and not marks else "float"
        array = Array(variable, tuple(sizes), role, kind, start)
        labels = [f"level {v.letter}" for v in levels]
        found = whole(array, [*labels, *order])
        if all_copies and levels:
            numbers = {k: k + len(levels) for k in order} | {x: k for k, x in enumerate(labels)}
            dims = tuple(replace(d, letter=numbers[d.letter]) for d in found.dims)  # type: ignore
            return _numbered(replace(found, dims=dims))
        for v, label in zip(levels, labels, strict=True):
            found = found.fixed(label, v.letter)  # type: ignore[arg-type]
        return _numbered(found)

    def given(self, tensor: Tensor) -> View:
        """The array in which a batch is handed in, whatever the layout."""
        shape = tuple(map(Count.of, tensor.shape))
        kind = "int" if tensor.name in self.integers else "float"
        name = self.named(tensor.name, "_given")
        return _numbered(whole(Array(name, shape, "given", kind), range(len(shape))))  # type: ignore

    def named(self, name: str, end: str = "") -> str:
        """What the array of a tensor is called; with an ``end``, one that it is a part of."""
        return fresh(name + end, self.words) if end or name in RESERVED else name

    def of_repeat(self, bare: str, marks: int) -> View:
        """What copies hand on: all of it, from the first one's input to the last one's output."""
        repeat, offset = self.storage.repeats[bare]
        tensor = self.tensors[repeat.result]
        order = list(self.layout(tensor))
        shape = [Count.of(tensor.shape[k]) for k in order]
        if repeat.levels:
            raise Unplanned("repeats within repeats")
        if marks:
            name = self.named("d" * marks + repeat.result)
            return _numbered(whole(Array(name, tuple(shape)), order))
        times = Count.of(repeat.level.times + 1)
        view = whole(Array(self.named(repeat.result, "_all"), (times, *shape)), ["copy", *order])
        step = view.dim("copy").stride
        if bare == repeat.result:
            found = view.at("copy", repeat.level.times)  # type: ignore[arg-type]
        elif bare == repeat.first:
            found = view.at("copy", 0)  # type: ignore[arg-type]
        else:
            found = view.fixed("copy", repeat.level.letter)  # type: ignore[arg-type]
            found = replace(found, offset=found.offset + Count.of(offset) * step)
        return _numbered(found)

    def recurrence(self, scan: Scan) -> None:
        """The arrays of a loop over time."""
        plan = scan.scan.stored
        for local, axis in plan.inside.drop.items():
            self.dropped[tensor_of(scan.names, local)] = axis
        for old, new in plan.inside.rename.items():
            self.renamed[tensor_of(scan.names, old)] = tensor_of(scan.names, new)
        for name, base, axis in plan.carried:
            tensor = self.tensors[tensor_of(scan.names, base).lstrip(ADJOINT)]
            order = [k for k in self.layout(tensor) if k != axis]
            variable = self.named(self.storage.variable(tensor_of(scan.names, name)))
            shape = tuple(Count.of(tensor.shape[k]) for k in order)
            self.histories[tensor_of(scan.names, name)] = _numbered(
                whole(Array(variable, shape), order)
            )
        for history in plan.histories:
            if tensor_of(scan.names, history.base).startswith(ADJOINT):
                marks = 1
            else:
                marks = 0
            base = tensor_of(scan.names, history.base).lstrip(ADJOINT)
            if base in self.histories and not marks:
                continue
            tensor = self.tensors[base]
            order = list(self.layout(tensor))
            sizes = [Count.of(tensor.shape[k]) for k in order]
            place = order.index(history.axis)
            sizes[place] = sizes[place] + Count.of(history.steps)
            levels = () if marks else tensor.levels
            sizes = [*(Count.of(v.times) for v in levels), *sizes]
            labels = [f"level {v.letter}" for v in levels]
            name = self.named("d" * marks + tensor.name, "_all")
            all_ = whole(Array(name, tuple(sizes)), [*labels, *order])
            for v, label in zip(levels, labels, strict=True):
                all_ = all_.fixed(label, v.letter)  # type: ignore[arg-type]
            for name, lag in (*history.views, (history.base, 0)):
                first = lag if history.ahead else history.steps - lag
                step = all_.dim(history.axis).stride  # type: ignore[arg-type]
                dims = tuple(
                    replace(d, size=Count.of(tensor.shape[history.axis]))
                    if d.letter == history.axis else d
                    for d in all_.dims
                )  # fmt: skip
                view = View(all_.array, dims, Count.of(first) * step, all_.moves)
                self.histories[tensor_of(scan.names, name)] = _numbered(view)


def integers(program: Program) -> frozenset[str]:
    """The inputs and targets that index other tensors."""
    judged = zip(program.targets, program.heads, strict=True)
    return frozenset(
        [*program.graph.vocabulary, *(t for t, head in judged if "t" in bounds(head.text.unit))]
    )


def _numbered(view: View) -> View:
    """The dims in the order of their numbers, so that the k-th axis is the k-th dim."""
    dims = sorted(view.dims, key=lambda d: d.letter)  # type: ignore[arg-type, return-value]
    return replace(view, dims=tuple(dims))


__all__ = ["NOTHING", "Dim", "Layout", "Places", "Repeat", "Unplanned"]
