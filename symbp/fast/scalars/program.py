"""A program's statements as assignments to plain floats: one for each entry of each tensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product as combinations

from symbp.calculus.equation import ADJOINT
from symbp.fast.scalars.cases import by_case
from symbp.fast.scalars.entries import Place
from symbp.fast.scalars.equation import sizes, written
from symbp.fast.scalars.names import RATE, SAMPLES, Names
from symbp.fast.scalars.rate import scaled
from symbp.fast.scalars.terms import (
    AFTER,
    BEFORE,
    SAMPLE,
    ZERO,
    Number,
    Operation,
    Term,
    Unfit,
    Variable,
    is_linear,
    rebuilt,
    stage,
    total,
)
from symbp.network.graph import Tensor
from symbp.network.items import Item, Piece, Statement, Zeros
from symbp.writers.storage import Storage

N, LEARNING_RATE = Variable(SAMPLES, BEFORE), Variable(RATE, BEFORE)


@dataclass(frozen=True)
class Assigned:
    """``variable = term``, or ``variable += term`` for every sample; ``statement`` says what it is of,
    ``common`` that lines have it in common."""

    variable: Variable
    term: Term
    statement: int
    adds: bool = False
    common: bool = False


@dataclass(eq=False)
class Unrolled:
    """``given`` are the entries of inputs, targets and parameters by tensor, ``values`` those of every
    tensor, ``statements`` those that ``lines`` compute."""

    storage: Storage
    names: Names = field(default_factory=Names)
    given: dict[str, dict[Place, Variable]] = field(default_factory=dict)
    values: dict[str, dict[Place, Term]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    lines: list[Assigned] = field(default_factory=list)

    def updated(self) -> Iterator[tuple[Variable, Term]]:
        """Every entry of every parameter, and the step that it takes against its gradient."""
        for parameter in self.storage.program.graph.parameters:
            slopes = self.values.get(ADJOINT + parameter.name, {})
            for place, variable in self.given[parameter.name].items():
                yield variable, slopes.get(place, ZERO)


def unrolled(storage: Storage) -> Unrolled:
    """All statements in order; raises Unfit where they are not per sample."""
    made = Unrolled(storage)
    program = storage.program
    for tensor in program.tensors.values():
        if tensor.role == "constant":
            value = program.graph.constants[tensor.name]
            places = _places(tensor)
            made.values[tensor.name] = {p: Number(float(_at(value, p))) for p in places}
        elif tensor.role in ("input", "target", "parameter"):
            _give(made, tensor)
    for item in (*program.forward, *program.loss, *program.backward):
        _run(made, item)
    return made


def _give(made: Unrolled, tensor: Tensor) -> None:
    known = BEFORE if tensor.role == "parameter" else SAMPLE
    name = made.storage.variable(tensor.name)
    entries = {p: Variable(made.names.entry(name, p), known) for p in _places(tensor)}
    made.given[tensor.name] = entries
    made.values[tensor.name] = dict(entries)


def _places(tensor: Tensor) -> list[Place]:
    """Of all entries, for one sample."""
    if tensor.levels:
        raise Unfit("a layer is repeated")
    return list(combinations(*(range(size) for size in tensor.shape if size is not None)))


def _at(value: object, place: Place) -> float:
    for k in place:
        value = value[k]  # type: ignore[index]
    return value  # type: ignore[return-value]


# -- statements ---------------------------------------------------------------------------------


def _run(made: Unrolled, item: Item) -> None:
    if isinstance(item, Zeros):
        tensor = made.storage.program.tensors[item.like]
        made.values[item.defines] = dict.fromkeys(_places(tensor), ZERO)
        return
    if not isinstance(item, Statement) or item.mode or item.kind != "assign":
        raise Unfit("it has a loop, or behaves differently in training")
    tensor = made.storage.program.tensors[item.defines.lstrip(ADJOINT)]
    per_sample = None in tensor.shape
    number = len(made.statements)
    made.statements.append(item)
    mine: dict[Place, Term] = {}
    sums = [_entries(made, piece) for piece in item.pieces]
    for place in _places(tensor):
        term = total([s.get(place, s.get(None, ZERO)) for s in sums])
        mine[place] = _assign(made, item, number, place, by_case(term), per_sample)
    made.values[item.defines] = mine


def _assign(
    made: Unrolled, item: Statement, number: int, place: Place, term: Term, per_sample: bool
) -> Term:
    """What stands for the entry from now on: its variable, or its value where that needs no line."""
    adjoint = item.defines.startswith(ADJOINT)
    seeded = adjoint and not is_linear(term)
    if adjoint:
        term = scaled(term, LEARNING_RATE)
    if isinstance(term, Number) or (isinstance(term, Variable) and not seeded):
        return term
    wish = made.storage.variable(item.defines)
    known = stage(term)
    if per_sample and known == AFTER:
        raise Unfit("a sample's values depend on those of the whole batch")
    alone = isinstance(term, Operation) and term.op == "batch"
    variable = Variable(made.names.entry(wish, place), known, adjoint)
    term = term if alone else _summed(made, term, number, f"{variable.name}_sum")
    if isinstance(term, Operation) and term.op == "batch":
        made.lines.append(Assigned(variable, term.args[0], number, adds=True))
    else:
        made.lines.append(Assigned(variable, term, number))
    return variable


def _summed(made: Unrolled, term: Term, number: int, wish: str) -> Term:
    """The term with a variable for each sum over the batch in it."""
    if not isinstance(term, Operation):
        return term
    args = [_summed(made, a, number, wish) for a in term.args]
    if term.op != "batch":
        return rebuilt(term, args)
    for line in made.lines:
        if line.adds and line.term == args[0]:
            return line.variable
    variable = Variable(made.names.free(wish), AFTER, is_linear(term))
    made.lines.append(Assigned(variable, args[0], number, adds=True))
    return variable


def _entries(made: Unrolled, piece: Piece) -> dict[Place | None, Term]:
    """One term for each entry that a piece gives; that of None is for all others."""
    if piece.finished is None:
        return dict(made.values[piece.source].items())

    def read(local: str, place: Place) -> Term:
        known = made.values.get(piece.tensor(local), {})
        if place not in known:
            raise Unfit(f"{local} has no such entry")
        return known[place]

    return written(
        piece.finished, read, sizes(made.storage.program.tensors, piece, piece.finished), N
    )
