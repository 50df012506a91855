"""The part of a generated module that is not derived: parameters, training, checks, storage, main.

``training_sections`` gives all that the templates ``numpy/imports.jinja`` and
``numpy/training.jinja`` fill in. The module's own private functions that they build on are

* ``_forward(params, x, training, rng) -> (y, cache)``,
* ``_loss(params, cache, t)``, ``_backward(params, cache, t) -> grads``,
* ``_targets(t)`` where targets need preparing: integers to one-hot rows, rows checked; a prepared
  target passes unchanged,
* ``_updated_buffers(params, cache) -> dict`` where there are buffers.
"""

from __future__ import annotations

import math

from symbp.language.spec import Train
from symbp.writers.initialisers import init_sections
from symbp.writers.interface import Interface
from symbp.writers.main_part import Arrays, main_sections
from symbp.writers.processes import MODULES, Split, process_sections
from symbp.writers.targets import batch_shape, checked_input
from symbp.writers.train_part import train_sections

SMALL = 200  # a parameter of more entries is checked at so many of them


def training_sections(
    net: Interface,
    train: Train,
    data: Arrays | None = None,
    *,
    note: str = "",
    file: str = "",
    split: Split | None = None,
) -> dict[str, object]:
    """Everything that ``imports.jinja`` and ``training.jinja`` fill in, as finished text.

    ``data`` is (x, t) as ``symbp.data.fit_to`` gives them, t a dict for several outputs; None makes
    the module train on a small made-up set. ``note`` names the data in a comment and in what the
    module prints. ``file`` is the name of the ``.npz`` beside the module that holds the data;
    without it they are written into the module. With a ``split``, ``train`` shares minibatches between
    processes.
    """
    sections: dict[str, object] = {
        "buffers": repr(tuple(buffer.name for buffer in net.buffers)).replace("'", '"'),
        "dtype": f"np.{net.dtype}",
        **init_sections(net),
        **_wrapper_sections(net),
        **train_sections(net, train, split is not None),
        **process_sections(net, split, bool(net.counted) and not train.held_out),
        **_check_sections(net),
        **main_sections(net, train, data, note, file),
    }
    body = "\n".join(str(line) for value in sections.values() for line in _lines(value))
    modules = [f"import {name}" for name in MODULES] if split else []
    modules += ["import math"] if "math." in body and not split else []
    modules += ["from pathlib import Path"] if "Path(" in body else []
    sections["imports"] = "\n".join([*modules, *([""] if modules else []), "import numpy as np"])
    return sections


def _lines(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _wrapper_sections(net: Interface) -> dict[str, object]:
    """What ``wrappers.jinja`` and ``checked.jinja`` fill in."""
    run = "_forward(params, np.asarray(x), training, rng)"
    x = f"x {batch_shape(net.input_shape)}"
    if net.several:
        y = ", ".join(f"{o.source} {batch_shape(o.shape)}" for o in net.outputs)
        t = ", ".join(f"{o.target} {batch_shape(o.expected)}" for o in net.outputs)
        forward = f"The outputs for a batch {x}, a dict: {y}."
        loss = f"The loss of a batch {x} against the targets, a dict: {t}."
    else:
        forward = f"The output {batch_shape(net.outputs[0].shape)} for a batch {x}."
        loss = f"The loss of a batch {x} against targets t {batch_shape(net.outputs[0].expected)}."
    return {
        "run": "_run(params, x, training, rng)" if net.dropout else run,
        "prepared": "_targets(t)" if net.prepares_targets else "t",
        "checked_input": checked_input(net),
        "forward_doc": _short(forward, "The outputs for a batch x, a dict."),
        "loss_doc": _short(loss, "The loss of a batch x against the targets t, a dict."),
        "dropout": net.dropout,
        "integers": bool(net.vocabulary) or any(o.judged[0] == "integer" for o in net.outputs),
    }


def _short(text: str, shorter: str) -> str:
    """The text where it fits on a line as a docstring."""
    return text if len(text) + 10 <= 100 else shorter


def _check_sections(net: Interface) -> dict[str, object]:
    """Which template writes ``check_gradients``, and what it fills in."""
    sizes = [math.prod(parameter.shape) for parameter in net.parameters]
    many = any(size > SMALL for size in sizes)
    every = "np.eye(params[name].size).reshape(-1, *params[name].shape)"
    small = net.smooth and not (many or net.dropout or net.buffers)
    kind = ("_small" if small else "") if net.parameters else "_nothing"
    return {
        "check_template": f"numpy/check{kind}.jinja",
        "many_entries": many,
        "directions": "_directions(params[name].shape, seed)" if many else every,
        "real_input": not net.vocabulary,
        "stops": net.stops,
    }
