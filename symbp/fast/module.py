"""A program as a standalone NumPy module in the fast style: the lecture style's functions, and a
``Trainer`` that owns the workspace."""

from __future__ import annotations

from symbp.fast import scalars
from symbp.fast.descent import Descent
from symbp.fast.pipeline import planned
from symbp.fast.places import Unplanned
from symbp.fast.trainer import sections
from symbp.fast.workspace import parameter_lines
from symbp.language.spec import Train
from symbp.network.graph import Tensor
from symbp.network.program import Program
from symbp.writers.environment import render
from symbp.writers.equations import UPDATE
from symbp.writers.lines import Line
from symbp.writers.main_part import Arrays
from symbp.writers.module import Module, text, write_with
from symbp.writers.optimizers import Optimizer, optimizer_of
from symbp.writers.storage import plan


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
    """As :func:`symbp.writers.module.write`, with ``Trainer`` behind the functions."""
    trainer = _trainer(program, dtype)
    return write_with(
        program,
        dtype=dtype,
        data=data,
        note=note,
        file=file,
        hvp=hvp,
        trainer=trainer,
        processes=processes,
    )


def _trainer(program: Program, dtype: str) -> str:
    storage = plan(program, dtype)
    if scalars.fits(program, dtype):
        return text("step", scalars.trainer_lines(program, storage), 0)
    train = program.graph.spec.train
    optimizer = optimizer_of(train)
    folded = not optimizer.needs_function and not train.clip_norm
    try:
        found = sections(storage, planned(storage, folded))
    except Unplanned:
        found = {"workspace": parameter_lines(storage), "step": []}
    update, parts = _update(optimizer, train, folded and bool(found["step"]))
    prepared = [len(t.shape) for t in _classes(program)]
    return render(
        "numpy/trainer.jinja",
        rate=repr(train.learning_rate),
        keys=text("", _keys(program), 2),
        optimizer=optimizer,
        update=text("step", update, 2),
        parts=parts,
        planned=bool(found["step"]),
        targets=bool(prepared),
        one_hot=prepared[0] if len(program.targets) == 1 and prepared else 0,
        buffers=bool(program.updates),
        workspace=text("workspace", found["workspace"], 2),
        step=text("step", found["step"], 2),
    ).rstrip()


def _classes(program: Program) -> list[Tensor]:
    """The outputs whose targets may be labels."""
    return [
        program.tensors[name]
        for output, name in program.graph.outputs
        if output.loss.type == "cross_entropy"
    ]


def _keys(program: Program) -> list[Line]:
    """The names of the parameters, in the order in which they lie in the flat array."""
    keys = ", ".join(f'"{p.key}"' for p in program.graph.parameters)
    end = "," if len(program.graph.parameters) == 1 else ""
    return [Line(f"names = ({keys}{end})")]


def _update(optimizer: Optimizer, train: Train, folded: bool) -> tuple[list[Line], str]:
    """The lines that move the flat parameters ``P`` along the flat gradient ``G``, and the parts over
    which they go; "" where they go over all at once."""
    flat = Line("P, G = self.flat")
    if folded:
        return [flat, Line("P -= G", "the gradient came times the learning rate", UPDATE)], ""
    made = []
    if train.clip_norm:
        norm = "float(np.sqrt(np.dot(G, G)))"
        made += [flat, Line(f"G *= min(1.0, {train.clip_norm!r} / ({norm} + 1e-6))")]
    if optimizer.counts_steps:
        made.append(Line("self.steps += 1"))
    descent = Descent(optimizer)
    made.append(Line(f"for {', '.join([*descent.flat, *descent.spare])} in self.parts:"))
    made += [Line(x.code, x.formula, x.id, depth=1) for x in descent.lines]
    parts = ["P", "G", *(f"self.{name}" for name in optimizer.moments)]
    return made, f"({', '.join(parts)}), {len(descent.spare)}"
