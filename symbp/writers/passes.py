"""The functions of a module that walk through the network, as lines: forward, loss, backward."""

from __future__ import annotations

from dataclasses import replace

from symbp.calculus.equation import ADJOINT
from symbp.network.items import Item, Statement, statements
from symbp.network.program import Program
from symbp.printers.base import BATCH
from symbp.printers.marks import unmarked
from symbp.writers.emit import Emitter
from symbp.writers.lines import WIDTH, Line, dict_lines, unpack
from symbp.writers.storage import N, Storage, reads_of
from symbp.writers.unpacking import parameter_lines, target_lines


class Passes:
    """The finished lines of ``_forward``, ``_loss`` and ``_backward``, and of updates of buffers."""

    def __init__(self, storage: Storage) -> None:
        self.program: Program = storage.program
        self.storage = storage
        self.emitter = Emitter(storage)

    def sections(self) -> dict[str, list[Line]]:
        """All of them, the updates empty where there are none."""
        updates = self.updates() if self.program.updates else []
        return {
            "forward": self.forward(),
            "loss": self.loss(),
            "backward": self.backward(),
            "updates": updates,
        }

    def forward(self) -> list[Line]:
        items = self.program.forward
        read = {r for s in statements(items) for r in s.reads}
        made = parameter_lines(self.storage, read)
        source = self.program.graph.spec.input_name
        name = next(t.name for t in self.program.tensors.values() if t.role == "input")
        if name != "x":
            made.append(Line(f"{self.storage.code(name)} = x", f"the input {source}"))
        if BATCH in read or BATCH in self.storage.read:
            made.append(Line(f"{N} = len(x)"))
        made += self.emitter.lines(items)
        made += self.cache_lines()
        return made

    def loss(self) -> list[Line]:
        items = self.program.loss
        read = {r for s in statements(items) for r in reads_of(s)}
        made = (
            parameter_lines(self.storage, read)
            + self.from_cache(read)
            + target_lines(self.storage, read)
        )
        body = self.emitter.lines(items)
        target, _, value = body[-1].code.partition(" = ")
        if target == self.storage.code("loss"):
            body[-1] = replace(body[-1], code=f"{self.storage.term('loss', 'return')} {value}")
            return [*made, *body]
        return [*made, *body, Line("return loss")]

    def backward(self) -> list[Line]:
        items = (*self.loss_parts(), *self.program.backward)
        made_here = {s.defines for s in statements(items)}
        read = {r for s in statements(items) for r in reads_of(s)} - made_here
        if self.backward_has_modes():
            read.add("training")
        read |= self.shapes_read()
        made = (
            parameter_lines(self.storage, read)
            + self.from_cache(read)
            + target_lines(self.storage, read)
        )
        made += self.emitter.lines(items)
        return [*made, *self.gradient_dict(made_here)]

    def loss_parts(self) -> tuple[Item, ...]:
        """Statements of the loss whose values the backward pass reads: computed there again."""
        wanted = {r for s in statements(self.program.backward) for r in reads_of(s)}
        kept: list[Item] = []
        for item in reversed(self.program.loss):
            if isinstance(item, Statement) and item.defines in wanted:
                kept.append(replace(item, id=""))
                wanted |= set(reads_of(item))
        return tuple(kept[::-1])

    def shapes_read(self) -> set[str]:
        """Parameters whose shape an empty gradient takes, and those that the loss does not reach."""
        reached = {s.defines for s in statements(self.program.backward)}
        return {
            p.name for p in self.program.graph.parameters if p.levels or f"∂{p.name}" not in reached
        }

    def gradient_dict(self, reached: set[str]) -> list[Line]:
        entries = []
        for p in self.program.graph.parameters:
            slope = ADJOINT + p.name
            value = f"np.zeros_like({p.name})"
            if slope in reached:
                value = self.storage.term(slope, f"d{p.name}")
            entries.append(f'"{p.key}": {value}')
        return dict_lines(entries)

    def updates(self) -> list[Line]:
        items = self.program.updates
        read = {r for s in statements(items) for r in s.reads}
        buffers = list(self.program.graph.buffers)
        made = parameter_lines(self.storage, read) + self.from_cache(read)
        for buffer in buffers:
            if buffer.levels:
                made.append(Line(f"new_{buffer.name} = np.empty_like({buffer.name})"))
        made += self.emitter.lines(items)
        entries = [f'"{b.key}": new_{b.name}' for b in buffers]
        return [*made, Line("return {"), *(Line(f"{e},", depth=1) for e in entries), Line("}")]

    # -- the cache ------------------------------------------------------------------------------

    def cache_lines(self) -> list[Line]:
        entries = [f'"{name}": {self.storage.term(name, self.bare(name))}' for name in self.kept()]
        output = self.output_code()
        whole = f"return {output}, {{{', '.join(entries)}}}"
        if len(unmarked(whole)) + 4 <= WIDTH:
            return [Line(whole)]
        body = [Line(f"{entry},", depth=1) for entry in entries]
        return [Line("cache = {"), *body, Line("}"), Line(f"return {output}, cache")]

    def output_code(self) -> str:
        outputs = self.program.graph.outputs
        if len(outputs) == 1:
            return self.storage.code(outputs[0][1])
        pairs = (f'"{o.source}": {self.storage.code(t)}' for o, t in outputs)
        return f"{{{', '.join(pairs)}}}"

    def kept(self) -> list[str]:
        """What the cache holds: saved tensors, the batch size, the mode."""
        extra = [N] if BATCH in self.storage.read else []
        mode = ["training"] if self.backward_has_modes() else []
        return [*(self.bare(s) for s in self.storage.saved), *extra, *mode]

    def backward_has_modes(self) -> bool:
        return any(s.mode for s in statements(self.program.backward))

    def bare(self, name: str) -> str:
        return self.program.tensors[name].name if name in self.program.tensors else name

    def from_cache(self, read: set[str]) -> list[Line]:
        wanted = []
        for name in self.kept():
            if name in read or (name == N and BATCH in read) or self._of_history(name, read):
                wanted.append((self.storage.term(name, name), f'cache["{name}"]'))
        return unpack(wanted)

    def _of_history(self, name: str, read: set[str]) -> bool:
        return any(
            repeat.result == name and part in read
            for part, (repeat, _) in self.storage.repeats.items()
        )
