"""A layer's formula, derived and printed once, for all layers of the same formula and shapes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import sympy as sp

from symbp.calculus.derive import Derivation, derive
from symbp.calculus.equation import ADJOINT, Equation, Unit
from symbp.calculus.expression import letter
from symbp.calculus.functions import U
from symbp.calculus.guard import guard
from symbp.calculus.hoist import hoist
from symbp.calculus.surroundings import Formulas, Surroundings
from symbp.calculus.translate import Translated, translate
from symbp.calculus.values import body_of
from symbp.language.parser import parse
from symbp.language.sizes import Resolved, resolve
from symbp.language.tree import Formula
from symbp.layers.activations import ACTIVATIONS
from symbp.layers.definition import Definition
from symbp.network.empty import check_reductions
from symbp.network.unit_text import LAST, UnitText, unit_text

Shape = tuple[int | None, ...]  # with the batch axis, whose size is None
NEW = "new_"  # a buffer's value after the step
DERIVED: dict[Hashable, Derivation] = {}  # of every network of a process
KEPT = 1000  # of them, the newest


@dataclass(frozen=True)
class Place:
    """Where a formula stands: the shapes of its inputs, those of them that are integers, the file."""

    shapes: tuple[Shape, ...]
    file: str | None
    integers: frozenset[str] = frozenset()  # local names


@dataclass(frozen=True, eq=False)
class Template:
    definition: Definition
    training: UnitText
    inference: UnitText  # the same object where training makes no difference
    shapes: Mapping[str, Shape]

    @property
    def output_shape(self) -> Shape:
        return self.shapes[self.definition.output]


class Library:
    """Templates made so far; one for each network that is built."""

    def __init__(self) -> None:
        self.templates: dict[str, Template] = {}
        self.formulas = named_formulas()

    def template(self, definition: Definition, place: Place) -> Template:
        """The template of a definition between inputs of these shapes; raises InputError."""
        key = f"{definition!r} {place}"
        if key not in self.templates:
            self.templates[key] = self._build(definition, place)
        return self.templates[key]

    def _build(self, definition: Definition, place: Place) -> Template:
        training, resolved = self.unit_text(definition, definition.formula, place, True)
        inference = training
        if definition.inference is not None:
            inference, _ = self.unit_text(definition, definition.inference, place, False)
        return Template(definition, training, inference, dict(resolved.shapes))

    def unit_text(
        self, definition: Definition, formula: str | Formula, place: Place, training: bool
    ) -> tuple[UnitText, Resolved]:
        unit, updates, order, resolved = self.unit(definition, formula, place, training)
        return unit_text(unit, self.derive(unit), order, updates), resolved

    def unit(
        self, definition: Definition, formula: str | Formula, place: Place, training: bool
    ) -> tuple[Unit, tuple[Equation, ...], dict[str, int], Resolved]:
        """Parse, size and translate one formula; the buffers' updates ride along in training."""
        tree = parse(formula) if isinstance(formula, str) else formula
        updates = definition.updates if training else None
        if updates is not None:
            tree = Formula(tree.equations + parse(updates).equations)
        shapes, file = place.shapes, place.file
        inputs = dict(zip(definition.inputs, shapes, strict=True))
        if training:
            inputs |= dict.fromkeys(definition.noise, shapes[0] if shapes else ())
        buffers = {} if training and updates is None else definition.buffers
        resolved = resolve(
            tree,
            inputs=inputs,
            parameters={**definition.parameters, **buffers},
            constants={name: _shape_of(v) for name, v in definition.constants.items()},
            sizes=dict(definition.sizes),
            output=definition.output,
            integer=place.integers | whole_constants(definition),
            file=file,
            line=definition.line or 1,
        )
        check_reductions(resolved.equations, resolved.sizes, file, definition.line or 1)
        around = Surroundings(
            resolved.sizes,
            resolved.shapes,
            frozenset(definition.parameters),
            frozenset({*inputs, *definition.constants, *buffers}),
            resolved.recurrences,
            file,
            definition.line or 1,
        )
        translated = translate(resolved.equations, around, self.formulas)
        moves = tuple(e for e in translated.equations if e.name.startswith(NEW) and updates)
        body = tuple(e for e in translated.equations if e not in moves)
        unit = self.as_unit(definition, body, translated, resolved)
        order = reading_order(definition, resolved)
        order |= {link.name: order[link.base] for link in unit.links}
        for name in hoisted(unit, translated):
            order[name] = order[definition.inputs[0]]
        return unit, moves, order, resolved

    def as_unit(
        self,
        definition: Definition,
        equations: tuple[Equation, ...],
        translated: Translated,
        resolved: Resolved,
    ) -> Unit:
        sizes = {**resolved.sizes, **translated.sizes}
        for name, letters in translated.letters.items():
            for axis, index in enumerate(letters):
                if index.name not in sizes and name in resolved.shapes:
                    sizes[index.name] = resolved.shapes[name][axis]
        own = dict(translated.letters)
        for name in (*definition.inputs, *definition.parameters):
            if name not in own:  # its reads cancelled
                own[name] = tuple(letter(f"{name}{k}") for k in range(len(resolved.shapes[name])))
                sizes |= {i.name: s for i, s in zip(own[name], resolved.shapes[name], strict=True)}
        unit = Unit(
            equations=equations,
            inputs=tuple(i for i in definition.inputs),
            parameters=tuple(definition.parameters),
            letters=own,
            sizes=sizes,
            axes=dict(translated.axes),
            parts=translated.parts,
            cuts=translated.cuts,
            functions=self.bodies,
            fills=translated.fills,
            links=translated.links,
        )
        return hoist(unit)

    def derive(self, unit: Unit, seed: bool = True) -> Derivation:
        """Derive a unit once; equal equations of other sizes share the result."""
        key = (_identity(unit), seed)
        if key not in DERIVED:
            derivation = derive(unit, seed)
            guard(derivation)
            if len(DERIVED) >= KEPT:
                del DERIVED[next(iter(DERIVED))]
            DERIVED[key] = derivation
        return DERIVED[key]

    @cached_property
    def bodies(self) -> dict[str, sp.Expr]:
        return dict(named_bodies())


