"""A program as a standalone NumPy module."""

from __future__ import annotations

from dataclasses import dataclass, field

from symbp.language.spec import Spec
from symbp.network.program import Program
from symbp.printers.base import CAST
from symbp.writers.environment import render
from symbp.writers.helpers import helpers
from symbp.writers.lines import Line
from symbp.writers.main_part import Arrays
from symbp.writers.outline import interface
from symbp.writers.passes import Passes
from symbp.writers.processes import split
from symbp.writers.second_part import product_lines
from symbp.writers.storage import Storage, plan
from symbp.writers.training import training_sections

MARK = "\ue003"
STEP = "step:"  # the places of lines of ``Trainer.step``


@dataclass(frozen=True)
class Module:
    """The source, and for every equation id the first and last line that computes it.

    ``places``: ``backward:3`` are the line numbers of the fourth line of the backward pass, several
    where it is broken. ``trained``: every line of ``Trainer`` that computes an equation, where the
    module has one; ``lines`` are the first and last of these then.
    """

    source: str
    lines: dict[str, tuple[int, int]]
    places: dict[str, tuple[int, ...]]
    trained: dict[str, tuple[int, ...]] = field(default_factory=dict)


def write(
    program: Program,
    *,
    dtype: str = "float64",
    data: Arrays | None = None,
    note: str = "",
    file: str = "",
    hvp: bool = False,
    processes: bool = False,
) -> Module:
    """Render the module; ``data`` is written into it, or read from ``file`` beside it.

    With ``hvp`` it has ``hessian_vector_product``, too; with ``processes`` ``train`` can share minibatches
    between them, else InputError says why not.
    """
    return write_with(
        program, dtype=dtype, data=data, note=note, file=file, hvp=hvp, processes=processes
    )


def write_with(
    program: Program,
    *,
    dtype: str,
    data: Arrays | None,
    note: str,
    file: str,
    hvp: bool,
    trainer: str = "",
    processes: bool = False,
) -> Module:
    """The module with the finished text of a class ``Trainer`` behind its functions, if there is one."""
    sections = _sections(program, dtype, hvp, trainer)
    net = interface(program, dtype)
    shared = split(program) if processes else None
    training = training_sections(
        net, program.graph.spec.train, data, note=note, file=file, split=shared
    )
    filled = render(
        "numpy/module.jinja", **{**training, **sections, "imports": _imports(training, sections)}
    )
    return _without_marks(filled)


def _imports(training: dict[str, object], sections: dict[str, object]) -> str:
    known = str(training["imports"])
    body = "\n".join(str(s) for s in sections.values())
    if "math." in body and "import math" not in known:
        gap = "" if known.startswith("from") else "\n"
        return f"import math\n{gap}{known}"
    return known


def _without_marks(text: str) -> Module:
    lines: dict[str, tuple[int, int]] = {}
    places: dict[str, tuple[int, ...]] = {}
    trained: dict[str, tuple[int, ...]] = {}
    clean = []
    for number, line in enumerate(text.split("\n"), 1):
        code, *marks = line.split(MARK)
        if marks:
            equations, place = marks
            for equation in equations.split():
                if place.startswith(STEP):
                    trained[equation] = (*trained.get(equation, ()), number)
                first, _ = lines.get(equation, (number, number))
                lines[equation] = (first, number)
            places[place] = (*places.get(place, ()), number)
        clean.append(code.rstrip())
    lines |= {equation: (found[0], found[-1]) for equation, found in trained.items()}
    return Module("\n".join(clean), lines, places, trained)


def _sections(program: Program, dtype: str, hvp: bool, trainer: str) -> dict[str, object]:
    """The parts of the module that depend on the network alone."""
    storage = plan(program, dtype)
    passes = Passes(storage)
    forward, loss, backward, updates = (text(n, m) for n, m in passes.sections().items())
    products = text("products", product_lines(program, dtype)) if hvp else ""
    code = "\n".join([forward, loss, backward, updates, products, trainer])
    return {
        "title": _title(program.graph.spec),
        "constants": _constants(storage),
        "forward": forward,
        "loss_lines": loss,
        "backward": backward,
        "update_lines": updates,
        "product_lines": products,
        "targets": _targets(program),
        "label_dtype": "" if dtype == "float64" else f", dtype=np.{dtype}",
        "helpers": "\n\n\n".join(helpers(code)),
        "trainer": trainer,
    }


def text(name: str, lines: list[Line], depth: int = 1) -> str:
    """Lines of a function's body, marked with their equations and places."""
    indent = "    " * depth
    return "\n".join(
        text for k, line in enumerate(lines) for text in line.render(indent, f"{name}:{k}")
    )


def _title(spec: Spec) -> str:
    name = spec.title or f"The network {spec.name}"
    safe = "".join(c for c in name if c.isprintable() and c not in '"\\').strip().rstrip(".")
    return safe[:72] or spec.name


def _constants(storage: Storage) -> str:
    made = []
    for name, value in sorted(storage.program.graph.constants.items()):
        cast = storage.code(CAST)
        made.append(f"{storage.code(name)} = np.array({_nested(value)!r}){cast}")
    return "\n".join(made)


def _targets(program: Program) -> str:
    """``_targets(t)`` where class labels may come as integers; the rows must sum to one."""
    prepared = {
        o.target: program.tensors[t].shape
        for (o, t) in program.graph.outputs
        if o.loss.type == "cross_entropy"
    }
    if not prepared:
        return ""
    if len(program.graph.outputs) == 1:
        (shape,) = prepared.values()
        body = f"_one_hot(t, {shape[-1]}, {len(shape)})"
    else:
        pairs = (f'"{k}": _one_hot(t["{k}"], {s[-1]}, {len(s)})' for k, s in prepared.items())
        body = f"{{**t, {', '.join(pairs)}}}"
    return body


def _nested(value: object) -> object:
    return [_nested(v) for v in value] if isinstance(value, tuple) else value
