"""What the options of a layer mean together: formulas are parsed, sizes completed and compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symbp.language.declared import freeze, read_declared, read_parameters
from symbp.language.formula_keys import read_activation
from symbp.language.formula_names import mentioned
from symbp.language.kinds import MAX_ENTRIES
from symbp.language.latex_names import read_latex
from symbp.language.sections import Section
from symbp.language.tree import Formula
from symbp.language.wording import show

Values = dict[str, object]


@dataclass(frozen=True)
class Parts:
    """The final options of a layer, and its formula where it has one."""

    options: Values
    formula: Formula | None = None
    formula_line: int = 0
    inputs: tuple[tuple[str, str], ...] | None = None  # None: not read here


def read_parts(kind: str, section: Section, options: Values) -> Parts:
    """Complete and check the options of a layer table; sections carry the lines of errors."""
    if kind == "formula":
        return _formula(section)
    if kind == "activation":
        return _activation(section, options)
    if "activation" in section.values:
        options = {**options, "activation": _short_activation(kind, section)}
    if kind in ("conv1d", "conv2d"):
        options = _convolution(section, options)
    if kind in ("maxpool2d", "avgpool2d"):
        options = {**options, "stride": options["stride"] or options["kernel"]}
    if kind == "embedding":
        _fits(section, "vocabulary", options["vocabulary"], options["dim"])
    return Parts(options)


def _short_activation(kind: str, section: Section) -> str:
    """The key ``activation`` of a layer: a name, or the text of a formula without parameters."""
    text = str(section.values["activation"]).strip()
    if text != "softmax" or kind == "rnn":
        read_activation(section, "activation")
    return text


def _activation(section: Section, options: Values) -> Parts:
    scalars = section.table("parameters")
    formula, line = read_activation(section, "function", scalars)
    parameters = read_parameters(scalars)
    for name, value in parameters.items():
        if isinstance(value, tuple):
            raise section.error(
                f"parameter {name} of an activation is a learnable scalar; write {name} = 1.0, "
                "or use a formula layer",
                "parameters",
                name,
            )
        if name == "x":
            raise section.error("x is the input; give the parameter another name", "parameters")
        if formula is None or name not in mentioned(formula):
            raise section.error(f"parameter {name} is never used", "parameters", name)
    function = None if formula else str(options["function"]).strip()
    latex = read_latex(section.table("latex"), ["x", *parameters] if formula else [])
    options = {"function": function, "parameters": freeze(parameters), "latex": latex}
    return Parts(options, formula, line)


def _formula(section: Section) -> Parts:
    given = section.values.get("inputs")
    inputs = None
    if isinstance(given, list):
        if len(given) != 1:
            raise section.error(
                "several inputs of a formula need local names: "
                f'inputs = {{ q = "a", k = "b" }}, not {show(given)}',
                "inputs",
            )
        path = (*section.path, "inputs")
        inputs = Section({"x": given[0]}, "inputs of a formula layer", section.origin, path)
    elif given is not None:
        inputs = section.table("inputs")
    declared = read_declared(section, [] if inputs else ["x"], inputs)
    if not inputs and "x" not in mentioned(declared.formula):
        raise section.error("the formula does not depend on its input x", "formula")
    return Parts(declared.options, declared.formula, declared.line, declared.inputs)


def _convolution(section: Section, options: Values) -> Values:
    kernel, stride, dilation = (_sizes(options[key]) for key in ("kernel", "stride", "dilation"))
    filters, groups = options["filters"], options["groups"]
    assert isinstance(filters, int) and isinstance(groups, int)
    if filters % groups:
        raise section.error(f"filters = {filters} is not divisible by groups = {groups}", "groups")
    _fits(section, "kernel", filters, *kernel)
    if options["padding"] != "same":
        return options
    if any(step != 1 for step in stride):
        raise section.error('padding = "same" needs stride = 1', "padding")
    if any(size % 2 == 0 for size in kernel):
        raise section.error(
            'padding = "same" needs odd kernels; write an odd kernel, or a number', "padding"
        )
    padding = tuple(d * (size - 1) // 2 for d, size in zip(dilation, kernel, strict=True))
    return {**options, "padding": padding}


def _sizes(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return value


def _fits(section: Section, key: str, *sizes: object) -> None:
    entries = math.prod(size for size in sizes if isinstance(size, int))
    if entries > MAX_ENTRIES:
        raise section.error(
            f"{section.what} of {entries} parameters is too large; at most {MAX_ENTRIES}", key
        )