def _identity(unit: Unit) -> Hashable:
    """All of a unit that its derivation depends on; of the sizes, which reads fall short of an axis."""
    short = tuple(r for r in unit.reads if r.plain and not unit.covers(r))
    tables = (unit.letters, unit.axes, unit.fills, unit.functions)
    return (
        unit.equations, unit.inputs, unit.parameters, unit.parts, unit.cuts, unit.given,
        unit.assumptions, unit.links, *(tuple(t.items()) for t in tables), frozenset(unit.sizes), short,
    )  # fmt: skip


def first_line(resolved: Resolved) -> int:
    """Of the equations that read their own past, in the formula."""
    return min(
        (e.line for e in resolved.equations if e.name in resolved.recurrent and e.line), default=1
    )


def reading_order(definition: Definition, resolved: Resolved) -> dict[str, int]:
    """Adjoints first, then tensors as the formula names them, parts behind, parameters last."""
    names: dict[str, None] = {}
    for equation in resolved.equations:
        for node in _words(equation.rhs):
            names[node] = None
        names[equation.name] = None
    tensors = [n for n in names if n not in definition.parameters]
    order = {ADJOINT + definition.output: 0}
    order |= {ADJOINT + n: 1 + k for k, n in enumerate(tensors)}
    places = {n: 1000 + k for k, n in enumerate(names)}
    return order | {n: p + LAST * (n in definition.parameters) for n, p in places.items()}


def _words(node: object) -> list[str]:
    found = [node.name] if hasattr(node, "name") and isinstance(node.name, str) else []
    for value in getattr(node, "__dict__", {}).values():
        for child in value if isinstance(value, tuple) else (value,):
            if hasattr(child, "__dataclass_fields__"):
                found += _words(child)
    return found


def hoisted(unit: Unit, translated: Translated) -> list[str]:
    """The parts that were taken out of a recurrence."""
    before = {e.name for e in translated.equations}
    return [e.name for e in unit.equations if e.name not in before]


def whole_constants(definition: Definition) -> frozenset[str]:
    """The constants that are made of whole numbers, which may index other tensors."""
    return frozenset(n for n, v in definition.constants.items() if _is_whole(v))


def _is_whole(value: object) -> bool:
    return all(map(_is_whole, value)) if isinstance(value, tuple) else isinstance(value, int)


def _shape_of(value: object) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(value, (tuple, list)):
        shape.append(len(value))
        value = value[0]
    return tuple(shape)


@cache
def named_formulas() -> Formulas:
    """Which activations keep their name, and the parsed formulas of those that are written out."""
    named = frozenset(n for n, a in ACTIVATIONS.items() if a.named)
    bodies = {n: parse(a.formula).elementwise for n, a in ACTIVATIONS.items() if not a.named}
    return Formulas(named, {n: b for n, b in bodies.items() if b is not None})


@cache
def named_bodies() -> Mapping[str, sp.Expr]:
    """The named activations as SymPy expressions in ``u``."""
    trees = {n: parse(a.formula).elementwise for n, a in ACTIVATIONS.items() if a.named}
    return {name: body_of(tree, U) for name, tree in trees.items() if tree is not None}


__all__ = ["Library", "Template", "UnitText", "letter", "reading_order", "unit_text"]
