"""The head of ``train``: its signature, its docstring, and what comes before the first epoch."""

from __future__ import annotations

import textwrap

from symbp.language.spec import Train
from symbp.writers.interface import Interface
from symbp.writers.optimizers import Optimizer
from symbp.writers.processes import DOCUMENTED
from symbp.writers.targets import checked_batch, labels, rows_of

WIDTH = 100


def signature(train: Train, optimizer: Optimizer, processes: bool) -> str:
    """The first line of ``train``, broken in the middle rather than into one argument a line."""
    options: list[tuple[str, object]] = [
        ("params", None),
        ("epochs", train.epochs),
        ("learning_rate", train.learning_rate),
        ("batch_size", train.batch_size),
        *optimizer.options,
    ]
    options += [("clip_norm", train.clip_norm)] if train.clip_norm else []
    options += [("held_out", train.held_out)] if train.held_out else []
    options += [("seed", train.seed), ("callback", None), ("resume", None)]
    options += [("processes", None)] if processes else []
    words = ["x", "t", "*", *(f"{name}={value!r}" for name, value in options)]
    return _wrapped("def train(", words, "):  # fmt: skip")


def _wrapped(start: str, words: list[str], end: str) -> str:
    """The words, comma-separated, on as few lines as hold them, aligned behind the parenthesis."""
    lines = [start + words[0]]
    for word in words[1:]:
        if len(f"{lines[-1]}, {word}{end}") <= WIDTH:
            lines[-1] += f", {word}"
        else:
            lines[-1] += ","
            lines.append(" " * len(start) + word)
    return "\n".join(lines) + (end if len(lines) > 1 else end.removesuffix("  # fmt: skip"))


def docstring(net: Interface, train: Train, optimizer: Optimizer, processes: bool) -> str:
    """The docstring: beyond the loss and the gradient norm, what history holds."""
    text = (
        f"Trains by {optimizer.title}; returns (params, history), a pair that resume goes on from. "
        "callback(epoch, params, history) stops the run by returning True."
    )
    lists = ["held_out_loss"] if train.held_out else []
    lists += ["accuracy"] if net.counted else []
    if lists:
        part = "of the held-out part" if train.held_out else "of the minibatches"
        text += f" history also lists {' and '.join(lists)}, {part}."
    if optimizer.moments:
        text += " Under each parameter's name, history keeps its moments."
    text += DOCUMENTED if processes else ""
    return "\n    ".join(textwrap.wrap(text, WIDTH - 7))


def setup(net: Interface, train: Train, optimizer: Optimizer) -> list[str]:
    """Where the run starts, the checked data, and room for the moments."""
    lists = ["loss", *(["held_out_loss"] if train.held_out else [])]
    lists += ["accuracy"] if net.counted else []
    empty = ", ".join(f'"{key}": []' for key in [*lists, "grad_norm"])
    first = f"params, history = resume or (params or init_params(seed), {{{empty}}})"
    begin = [first]
    if len(first) + 4 > WIDTH:
        begin = [
            f"start = {{{empty}}}",
            "params, history = resume or (params or init_params(seed), start)",
        ]
    dtype = f'params["{net.parameters[0].name}"].dtype' if net.parameters else f"np.{net.dtype}"
    lines = [
        *begin,
        "history = {key: list(values) for key, values in history.items()}",
        f"dtype = {dtype}",
        *checked_batch(net),
    ]
    if train.held_out:
        lines += [
            f"kept, held = _split({labels(net)}, held_out, seed)",
            f"x_held, t_held = x[held], {rows_of(net, 'held')}",
            f"x, t = x[kept], {rows_of(net, 'kept')}",
        ]
    lines.append("batch_size = batch_size or len(x)")
    if optimizer.moments:
        zeros = f"[np.zeros_like(params[name])] * {len(optimizer.moments)}"
        lines += [
            "trained = [name for name in params if name not in BUFFERS]",
            f"moments = {{name: history.get(name) or {zeros} for name in trained}}",
        ]
    return lines
