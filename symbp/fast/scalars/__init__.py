"""The pass that writes a step of a tiny network in plain Python floats, entry by entry.

Below some size a step's time is that of its calls: NumPy takes about half a microsecond for each,
however little it has to compute, where Python multiplies two floats in a fiftieth of that.
"""

from __future__ import annotations

from symbp.fast.scalars.cost import seconds
from symbp.fast.scalars.program import unrolled
from symbp.fast.scalars.terms import Unfit
from symbp.fast.scalars.trainer_class import class_lines
from symbp.network.program import Program
from symbp.writers.lines import Line
from symbp.writers.optimizers import optimizer_of
from symbp.writers.storage import Storage, plan
from symbp.writers.targets import batch_shape


def fits(program: Program, dtype: str = "float64") -> bool:
    """Whether a step in floats is possible, and cheaper than one in arrays."""
    return not reason(program, dtype)


def reason(program: Program, dtype: str = "float64") -> str:
    """Why a program does not fit; empty where it does.

    Every value must be one sample's, but for sums over the batch; Python's floats are float64; a step
    must be plain gradient descent; and the counted cost must be below that of calls of NumPy.
    """
    if dtype != "float64":
        return f"Python's floats are float64, not {dtype}"
    train = program.graph.spec.train
    if optimizer_of(train).needs_function or train.clip_norm:
        return "a step is more than the learning rate times the gradient"
    if program.graph.buffers:
        return "it has buffers"
    floats, arrays = seconds(program)
    if floats >= arrays:
        return f"floats would take {floats * 1e6:.0f} us, arrays {arrays * 1e6:.0f} us"
    try:
        unrolled(plan(program, dtype))
    except Unfit as unfit:
        return str(unfit)
    return ""


def trainer_lines(program: Program, storage: Storage) -> list[Line]:
    """``class Trainer`` and the function that it calls, for a program that fits.

    ``Trainer(params, batch_size, learning_rate, seed)`` has ``step(x, t)``, x (n, ...) and t as
    ``loss_and_grads`` of the same module takes them, which runs in its place where a float would
    overflow; ``params`` are the parameters. Raises Unfit where a program is not per sample.
    """
    graph = program.graph
    outputs = [o for o, _ in graph.outputs]
    arrays = "np.asarray(t)"
    if len(outputs) > 1:
        arrays = "{name: np.asarray(part) for name, part in t.items()}"
    head = {
        "rate": repr(graph.spec.train.learning_rate),
        "keys": " ".join(p.key for p in graph.parameters),
        "x": batch_shape(graph.spec.input_shape),
        "targets": arrays,
    }
    return class_lines(unrolled(storage), head)
