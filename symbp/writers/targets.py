"""Finished expressions for inputs and targets: one output is an array, several are a dict."""

from __future__ import annotations

from symbp.writers.interface import Interface, Output, Shape

WIDTH = 100


def batch_shape(shape: Shape) -> str:
    """A shape with its batch axis: ``(n, 3)``."""
    return f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"


def _arguments(name: str, values: str, n: str, shape: Shape) -> str:
    return ", ".join([f'"{name}"', values, n, *map(str, shape)])


def checked_input(net: Interface, dtype: str = "") -> str:
    """``x`` behind its checks, cast to ``dtype`` where it is real."""
    call = _arguments("x", "x", "None", net.input_shape)
    if net.vocabulary:
        return f'_checked_integers("x", _checked({call}), {net.vocabulary})'
    return f"_checked({call}{', dtype=' + dtype if dtype else ''})"


def _checked_target(output: Output, name: str, values: str) -> str:
    classes, shape = output.judged
    call = _arguments(name, values, "len(x)", shape)
    if classes == "integer":
        return f'_checked_integers("{name}", _checked({call}), {output.count})'
    return f"_checked({call}, dtype=dtype)"


def checked_batch(net: Interface) -> list[str]:
    """The lines that prepare ``t`` and check both arguments, for a ``dtype`` that is known."""
    x = checked_input(net, "dtype")
    if not net.several:
        prepared = "_targets(t)" if net.prepares_targets else "t"
        t = _checked_target(net.outputs[0], "t", prepared)
        whole = f"x, t = {x}, {t}"
        return [whole] if len(whole) + 4 <= WIDTH else [f"x = {x}", f"t = {t}"]
    entries = [
        f'    "{o.target}": {_checked_target(o, o.target, _entry("t", o.target))},'
        for o in net.outputs
    ]
    names = ", ".join(f'"{o.target}"' for o in net.outputs)
    t = f"_named(t, {names})"
    return [
        f"x = {x}", f"t = {f'_targets({t})' if net.prepares_targets else t}", "t = {", *entries, "}",
    ]  # fmt: skip


def rows_of(net: Interface, rows: str) -> str:
    """Some rows of the targets."""
    return f"_rows(t, {rows})" if net.several else f"t[{rows}]"


def _entry(values: str, key: str) -> str:
    return f'{values}["{key}"]'


def labels(net: Interface) -> str:
    """One label for each sample, for a split that keeps their shares; zeros where there is none."""
    for output in net.counted:
        t = _entry("t", output.target) if net.several else "t"
        match output.judged:
            case "one_hot", (_,):
                return f"{t}.argmax(-1)"
            case "integer", ():
                return t
            case (("binary" | "sign"), (() | (1,))):
                return f"{t}.ravel()"
    return "np.zeros(len(x))"


def accuracies(net: Interface) -> str:
    """The share of right classes in outputs ``y``, as an expression."""
    parts = []
    for output in net.counted:
        y = _entry("y", output.source) if net.several else "y"
        t = _entry("t", output.target) if net.several else "t"
        right = {
            "one_hot": f"{y}.argmax(-1) == {t}.argmax(-1)",
            "integer": f"{y}.argmax(-1) == {t}",
            "binary": f"({y} > 0.5) == ({t} > 0.5)",
            "sign": f"({y} > 0) == ({t} > 0)",
        }[output.judged[0] or ""]
        parts.append(f"np.mean({right})")
    whole = parts[0] if len(parts) == 1 else f"np.mean([{', '.join(parts)}])"
    return f"float({whole})"
