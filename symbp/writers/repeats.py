"""What stands before the loop of a repeat: the lists and arrays that its copies fill."""

from __future__ import annotations

from symbp.calculus.equation import ADJOINT
from symbp.network.items import Item, Loop, Statement, statements
from symbp.writers.lines import Line
from symbp.writers.storage import Storage, subscript


def forward_start(loop: Loop, storage: Storage, depth: int) -> list[Line]:
    """The lists that hold what the copies make."""
    repeat = loop.repeat
    times = repeat.level.times
    made = []
    made_here = {s.defines for s in statements(loop.body)}
    for chain in (repeat, *loop.also):
        if chain.end not in made_here:  # its values are not needed
            continue
        source = storage.code(chain.source)
        place = subscript(chain.levels) if chain.result in storage.saved else ""
        if storage.history(chain):
            source = f"[{source}] + [None] * {times}"
        target = storage.term(chain.result, chain.result + place)
        made.append(Line(f"{target} = {source}", depth=depth))
    for name in storage.saved:
        levels = storage.program.tensors[name].levels
        inside = len(levels) > len(repeat.levels) and levels[len(repeat.levels)] == repeat.level
        if inside:
            made.append(Line(f"{name}{subscript(repeat.levels)} = [None] * {times}", depth=depth))
    return made


def backward_start(loop: Loop, storage: Storage, depth: int) -> list[Line]:
    """The arrays for gradients of all copies, and the zeros that the copies add to."""
    made = []
    outer = loop.repeat.levels
    for name in _defined(loop.body):
        tensor = storage.program.tensors[name.lstrip(ADJOINT)]
        if tensor.role == "parameter" and not outer:
            slope, bare = (storage.variable(n).partition("[")[0] for n in (name, tensor.name))
            made.append(Line(f"{slope} = np.empty_like({bare})", depth=depth))
        if tensor.role == "accumulated" and tensor.levels == outer:
            zeros = "0"
            if _in_parts(name, loop):
                zeros = f"np.zeros_like({storage.variable(tensor.like)})"
            made.append(Line(f"{storage.code(name)} = {zeros}", depth=depth))
    return made


def _in_parts(name: str, loop: Loop) -> bool:
    """Whether a loop adds to parts of a tensor."""
    mine = (s for s in statements(loop.body) if s.defines == name)
    return any(p.finished is not None and p.finished.additions for s in mine for p in s.pieces)


def _defined(items: tuple[Item, ...]) -> list[str]:
    found: dict[str, None] = {}
    for item in items:
        if isinstance(item, Loop):
            found |= dict.fromkeys(_defined(item.body))
        elif isinstance(item, Statement):
            found[item.defines] = None
    return list(found)
