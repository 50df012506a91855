"""A program as a standalone NumPy module."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symbp.language.spec import Spec
from symbp.network.items import Item, Statement, statements
from symbp.network.program import Program
from symbp.printers.base import BATCH, CAST
from symbp.writers.emit import Emitter
from symbp.writers.environment import render
from symbp.writers.helpers import helpers
from symbp.writers.lines import WIDTH, Line, dict_lines, unpack
from symbp.writers.main_part import Arrays
from symbp.writers.outline import interface
from symbp.writers.second_part import product_lines
from symbp.writers.storage import N, Storage, plan, reads_of
from symbp.writers.training import training_sections
from symbp.writers.unpacking import parameter_lines, target_lines

MARK = "\ue003"


@dataclass(frozen=True)
class Module:
    """The source, and for every equation id the first and last line that computes it."""

    source: str
    lines: dict[str, tuple[int, int]]


def write(
    program: Program,
    *,
    dtype: str = "float64",
    data: Arrays | None = None,
    note: str = "",
    file: str = "",
    hvp: bool = False,
) -> Module:
    """Render the module; ``data`` is written into it, or read from ``file`` beside it.

    With ``hvp`` it has ``hessian_vector_product``, too.
    """
    core = _Core(program, dtype)
    sections = core.sections(hvp)
    net = interface(program, dtype)
    training = training_sections(net, program.graph.spec.train, data, note=note, file=file)
    text = render(
        "numpy/module.jinja", **{**training, **sections, "imports": _imports(training, sections)}
    )
    return _without_marks(text)


def _imports(training: dict[str, object], sections: dict[str, object]) -> str:
    known = str(training["imports"])
    body = "\n".join(str(s) for s in sections.values())
    if "math." in body and "import math" not in known:
        gap = "" if known.startswith("from") else "\n"
        return f"import math\n{gap}{known}"
    return known


def _without_marks(text: str) -> Module:
    lines: dict[str, tuple[int, int]] = {}
    clean = []
    for number, line in enumerate(text.split("\n"), 1):
        code, _, mark = line.partition(MARK)
        if mark:
            first, _ = lines.get(mark, (number, number))
            lines[mark] = (first, number)
        clean.append(code)
    return Module("\n".join(clean), lines)


class _Core:
    """The finished lines of ``_forward``, ``_loss``, ``_backward`` and what belongs to them."""

    def __init__(self, program: Program, dtype: str) -> None:
        self.program = program
        self.dtype = dtype
        self.storage: Storage = plan(program, dtype)
        self.emitter = Emitter(self.storage)
        self.spec: Spec = program.graph.spec

    def sections(self, hvp: bool) -> dict[str, object]:
        forward = self.text(self.forward())
        loss = self.text(self.loss())
        backward = self.text(self.backward())
        updates = self.text(self.updates()) if self.program.updates else ""
        products = self.text(product_lines(self.program, self.dtype)) if hvp else ""
        code = "\n".join([forward, loss, backward, updates, products])
        return {
            "title": self.title(),
            "constants": self.constants(),
            "forward": forward,
            "loss_lines": loss,
            "backward": backward,
            "update_lines": updates,
            "product_lines": products,
            "targets": self.targets_function(),
            "label_dtype": "" if self.dtype == "float64" else f", dtype=np.{self.dtype}",
            "helpers": "\n\n\n".join(helpers(code)),
        }

    def title(self) -> str:
        name = self.spec.title or f"The network {self.spec.name}"
        safe = "".join(c for c in name if c.isprintable() and c not in '"\\').strip().rstrip(".")
        return safe[:72] or self.spec.name

    def text(self, lines: list[Line]) -> str:
        return "\n".join(text for line in lines for text in line.render("    "))

    def constants(self) -> str:
        graph = self.program.graph
        made = []
        for name, value in sorted(graph.constants.items()):
            cast = self.storage.code(CAST)
            made.append(f"{self.storage.code(name)} = np.array({_nested(value)!r}){cast}")
        return "\n".join(made)

    # -- the three functions --------------------------------------------------------------------

    def forward(self) -> list[Line]:
        items = self.program.forward
        read = {r for s in statements(items) for r in s.reads}
        made = parameter_lines(self.program, read)
        source = self.spec.input_name
        name = next(t.name for t in self.program.tensors.values() if t.role == "input")
        if name != "x":
            made.append(Line(f"{name} = x", f"the input {source}"))
        if BATCH in read or BATCH in self.storage.read:
            made.append(Line(f"{N} = len(x)"))
        made += self.emitter.lines(items)
        made += self.cache_lines()
        return made

    def cache_lines(self) -> list[Line]:
        entries = [f'"{name}": {self.bare(name)}' for name in self.kept()]
        output = self.output_code()
        whole = f"return {output}, {{{', '.join(entries)}}}"
        if len(whole) + 4 <= WIDTH:
            return [Line(whole)]
        body = [Line(f"{entry},", depth=1) for entry in entries]
        return [Line("cache = {"), *body, Line("}"), Line(f"return {output}, cache")]

    def kept(self) -> list[str]:
        """What the cache holds: saved tensors, the batch size, the mode."""
        extra = [N] if BATCH in self.storage.read else []
        mode = ["training"] if self.backward_has_modes() else []
        return [*(self.bare(s) for s in self.storage.saved), *extra, *mode]

    def backward_has_modes(self) -> bool:
        return any(s.mode for s in statements(self.program.backward))

    def bare(self, name: str) -> str:
        return self.program.tensors[name].name if name in self.program.tensors else name

    def output_code(self) -> str:
        outputs = self.program.graph.outputs
        if len(outputs) == 1:
            return self.storage.code(outputs[0][1])
        pairs = (f'"{o.source}": {self.storage.code(t)}' for o, t in outputs)
        return f"{{{', '.join(pairs)}}}"

    def loss(self) -> list[Line]:
        items = self.program.loss
        read = {r for s in statements(items) for r in reads_of(s)}
        made = (
            parameter_lines(self.program, read)
            + self.from_cache(read)
            + target_lines(self.program, read)
        )
        body = self.emitter.lines(items)
        last = body[-1]
        if last.code.startswith("loss = "):
            body[-1] = replace(last, code=f"return {last.code.removeprefix('loss = ')}")
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
            parameter_lines(self.program, read)
            + self.from_cache(read)
            + target_lines(self.program, read)
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
            value = f"d{p.name}" if f"∂{p.name}" in reached else f"np.zeros_like({p.name})"
            entries.append(f'"{p.key}": {value}')
        return dict_lines(entries)

    def updates(self) -> list[Line]:
        items = self.program.updates
        read = {r for s in statements(items) for r in s.reads}
        buffers = list(self.program.graph.buffers)
        made = parameter_lines(self.program, read) + self.from_cache(read)
        for buffer in buffers:
            if buffer.levels:
                made.append(Line(f"new_{buffer.name} = np.empty_like({buffer.name})"))
        made += self.emitter.lines(items)
        entries = [f'"{b.key}": new_{b.name}' for b in buffers]
        return [*made, Line("return {"), *(Line(f"{e},", depth=1) for e in entries), Line("}")]

    # -- what they read -------------------------------------------------------------------------

    def from_cache(self, read: set[str]) -> list[Line]:
        wanted = []
        for name in self.kept():
            if name in read or (name == N and BATCH in read) or self._of_history(name, read):
                wanted.append((name, f'cache["{name}"]'))
        return unpack(wanted)

    def _of_history(self, name: str, read: set[str]) -> bool:
        return any(
            repeat.result == name and part in read
            for part, (repeat, _) in self.storage.repeats.items()
        )

    def targets_function(self) -> str:
        """``_targets(t)`` where class labels may come as integers; the rows must sum to one."""
        prepared = {
            o.target: self.program.tensors[t].shape
            for (o, t) in self.program.graph.outputs
            if o.loss.type == "cross_entropy"
        }
        if not prepared:
            return ""
        if len(self.program.graph.outputs) == 1:
            (shape,) = prepared.values()
            body = f"_one_hot(t, {shape[-1]}, {len(shape)})"
        else:
            pairs = (f'"{k}": _one_hot(t["{k}"], {s[-1]}, {len(s)})' for k, s in prepared.items())
            body = f"{{**t, {', '.join(pairs)}}}"
        return body


def _nested(value: object) -> object:
    return [_nested(v) for v in value] if isinstance(value, tuple) else value
