"""``hessian_vector_product``: forward and backward pass, each value beside its directional derivative."""

from __future__ import annotations

from dataclasses import replace

from symbp.network.items import statements
from symbp.network.program import Program
from symbp.network.second import second
from symbp.printers.base import BATCH
from symbp.writers.emit import Emitter
from symbp.writers.lines import Line, dict_lines, unpack
from symbp.writers.storage import N, plan, reads_of
from symbp.writers.unpacking import parameter_lines, target_lines


def product_lines(program: Program, dtype: str) -> list[Line]:
    """The body of the function, for ``params``, ``x``, ``t`` and ``vectors``."""
    found = second(program)
    doubled = found.program
    storage = plan(doubled, dtype)
    emitter = Emitter(storage)
    items = (*doubled.forward, *doubled.loss, *doubled.backward)
    read = {r for s in statements(items) for r in reads_of(s)}
    read |= {p.name for p in program.graph.parameters if p.levels}
    made = parameter_lines(storage, read)
    made += unpack([(n, f'vectors["{k}"]') for k, n in found.directions.items() if n in read])
    source = next(t.name for t in program.tensors.values() if t.role == "input")
    if source != "x":
        made.append(Line(f"{source} = x"))
    if BATCH in read:
        made.append(Line(f"{N} = len(x)"))
    made += target_lines(storage, read)  # behind the input, whose name they may take
    lines = emitter.lines(items)  # the ids of the values themselves belong to forward and backward
    made += [x if x.id.endswith(".tangent") else replace(x, id="") for x in lines]
    entries = []
    for p in program.graph.parameters:
        product = found.products.get(p.key)
        value = f'np.zeros_like(params["{p.key}"])'
        if product is not None:
            value = storage.code(product).partition("[")[0]
        entries.append(f'"{p.key}": {value}')
    return [*made, *dict_lines(entries)]
