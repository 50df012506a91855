"""The [[layer]] tables: each becomes a checked Layer with its defaults filled in."""

from __future__ import annotations

from dataclasses import replace

from symbp.language.declared import freeze
from symbp.language.kinds import NAME, Option, list_of
from symbp.language.layer_parts import Parts, read_parts
from symbp.language.options import (
    LAYERS,
    MERGING,
    NESTING,
    SHAPING,
    WITHOUT_PARAMETERS,
    has_weights,
)
from symbp.language.scope import Scope
from symbp.language.sections import Section
from symbp.language.spec import Layer
from symbp.language.wording import show, unknown

MAX_NESTING = 16
NAMES = Option(list_of(NAME, 'a list of names, such as ["a"]'))

# What a sharing layer takes over where it says nothing itself.
TAKEN_OVER = (*SHAPING, "formula", "function", "parameters", "init", "constants", "sizes", "latex",
              "regularized")  # fmt: skip


def read_layers(sections: list[Section], scope: Scope, depth: int = 0) -> tuple[Layer, ...]:
    """The chain of layers; InputError at the first mistake."""
    return tuple(_read_layer(section, scope, depth) for section in sections)


def _read_layer(section: Section, scope: Scope, depth: int) -> Layer:
    kind = _read_type(section)
    section = replace(section, what=_with_article(kind))
    section.only(_known_keys(kind))
    owner = scope.owner(section, kind) if "share" in section.values else None
    table = _taken_over(section, scope.tables[owner.name or ""]) if owner else section
    options = table.read({k: option for k, option in LAYERS[kind].items() if k != "layers"})
    if has_weights(kind) and options["init"] is None:
        options["init"] = scope.init
    scope.enter(section, _times(options))
    parts = read_parts(kind, table, options)
    inputs = _read_inputs(section, kind, parts, scope)
    layers = _read_inner(section, scope, _times(options), depth) if kind in NESTING else ()
    name = None
    if "name" in section.values:
        name = scope.name(section, section.values["name"], "layer")
    layer = Layer(
        type=kind,
        name=name,
        options=freeze(parts.options),
        inputs=inputs,
        share=(owner.share or owner.name) if owner else None,
        formula=parts.formula,
        layers=layers,
        line=section.line() or 0,
        formula_line=parts.formula_line,
    )
    if owner:
        _check_shared(section, layer, owner)
    if name is not None:
        scope.layers[name] = layer
        scope.tables[name] = table
    return layer


def _read_type(section: Section) -> str:
    if "type" not in section.values:
        raise section.error('a layer needs a type, for example type = "dense"')
    kind = section.values["type"]
    if not isinstance(kind, str) or kind not in LAYERS:
        raise section.error(unknown("layer type {}", kind, LAYERS), "type")
    return kind


def _with_article(kind: str) -> str:
    return f"a{'n' * (kind[0] in 'aeiou' or kind in ('rnn', 'lstm', 'rmsnorm'))} {kind} layer"


def _known_keys(kind: str) -> list[str]:
    share = [] if kind in WITHOUT_PARAMETERS else ["share"]
    return [*LAYERS[kind], "name", "inputs", *share, "type"]


def _times(options: dict[str, object]) -> int:
    times = options.get("times", 1)
    assert isinstance(times, int)
    return times


def _read_inputs(
    section: Section, kind: str, parts: Parts, scope: Scope
) -> tuple[tuple[str, str], ...]:
    if parts.inputs is not None:  # of a formula, with local names
        return tuple(
            (local, scope.source(section, name, "inputs", local)) for local, name in parts.inputs
        )
    if kind in MERGING and "inputs" not in section.values:
        raise section.error(f'{section.what} needs inputs = ["a", "b"], two names or more')
    if "inputs" not in section.values:
        return ()
    names = section.get("inputs", NAMES)
    assert isinstance(names, tuple)
    if kind in MERGING and len(names) < 2:
        raise section.error(f"{section.what} needs two inputs or more, not one", "inputs")
    if kind not in MERGING and len(names) > 1:
        raise section.error(
            f"{section.what} takes one input, not {len(names)}; join them with an add, multiply "
            "or concat layer",
            "inputs",
        )
    return tuple(("", scope.source(section, name, "inputs")) for name in names)


def _read_inner(section: Section, scope: Scope, times: int, depth: int) -> tuple[Layer, ...]:
    """The layers of a residual or repeat; names inside a repeat are not visible behind it."""
    inner = section.tables("layers", "a layer")
    if not inner:
        raise section.error(f"{section.what} needs layers: [[layer.layers]]")
    if depth >= MAX_NESTING:
        raise section.error(f"layers nest at most {MAX_NESTING} deep")
    visible, copies = dict(scope.layers), scope.copies
    scope.copies = copies * times
    layers = read_layers(inner, scope, depth + 1)
    scope.copies = copies
    if section.values["type"] == "repeat":
        scope.layers = visible
    return layers


def _taken_over(section: Section, owner: Section) -> Section:
    """The table of a sharing layer, completed by that of the owner of its parameters."""
    taken = {k: v for k, v in owner.values.items() if k in TAKEN_OVER}
    return replace(section, values={**taken, **section.values})


def _check_shared(section: Section, layer: Layer, owner: Layer) -> None:
    theirs = dict(owner.options)
    if theirs.get("parameters") == () or theirs.get("kind") == "sinusoidal":
        raise section.error(f"'{owner.name}' has no parameters to share", "share")
    for key, value in layer.options:
        if key in (*SHAPING, "parameters", "init") and theirs[key] != value:
            there, here = (_written(v) for v in (theirs[key], value))
            raise section.error(
                f"{section.what} that shares the parameters of '{owner.name}' has {key} = {there} "
                f"as there, not {here}",
                key,
            )


def _written(value: object) -> str:
    return show(list(value) if isinstance(value, tuple) else value)
