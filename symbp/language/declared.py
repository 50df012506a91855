"""What is declared beside a formula: parameters, init, constants, sizes, inputs, regularized."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from symbp.errors import InputError
from symbp.language.formula_keys import check_names, read_formula
from symbp.language.formula_names import defined, letters, mentioned
from symbp.language.kinds import (
    MAX_ENTRIES,
    REAL,
    SIZE,
    Kind,
    Option,
    constant,
    either,
    word,
)
from symbp.language.latex_names import read_latex
from symbp.language.names import check_name
from symbp.language.options import INITIALISERS
from symbp.language.sections import Section
from symbp.language.tree import Formula
from symbp.language.wording import show, unknown

Pairs = tuple[tuple[str, object], ...]

INITIALISER = either(word(*INITIALISERS), REAL)
CONSTANT = Kind("a finite number, or lists of them that form a full array", constant)


def freeze(table: Mapping[str, object]) -> Pairs:
    return tuple(sorted(table.items()))


@dataclass(frozen=True)
class Declared:
    """A parsed formula with its declarations in normal form."""

    formula: Formula
    line: int  # where the formula's first line stands; 0 if it has no file
    inputs: tuple[tuple[str, str], ...]  # (local name, name in the network), the first the batch's
    options: dict[str, object]


def read_declared(section: Section, names: list[str], inputs: Section | None) -> Declared:
    """The key ``formula`` and all that is declared beside it.

    ``names`` are known without declaration (x in a layer; y and t in a loss); ``inputs`` is the
    table local name = name in the network, whose targets the caller checks.
    """
    formula, line = read_formula(section, "formula")
    local = {} if inputs is None else read_inputs(inputs)
    parameters = read_parameters(section.table("parameters"))
    constants = _read_table(section.table("constants"), CONSTANT, "constant")
    made = defined(formula)
    _distinct(section, names, list(local), list(parameters), list(constants), made)
    known = list(dict.fromkeys([*names, *local, *parameters, *constants, *made]))
    check_names(section, "formula", formula, known, line)
    used = mentioned(formula)
    keys = dict.fromkeys(parameters, "parameters") | dict.fromkeys(constants, "constants")
    for name, key in (keys | dict.fromkeys(local, "inputs")).items():
        if name not in used:
            raise section.error(f"{key.rstrip('s')} {name} is never used", key, name)
    indices = letters(formula) | _axis_letters(parameters)
    latex_names = [*known, *sorted(indices)]
    options: dict[str, object] = {
        "constants": freeze(constants),
        "sizes": freeze(_read_sizes(section.table("sizes"), indices)),
        "latex": read_latex(section.table("latex"), latex_names),
        "parameters": freeze(parameters),
        "init": freeze(_read_init(section.table("init"), parameters)),
        "regularized": _read_regularized(section, parameters),
    }
    return Declared(formula, line, tuple(local.items()), options)


def read_inputs(table: Section) -> dict[str, str]:
    local: dict[str, str] = {}
    for name, source in table.values.items():
        _check(table, name, "input")
        if not isinstance(source, str):
            raise table.error(f"input {name} must be the name of a layer, not {show(source)}", name)
        local[name] = source
    return local


def read_parameters(table: Section) -> dict[str, object]:
    """Name -> start value (a learnable scalar), or the tuple of axes, sizes or letters."""
    parameters: dict[str, object] = {}
    for name, value in table.values.items():
        _check(table, name, "parameter")
        parameters[name] = _axes(table, name, value) if isinstance(value, list) else table.get(
            name, Option(Kind("a list of axes (sizes or letters), or a number", REAL.read))
        )  # fmt: skip
    return parameters


def _axes(table: Section, name: str, axes: list[object]) -> tuple[object, ...]:
    known: list[int] = []
    for axis in axes:
        if isinstance(axis, str):
            _check(table, name, "axis", axis)
            continue
        try:
            size = SIZE.read(axis)
        except ValueError:
            raise table.error(
                f"an axis of parameter {name} must be a letter or {SIZE.description}, "
                f"not {show(axis)}",
                name,
            ) from None
        assert isinstance(size, int)
        known.append(size)
    if not axes or len(axes) > 8 or math.prod(known) > MAX_ENTRIES:
        raise table.error(
            f"parameter {name} must have 1 to 8 axes and at most {MAX_ENTRIES} entries; "
            f"a learnable scalar is a number: {name} = 1.0",
            name,
        )
    return tuple(axes)


def _axis_letters(parameters: dict[str, object]) -> set[str]:
    axes = [axis for value in parameters.values() if isinstance(value, tuple) for axis in value]
    return {axis for axis in axes if isinstance(axis, str)}


def _read_table(table: Section, kind: Kind, what: str) -> dict[str, object]:
    for name in table.values:
        _check(table, name, what)
    return {name: table.get(name, Option(kind)) for name in table.values}


def _read_sizes(table: Section, indices: set[str]) -> dict[str, object]:
    for letter in table.values:
        if letter not in indices:
            raise table.error(unknown("letter {} in sizes", letter, sorted(indices)), letter)
    return {letter: table.get(letter, Option(SIZE)) for letter in table.values}


def _read_init(table: Section, parameters: dict[str, object]) -> dict[str, object]:
    """The initialiser of every array parameter: glorot_uniform from two axes on, else zeros."""
    arrays = {name: axes for name, axes in parameters.items() if isinstance(axes, tuple)}
    for name in table.values:
        if name in parameters and name not in arrays:
            raise table.error(
                f"{name} is a learnable scalar; its start is the number in parameters", name
            )
        if name not in arrays:
            raise table.error(unknown("parameter {} in init", name, arrays), name)
        if table.values[name] == "orthogonal" and len(arrays[name]) < 2:
            raise table.error(f"{name} has one axis; orthogonal needs two axes or more", name)
    return {
        name: table.get(name, Option(INITIALISER, "glorot_uniform" if len(axes) > 1 else "zeros"))
        for name, axes in arrays.items()
    }


def _read_regularized(section: Section, parameters: dict[str, object]) -> tuple[str, ...]:
    value = section.values.get("regularized", [])
    listed = value if isinstance(value, list) else [value]
    for name in listed:
        if name not in list(parameters):
            raise section.error(
                unknown("parameter {} in regularized", name, parameters), "regularized"
            )
    return tuple(sorted(set(listed)))


def _distinct(section: Section, *groups: list[str]) -> None:
    """No name is declared in two roles; only a left side may repeat itself."""
    seen: set[str] = set()
    for group in groups:
        for name in group:
            if name in seen:
                raise section.error(f"{name} is defined twice; use a new name", "formula")
        seen.update(group)


def _check(table: Section, key: str, what: str, name: str | None = None) -> None:
    try:
        check_name(key if name is None else name, what)
    except InputError as error:
        raise table.error(error.message, key) from None
