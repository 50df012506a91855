"""One training step of a generated module on a few samples, with every value on its way.

    run(network.program).notes[0]  # Note("forward.z1", "z1", {}, array, {...})

The module's own ``train`` takes the step; only the values that its lines make are copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from symbp.lecture.numbers_notes import NOTE, READ, noted
from symbp.network.program import Program
from symbp.proof import module
from symbp.writers.main_part import Arrays, Targets
from symbp.writers.package import package

Array = np.ndarray
SAMPLES = 4
ALL = 6  # a set of so many samples is taken whole
GIVEN = ("input", "target", "parameter", "buffer", "constant")


@dataclass(frozen=True, eq=False)
class Note:
    """A value: what equation ``id`` gave ``name`` in this round of its loops (variable -> number).

    ``id`` is empty for a value that an equation only reads, as a part or under another name.
    ``reads`` says for each name that the equation reads which note holds the value; a name that is
    not there is among the given ones.
    """

    id: str
    name: str
    at: Mapping[str, int]
    value: Array
    reads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Run:
    """A training step: what was given (inputs x (n, ...), targets, parameters), and the notes in the
    order in which the module computed them. ``params`` and ``moved`` are the parameters before and
    after it; ``x`` and ``t`` the samples as ``loss_and_grads`` takes them."""

    given: Mapping[str, Array]
    notes: tuple[Note, ...]
    params: Mapping[str, Array]
    moved: Mapping[str, Array]
    x: Array
    t: Targets
    seed: int

    def rng(self) -> np.random.Generator:
        """The random numbers of this step, in the state in which training hands them on."""
        rng = np.random.default_rng([self.seed, 0])
        rng.permutation(len(self.x))
        return rng


def run(program: Program) -> Run:
    """Take the first step of training from the module's own initial parameters.

    Raises InputError where the data of the network cannot be read or do not fit.
    """
    made = package(program)
    spec = program.graph.spec
    live = module.load(noted(made.module.source, made.module.lines), spec.name)
    recorder = _Recorder({t.name for t in program.tensors.values() if t.role in GIVEN})
    recorder.listen(live)
    params = live.init_params(spec.train.seed)
    x, t = few(made.arrays)
    kept = (*program.graph.parameters, *program.graph.buffers)
    recorder.given |= {p.name: np.asarray(params[p.key]) for p in kept}
    moved = _step(live, params, x, t, spec.train.seed)
    moves = [Note(f"update.{p.key}", p.name, {}, moved[p.key]) for p in program.graph.parameters]
    notes = (*recorder.notes, *moves)
    return Run(recorder.given, notes, params, moved, x, t, spec.train.seed)


def few(arrays: Arrays) -> Arrays:
    """The samples that a step is shown on."""
    return spread(arrays, ALL if len(arrays[0]) <= ALL else SAMPLES)


def spread(arrays: Arrays, count: int) -> Arrays:
    """At most so many samples, evenly over the whole set, which may be sorted by class."""
    size = len(arrays[0])
    return _rows(arrays, np.linspace(0, size - 1, min(size, count)).round().astype(int))


def _rows(arrays: Arrays, rows: Array) -> Arrays:
    x, t = arrays
    if isinstance(t, dict):
        return x[rows], {name: values[rows] for name, values in t.items()}
    return x[rows], t[rows]


def _step(
    live: ModuleType, params: Mapping[str, Array], x: Array, t: Targets, seed: int
) -> dict[str, Array]:
    """The parameters after one step; training shuffles the samples back into their order."""
    order = np.random.default_rng([seed, 0]).permutation(len(x))
    x, t = _rows((x, t), np.argsort(order))
    if hasattr(live, "_split"):  # nothing is held out of so few
        live.__dict__["_split"] = lambda labels, *_: (np.arange(len(labels)), np.arange(1))
    with np.errstate(all="ignore"):
        moved, _ = live.train(x, t, params=dict(params), epochs=1, batch_size=len(x))
    return dict(moved)


class _Recorder:
    """Collects the notes of one step: those of the first forward pass and of all behind it up to
    the second one, which only measures."""

    def __init__(self, given: set[str]) -> None:
        self.known = given
        self.given: dict[str, Array] = {}
        self.notes: list[Note] = []
        self.places: dict[str, list[int]] = {}  # the notes of each name
        self.reads: dict[str, int] = {}
        self.passes = 0

    def listen(self, live: ModuleType) -> None:
        """Let a module with notes report here."""
        forward = live.__dict__["_forward"]

        def counted(*arguments: object) -> object:
            self.passes += 1
            return forward(*arguments)

        hooks = {"_forward": counted, READ: self.read, NOTE: self.note}
        live.__dict__.update(hooks)

    def read(self, name: str, at: dict[str, int], value: object) -> None:
        """An equation is about to read a value: find its note, or make one."""
        wanted = isinstance(value, np.ndarray | int) and not isinstance(value, bool)
        if self.passes > 1 or not wanted:
            return
        array = np.array(value)
        given = name in self.known or isinstance(value, int)  # the size of the batch is one, too
        if given and _equal(self.given.setdefault(name, array), array):
            return
        same = [k for k in self.places.get(name, []) if _equal(self.notes[k].value, array)]
        self.reads[name] = same[-1] if same else self.add(Note("", name, at, array))

    def note(self, id: str, name: str, at: dict[str, int], value: Array) -> Array:
        if self.passes < 2:
            self.add(Note(id, name, at, np.array(value), self.reads))
            self.reads = {}
        return value

    def add(self, note: Note) -> int:
        self.places.setdefault(note.name, []).append(len(self.notes))
        self.notes.append(note)
        return len(self.notes) - 1


def _equal(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()
