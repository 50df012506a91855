"""Where every tensor of a program lives in the generated code, and how it is written in formulas."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from symbp.calculus.equation import ADJOINT
from symbp.network.graph import Level, Repeat, Tensor
from symbp.network.items import Item, Loop, Noise, Statement, scans, statements, tensor_of
from symbp.network.program import Program
from symbp.printers.base import BATCH, CAST
from symbp.printers.marks import mark
from symbp.printers.naming import Name, name_of

N = "n"  # the batch size in code


@dataclass(frozen=True, eq=False)
class Storage:
    """``saved`` tensors go from the forward pass to the others, in the order in which they are made;
    inside a `repeat` they are lists with one entry a copy. Everything else is a local name.

    Where it is ``marked``, each tensor is marked as a term, in code and in LaTeX."""

    program: Program
    saved: dict[str, None]
    repeats: dict[
        str, tuple[Repeat, int]
    ]  # start, end, result -> its repeat, and the copy's offset
    read: frozenset[str]
    dtype: str = "float64"
    marked: bool = False
    names: dict[str, Name] = field(default_factory=dict)  # those written so far

    def code(self, name: str) -> str:
        """The tensor as it is read and assigned in code."""
        return self.term(name, self.variable(name))

    def term(self, name: str, text: str) -> str:
        """A text that stands for the tensor."""
        return mark(self.key(name), text)

    def key(self, name: str) -> str:
        """The term's key, ``t.`` and the variable of the code; empty where nothing is marked.

        What is nothing but another tensor's past is that tensor.
        """
        bare = name.lstrip(ADJOINT)
        tensor = self.program.tensors.get(bare) if self.marked else None
        if tensor is None:
            return ""
        if bare in self.repeats:
            bare = self.repeats[bare][0].result
        elif bare == name and tensor.delayed:
            bare = tensor.part_of
        else:
            bare = self.carried.get(name, name).lstrip(ADJOINT)
        return f"t.{'d' * (len(name) - len(name.lstrip(ADJOINT)))}{bare}"

    @cached_property
    def carried(self) -> dict[str, str]:
        """Adjoints that a recurrence hands on from step to step -> the variables that carry them."""
        return {
            tensor_of(scan.names, old): tensor_of(scan.names, new)
            for scan in scans((*self.program.forward, *self.program.backward))
            for old, new in scan.scan.stored.inside.rename.items()
        }

    def variable(self, name: str) -> str:
        """As ``code``, where the tensor is no term: where its type or shape is taken."""
        if name == BATCH:
            return N
        if name == CAST:
            return "" if self.dtype == "float64" else f".astype(np.{self.dtype})"
        bare = name.lstrip(ADJOINT)
        marks = len(name) - len(bare)
        tensor = self.program.tensors[bare]
        if marks:
            return self._adjoint(bare, tensor, marks)
        if bare in self.repeats:
            return self._of_repeat(bare)
        if tensor.role in ("parameter", "buffer"):
            return tensor.name + subscript(tensor.levels, joined=True)
        if bare in self.saved:
            return tensor.name + subscript(tensor.levels)
        return tensor.name

    def _adjoint(self, bare: str, tensor: Tensor, marks: int) -> str:
        if bare in self.repeats:
            result = self.program.tensors[self.repeats[bare][0].result]
            if result.tangent_of:
                return f"R{'d' * marks}{result.tangent_of}"
            return "d" * marks + result.name
        name = "d" * marks + tensor.name
        if tensor.tangent_of:
            name = f"R{'d' * marks}{tensor.tangent_of}"
        if tensor.role == "parameter":
            return name + subscript(tensor.levels, joined=True)
        return name

    def _of_repeat(self, bare: str) -> str:
        repeat, offset = self.repeats[bare]
        name = repeat.result + subscript(repeat.levels)
        if not self.history(repeat):
            return repeat.result + (subscript(repeat.levels) if repeat.result in self.saved else "")
        if bare == repeat.result:
            return f"{name}[-1]"
        place = repeat.level.letter + (f" + {offset}" if offset else "")
        return f"{name}[{place}]"

    def history(self, repeat: Repeat) -> bool:
        """Whether later passes read what the copies pass on to each other."""
        return bool({repeat.start, repeat.end} & self.read)

    def name(self, tensor_name: str) -> Name:
        """The tensor as it is written in formulas."""
        if tensor_name not in self.names:
            found = self._name(tensor_name)
            self.names[tensor_name] = replace(found, key=self.key(tensor_name))
        return self.names[tensor_name]

    def _name(self, tensor_name: str) -> Name:
        bare = tensor_name.lstrip(ADJOINT)
        if bare not in self.program.tensors:  # a placeholder such as the u of sigma(u)
            return name_of(bare)
        tensor = self.program.tensors[bare]
        marks = len(tensor_name) - len(bare)
        if tensor.tangent_of:
            return replace(self.name(ADJOINT * marks + tensor.tangent_of), tangent=True)
        if tensor.part_of:
            return replace(self.name(ADJOINT * marks + tensor.part_of), through=tensor.through)
        levels = tuple(level.letter for level in tensor.levels)
        if tensor.role == "loss":
            known = Name(tensor.latex or "L", "L" if tensor.name == "loss" else tensor.name)
        else:
            known = name_of(tensor.name, tensor.latex)
        if bare in self.repeats:
            repeat, offset = self.repeats[bare]
            known = name_of(repeat.result)
            last = str(repeat.level.times)
            if bare == repeat.first:
                last = "0"
            elif bare != repeat.result:
                last = repeat.level.letter + (f"+{offset}" if offset else "")
            levels = (*(level.letter for level in repeat.levels), last)
        return replace(known, levels=levels, adjoint=len(tensor_name) - len(bare))


def subscript(levels: tuple[Level, ...], joined: bool = False) -> str:
    """``[l][r]`` of nested lists, ``[l, r]`` of an array."""
    if not levels:
        return ""
    letters = [level.letter for level in levels]
    return f"[{', '.join(letters)}]" if joined else "".join(f"[{i}]" for i in letters)


def plan(program: Program, dtype: str = "float64") -> Storage:
    """Find what the later passes read."""
    later = [*program.loss, *program.backward, *program.updates]
    read = {r for s in statements(tuple(later)) for r in reads_of(s)}
    if any(BATCH in reads_of(s) for s in statements(tuple(later))):
        read.add(BATCH)
    for head, target in zip(program.heads, program.targets, strict=True):
        read.discard(target)
        del head
    repeats: dict[str, tuple[Repeat, int]] = {}
    for repeat in all_repeats(program.forward):
        if program.tensors[repeat.start].tangent_of:  # directional derivatives read what was before
            read |= {repeat.start, program.tensors[repeat.start].tangent_of}
        repeats |= {repeat.start: (repeat, 0), repeat.end: (repeat, 1), repeat.result: (repeat, 0)}
        repeats[repeat.first] = (repeat, 0)
    kinds = ("activation", "input", "noise")
    made = [
        t.name for t in program.tensors.values()
        if t.name in read and t.role in kinds and t.name not in repeats
    ]  # fmt: skip
    defined = {s.defines for s in statements(program.loss)}
    saved = [m for m in made if m not in defined]
    for repeat in all_repeats(program.forward):
        if {repeat.start, repeat.end, repeat.result} & read:
            saved.append(repeat.result)
    return Storage(program, dict.fromkeys(saved), repeats, frozenset(read), dtype)


def reads_of(statement: Statement) -> tuple[str, ...]:
    """What a statement's code reads; a scatter also reads the tensor whose shape it takes."""
    found = list(statement.reads)
    if statement.fills_zeros:
        found.append(statement.defines.lstrip(ADJOINT))
    return tuple(found)


def all_repeats(items: tuple[Item, ...]) -> list[Repeat]:
    found = []
    for item in items:
        if isinstance(item, Loop):
            found += [item.repeat, *item.also, *all_repeats(item.body)]
    return found


__all__ = ["N", "Noise", "Storage", "all_repeats", "plan", "reads_of", "subscript"]
