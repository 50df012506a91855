"""The lines of ``python MODULE.py``: its data, the gradient check, and what it prints."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from symbp.language.spec import Train
from symbp.writers.interface import Interface, Output

Targets = np.ndarray | dict[str, np.ndarray]
Arrays = tuple[np.ndarray, Targets]

WIDTH = 100
MADE_UP = 16  # samples of the made-up set; symbp.data.made_up draws the same
CHECKED = 8  # about so many samples are enough to check gradients


def main_sections(
    net: Interface, train: Train, data: Arrays | None, note: str, file: str
) -> dict[str, object]:
    """What ``main.jinja`` fills in."""
    return {
        "main_data": _data_lines(net, data, note, file),
        "main_check": _check_lines(net, len(data[0]) if data else MADE_UP),
        "milestones": _milestones(train.epochs),
        "report": _report(net, train),
    }


def _data_lines(net: Interface, data: Arrays | None, note: str, file: str) -> list[str]:
    if data is None:
        return made_up_lines(net)
    note = " ".join(note.split())
    comment = [f"# {note}"] if note else []
    if file:
        return [*comment, *_load_lines(data, file)]
    x, t = data
    if isinstance(t, dict):
        targets = [line for i, name in enumerate(t) for line in array_lines(f"t{i}", t[name])]
        pairs = ", ".join(f'"{name}": t{i}' for i, name in enumerate(t))
        return [*comment, *array_lines("x", x), *targets, f"t = {{{pairs}}}"]
    both = f"x, t = {_literal(x)}, {_literal(t)}" + (f"  # {note}" if note else "")
    if len(both) + 4 <= WIDTH:
        return [both]
    lines = [*array_lines("x", x), *array_lines("t", t)]
    if note and len(lines) == 2 and len(f"    {lines[0]}  # {note}") <= WIDTH:
        return [f"{lines[0]}  # {note}", lines[1]]
    return [*comment, *lines]


def _load_lines(data: Arrays, file: str) -> list[str]:
    """The data from beside the module, where numbers are kept in small types."""
    x, t = data
    lines = [
        f'file = Path(__file__).with_name("{file}")',
        "with np.load(file, allow_pickle=False) as data:",
        f"    x = {_loaded('x', x)}",
    ]
    if not isinstance(t, dict):
        return [*lines, f"    t = {_loaded('t', t)}"]
    entries = [f'        "{name}": {_loaded(f"t.{name}", t[name])},' for name in t]
    return [*lines, "    t = {", *entries, "    }"]


def _loaded(name: str, array: np.ndarray) -> str:
    return f'data["{name}"].astype({_kind(array)})'


def _kind(array: np.ndarray) -> str:
    return "int" if array.dtype.kind in "iub" else "float"


def array_lines(name: str, array: np.ndarray) -> list[str]:
    """Python that makes the array: a literal where it fits on a line, else a block of numbers."""
    line = f"{name} = {_literal(array)}"
    if len(line) + 4 <= WIDTH:
        return [line]
    numbers = [repr(_plain(value)) for value in array.ravel().tolist()]
    shape = ", ".join(map(str, array.shape))
    return [
        'numbers = """',
        *_filled(numbers),
        '"""',
        f"{name} = np.array(numbers.split(), {_kind(array)}).reshape({shape})",
    ]


def _literal(array: np.ndarray) -> str:
    """``np.array([[0.0, 1], [1, 0]])``: one point is enough to make all of them real."""
    text = repr(_plain(array.tolist()))
    if array.dtype.kind == "f" and "." not in text:
        text = re.sub(r"\d+", lambda number: f"{number[0]}.0", text, count=1)
    return f"np.array({text})"


def _plain(value: Any) -> Any:
    """Whole numbers without a point, in lists of any depth."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return int(value) if math.isfinite(value) and value == int(value) else value


def _filled(words: list[str]) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 5 <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def made_up_lines(net: Interface) -> list[str]:
    """A small made-up set, drawn in the module itself; ``symbp.data.made_up`` draws the same."""
    size = _tuple((MADE_UP, *net.input_shape))
    x = (
        f"rng.integers({net.vocabulary}, size={size})"
        if net.vocabulary
        else (f"rng.standard_normal({size})")
    )
    head = [
        'print("The network file names no [data]: this is a small made-up set.")',
        "rng = np.random.default_rng(0)",
        f"x = {x}",
    ]
    if not net.several:
        return [*head, f"t = {_made_up_target(net.outputs[0])}"]
    entries = [f'    "{o.target}": {_made_up_target(o)},' for o in net.outputs]
    return [*head, "t = {", *entries, "}"]


def _made_up_target(output: Output) -> str:
    size = _tuple((MADE_UP, *output.expected))
    match output.classes:
        case "one_hot":
            count = output.shape[-1]
            size = _tuple((MADE_UP, *output.shape[:-1]))
            return f"np.eye({count})[rng.integers({count}, size={size})]"
        case "integer":
            return f"rng.integers({output.count}, size={size})"
        case "binary":
            return f"1.0 * rng.integers(2, size={size})"
        case "sign":
            return f"2.0 * rng.integers(2, size={size}) - 1"
    return f"rng.standard_normal({size})"


def _tuple(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else repr(shape)


def _check_lines(net: Interface, samples: int) -> list[str]:
    """The check; in both modes where they differ, and on a few samples where there are many."""
    if not net.parameters:
        return ['print("The network has no parameters: there is no gradient to check.")']
    every = -(-samples // CHECKED)
    head, inputs = [], "x, t"
    if every > 1:
        part = f"{{name: values[::{every}] for name, values in t.items()}}"
        head = [f"few = x[::{every}], {part if net.several else f't[::{every}]'}"]
        inputs = "*few"
    modes = bool(net.dropout or net.buffers)
    check = [
        f"for name, error in check_gradients(init_params(), {inputs}"
        f"{', training=training' if modes else ''}).items():",
        f'    print(f"gradient of {{name}}{", training={training}" if modes else ""}: '
        'error {error:.1e}")',
        "    if not error <= 1e-6:",
        '        raise SystemExit(f"the gradient of {name} is wrong")',
    ]
    if modes:
        return [*head, "for training in (False, True):", *(f"    {line}" for line in check)]
    return [*head, *check]


def _milestones(epochs: int) -> str:
    """About ten numbers of epochs at which the loss is printed; the last is the end."""
    if epochs % 10 == 0:
        return f"range({epochs // 10}, {epochs + 1}, {epochs // 10})"
    marks = sorted({epochs * part // 10 for part in range(1, 11)} - {0})
    return f"({', '.join(map(str, marks))}{',' if len(marks) == 1 else ''})"


def _report(net: Interface, train: Train) -> str:
    """The statement that prints a milestone."""
    parts = ["epoch {epochs}: loss {run[1]['loss'][-1]:.6f}"]
    if train.held_out:
        parts.append("held out {run[1]['held_out_loss'][-1]:.6f}")
    if net.counted:
        parts.append("accuracy {run[1]['accuracy'][-1]:.1%}")
    line = f'print(f"{", ".join(parts)}")'
    if len(line) + 8 <= WIDTH:
        return line
    rows = ["print(", *(f'    f"{part}",' for part in parts), '    sep=", ",', ")"]
    return "\n        ".join(rows)
