"""Reads the text of a formula, and finds the size of each of its index letters."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Equation:
    """``name[positions] = rhs``; ``+=`` is not told apart, as every equation sums into zeros."""

    name: str
    positions: tuple[ast.expr, ...]
    rhs: ast.expr

    @property
    def is_initial(self) -> bool:
        """Whether it gives the value before the first step: ``h[n,-1,j] = h0[j]``."""
        return any(isinstance(p, ast.UnaryOp) for p in self.positions)


def parse(text: str) -> ast.expr | list[Equation]:
    """An elementwise expression, or the equations in file order."""
    body = ast.parse("\n".join(line.strip() for line in text.strip().splitlines())).body
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return body[0].value
    return [_equation(statement) for statement in body]


def _equation(statement: ast.stmt) -> Equation:
    if isinstance(statement, ast.AugAssign):
        target: ast.expr = statement.target
    else:
        assert isinstance(statement, ast.Assign), ast.unparse(statement)
        (target,) = statement.targets
    if isinstance(target, ast.Subscript):
        return Equation(tensor_name(target), positions(target), statement.value)
    assert isinstance(target, ast.Name)
    return Equation(target.id, (), statement.value)


def tensor_name(read: ast.Subscript) -> str:
    assert isinstance(read.value, ast.Name), ast.unparse(read)
    return read.value.id


def positions(read: ast.Subscript) -> tuple[ast.expr, ...]:
    """The indices of a read; a tuple among them is an axis split in several."""
    inside = read.slice
    if not isinstance(inside, ast.Tuple):
        return (inside,)
    start = (inside.lineno, inside.col_offset)
    parenthesised = start < (inside.elts[0].lineno, inside.elts[0].col_offset)
    return (inside,) if parenthesised else tuple(inside.elts)


def expand(places: Sequence[ast.expr], rank: int) -> tuple[ast.expr, ...]:
    """Replaces ``...`` by as many letters of its own (``..0``, ``..1``) as ``rank`` axes need."""
    is_dots = [isinstance(p, ast.Constant) and p.value is ... for p in places]
    if not any(is_dots):
        return tuple(places)
    k = is_dots.index(True)
    dots = tuple(ast.Name(f"..{axis}") for axis in range(rank - len(places) + 1))
    return (*places[:k], *dots, *places[k + 1 :])


def reads(node: ast.AST, padded: bool = False) -> Iterator[tuple[ast.Subscript, bool]]:
    """Every read below ``node``, and whether it stands inside ``pad``."""
    is_pad = isinstance(node, ast.Call) and ast.unparse(node.func) == "pad"
    if isinstance(node, ast.Subscript):
        yield node, padded
    for child in ast.iter_child_nodes(node):
        yield from reads(child, is_pad and isinstance(node, ast.Call) and child is node.args[0])


def affine(node: ast.expr, sizes: Mapping[str, int]) -> tuple[dict[str, int], int] | None:
    """A position as (coefficient of each letter, constant); None if it is no such thing (yet)."""
    match node:
        case ast.Constant(value=int(value)):
            return {}, value
        case ast.Name(id=letter):
            return {letter: 1}, 0
        case ast.UnaryOp(operand=operand):
            return _scaled(affine(operand, sizes), -1)
        case ast.Call(args=[ast.Name(id=letter)]):
            return ({}, sizes[letter]) if letter in sizes else None
        case ast.BinOp(left=ast.Constant(value=int(factor)), op=ast.Mult(), right=right):
            return _scaled(affine(right, sizes), factor)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = (
                affine(left, sizes),
                _scaled(affine(right, sizes), 1 - 2 * isinstance(op, ast.Sub)),
            )
            if a is None or b is None:
                return None
            letters = dict.fromkeys([*a[0], *b[0]])
            return {l: a[0].get(l, 0) + b[0].get(l, 0) for l in letters}, a[1] + b[1]
    return None


def _scaled(form: tuple[dict[str, int], int] | None, k: int) -> tuple[dict[str, int], int] | None:
    return form and ({letter: k * c for letter, c in form[0].items()}, k * form[1])


@dataclass(frozen=True)
class _Place:
    """One position of one read."""

    name: str
    axis: int
    position: ast.expr
    padded: bool


class Sizes:
    """Infers the sizes of the letters of ``equations``, by the rules of the language.

    ``shapes``: of the tensors that are there, batch axis included. ``declared``: the axes of the
    parameters, each a size or a letter. ``given``: the table ``sizes`` of the layer. The result
    is ``sizes``; a letter that stays open raises ``AssertionError``.
    """

    def __init__(
        self,
        equations: Sequence[Equation],
        shapes: Mapping[str, Shape],
        declared: Mapping[str, Sequence[int | str]],
        given: Mapping[str, int],
    ) -> None:
        self.shapes, self.declared, self.sizes = shapes, declared, dict(given)
        self.dots = _dots(equations, shapes)
        self.left: dict[str, list[tuple[ast.expr, ...]]] = {}
        for e in equations:
            if not e.is_initial:
                rank = len(e.positions) - 1 + self.dots
                self.left.setdefault(e.name, []).append(expand(e.positions, rank))
        self.places = [
            _Place(tensor_name(read), axis, position, padded)
            for e in equations
            for read, padded in reads(e.rhs)
            for axis, position in enumerate(self.expanded(read))
        ]
        while self._exact() or self._affine():
            pass
        missing = {l for p in self.places for l in _letters(p.position)} - set(self.sizes)
        assert not missing, f"sizes of {sorted(missing)} are open"

    def expanded(self, read: ast.Subscript) -> tuple[ast.expr, ...]:
        places = positions(read)
        return expand(places, len(places) - 1 + self.dots)

    def shape(self, name: str) -> Shape:
        """Of a parameter or a defined tensor, once all is known."""
        rank = len(self.declared[name] if name in self.declared else self.left[name][0])
        sizes = [self._axis(name, axis) for axis in range(rank)]
        return tuple(size for size in sizes if size is not None)

    def _axis(self, name: str, axis: int) -> int | None:
        if name in self.shapes:
            return self.shapes[name][axis]
        if name in self.declared:
            size = self.declared[name][axis]
            return self.sizes.get(size) if isinstance(size, str) else size
        extents = [self._extent(places[axis]) for places in self.left[name]]
        return None if None in extents else max(e for e in extents if e is not None)

    def _extent(self, position: ast.expr) -> int | None:
        """The length that an axis written at ``position`` needs."""
        if isinstance(position, ast.Tuple):
            parts = [self._extent(part) for part in position.elts]
            return None if None in parts else math.prod(p for p in parts if p is not None)
        form = affine(position, self.sizes)
        if form is None or any(letter not in self.sizes for letter in form[0]):
            return None
        return form[1] + 1 + sum(max(0, c) * (self.sizes[l] - 1) for l, c in form[0].items())

    def _exact(self) -> bool:
        """Bare letters, split axes and declared letters; True if one of them told something."""
        before = len(self.sizes)
        for p in self.places:
            size = self._axis(p.name, p.axis)
            parts = p.position.elts if isinstance(p.position, ast.Tuple) else [p.position]
            names = [part.id for part in parts if isinstance(part, ast.Name)]
            open_ = [name for name in names if name not in self.sizes]
            if len(names) != len(parts):
                continue
            if size is not None and len(open_) == 1:
                known = math.prod(self.sizes[name] for name in names if name in self.sizes)
                assert size % known == 0, f"{p.name}: {size} is not divisible by {known}"
                self.sizes[open_[0]] = size // known
            elif size is None and not open_ and p.name in self.declared:
                letter = self.declared[p.name][p.axis]
                self.sizes[str(letter)] = math.prod(self.sizes[name] for name in names)
        return len(self.sizes) > before

    def _affine(self) -> bool:
        """The first letter that is the only open one of an affine read; its tightest bound."""
        bounds: dict[str, list[int]] = {}
        for p in self.places:
            size, form = self._axis(p.name, p.axis), affine(p.position, self.sizes)
            if size is None or form is None or isinstance(p.position, ast.Name):
                continue
            coefficients, constant = form
            open_ = [l for l in coefficients if l not in self.sizes]
            if len(open_) == 1 and (c := coefficients[open_[0]]) > 0:
                rest = sum(
                    k * (self.sizes[l] - 1) for l, k in coefficients.items() if l not in open_
                )
                room = size - 1 - rest - constant * (2 if p.padded else 1)
                bounds.setdefault(open_[0], []).append(room // c + 1)
        for letter, found in bounds.items():
            self.sizes[letter] = min(found)
            return True
        return False


def _dots(equations: Sequence[Equation], shapes: Mapping[str, Shape]) -> int:
    """The number of axes that ``...`` stands for: that of the first read of a known tensor."""
    for e in equations:
        for read, _ in reads(e.rhs):
            places = positions(read)
            has_dots = any(isinstance(p, ast.Constant) and p.value is ... for p in places)
            if has_dots and tensor_name(read) in shapes:
                return len(shapes[tensor_name(read)]) - len(places) + 1
    return 0


def _letters(position: ast.expr) -> set[str]:
    """The letters of a position, those of an inner read left to that read."""
    if isinstance(position, ast.Subscript):
        return set()
    if isinstance(position, ast.Name):
        return {position.id}
    if isinstance(position, ast.Call):
        return {position.args[0].id} if isinstance(position.args[0], ast.Name) else set()
    inner = [c for c in ast.iter_child_nodes(position) if isinstance(c, ast.expr)]
    return set().union(*map(_letters, inner)) if inner else set()
