"""A copy of a generated module whose functions note every value that an equation reads and makes.

Around the lines of an equation stand calls of two functions, which the caller puts into the module:

    READ(name, at, value)          before its first line, once for every name that it reads
    NOTE(id, name, at, value)      behind its last line

``at`` is a dict of the loops around the equation: over the copies of a repeat, the steps of time.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

READ, NOTE = "_read", "_note"


def noted(source: str, lines: dict[str, tuple[int, int]]) -> str:
    """The source with notes; ``lines`` are first and last line of each equation, from 1."""
    tree = ast.parse(source)
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            function.body = _Function(function, lines).block(function.body, ())
    return ast.unparse(ast.fix_missing_locations(tree))


class _Function:
    def __init__(self, function: ast.FunctionDef, lines: dict[str, tuple[int, int]]) -> None:
        self.spans = sorted(lines.items(), key=lambda item: item[1][1] - item[1][0])
        stored = {n.id for n in _names(function.body) if isinstance(n.ctx, ast.Store)}
        self.locals = stored | {a.arg for a in function.args.args}

    def block(self, body: list[ast.stmt], loops: tuple[str, ...]) -> list[ast.stmt]:
        """The statements with their notes; ``loops`` are the variables of the loops around them."""
        ids = [self.equation(statement) for statement in body]
        made: list[ast.stmt] = []
        for k, (statement, id) in enumerate(zip(body, ids, strict=True)):
            own = [s for s, other in zip(body, ids, strict=True) if id and other == id]
            if own and statement is own[0]:
                made += self.reads(own, loops)
            made.append(statement if own else self.inside(statement, loops))
            if own and id not in ids[k + 1 :]:
                self.note(id, own, loops, made)
        return made

    def equation(self, statement: ast.stmt) -> str:
        """The equation that a statement belongs to: the one with the fewest lines around it."""
        last = statement.end_lineno or statement.lineno
        fitting = (id for id, (a, b) in self.spans if a <= statement.lineno and last <= b)
        return next(fitting, "")

    def inside(self, statement: ast.stmt, loops: tuple[str, ...]) -> ast.stmt:
        if isinstance(statement, ast.For):
            names = [n.id for n in _names([statement.target])]
            statement.body = self.block(statement.body, (*loops, *names))
        elif isinstance(statement, ast.If):
            statement.body = self.block(statement.body, loops)
            statement.orelse = self.block(statement.orelse, loops)
        return statement

    def reads(self, own: list[ast.stmt], loops: tuple[str, ...]) -> list[ast.stmt]:
        made_here = {n.id for n in _names(own) if isinstance(n.ctx, ast.Store)}
        places: dict[str, ast.expr] = {}
        for node in _maximal(own):
            name = base_name(node)
            if name in self.locals - made_here - set(loops):
                place = entry(node, loops)
                places.setdefault(ast.unparse(place), place)
        return [
            ast.Expr(_call(READ, ast.Constant(base_name(p)), _rounds(loops), p))
            for p in places.values()
        ]

    def note(
        self, id: str, own: list[ast.stmt], loops: tuple[str, ...], made: list[ast.stmt]
    ) -> None:
        """Append the note of an equation; one that is returned is noted on its way out."""
        at = _rounds(loops)
        last = own[-1]
        if isinstance(last, ast.Return) and last.value is not None:
            name = id.rpartition(".")[2]
            last.value = _call(NOTE, ast.Constant(id), ast.Constant(name), at, last.value)
            return
        place = entry([t for s in own for t in _targets(s)][-1], loops)
        call = _call(NOTE, ast.Constant(id), ast.Constant(base_name(place)), at, place)
        made.append(ast.Expr(call))


def base_name(place: ast.expr) -> str:
    """The variable behind subscripts and changes of shape; empty where there is none."""
    while isinstance(place, ast.Subscript) or _reshaped(place):
        place = place.value if isinstance(place, ast.Subscript) else _receiver(place)
    return place.id if isinstance(place, ast.Name) else ""


def entry(place: ast.expr, loops: tuple[str, ...]) -> ast.expr:
    """The whole of what a place holds in this round of the loops: ``dz[:, step]`` for
    ``dz[:, step, 8:16]``."""
    if isinstance(place, ast.Name):
        return ast.Name(place.id, ast.Load())
    if not isinstance(place, ast.Subscript):
        return entry(_receiver(place), loops)
    index = place.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    parts = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is None)]
    of_loop = [any(n.id in loops for n in _names([p])) for p in parts]
    if not any(of_loop):
        return entry(place.value, loops)
    inner = place.value if _reshaped(place.value) else entry(place.value, loops)
    whole = [p if kept else ast.Slice() for p, kept in zip(parts, of_loop, strict=True)]
    slice_ = ast.Tuple(whole, ast.Load()) if isinstance(index, ast.Tuple) else whole[0]
    return ast.Subscript(inner, slice_, ast.Load())


def _reshaped(place: ast.expr) -> bool:
    """Whether a method of an array is called, as ``y.reshape(2, -1)``."""
    return isinstance(place, ast.Call) and isinstance(place.func, ast.Attribute)


def _receiver(place: ast.expr) -> ast.expr:
    assert isinstance(place, ast.Call) and isinstance(place.func, ast.Attribute)
    return place.func.value


def _maximal(statements: list[ast.stmt]) -> list[ast.expr]:
    """Every variable that is read, with all its subscripts, in the order of the text."""
    found: list[ast.expr] = []

    def visit(node: ast.AST) -> None:
        below = list(ast.iter_child_nodes(node))
        indices, part = [], node
        while isinstance(part, ast.Subscript):  # they read, too
            indices.append(part.slice)
            part = part.value
        if isinstance(node, ast.Name | ast.Subscript) and isinstance(part, ast.Name):
            found.extend([node] if isinstance(node.ctx, ast.Load) else [])
            below = list(indices)
        for child in below:
            visit(child)

    for statement in statements:
        visit(statement)
    return found


def _targets(statement: ast.stmt) -> list[ast.expr]:
    """What a statement, or one inside it, assigns."""
    found: list[ast.expr] = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            found += node.targets
        elif isinstance(node, ast.AugAssign):
            found.append(node.target)
    return found


def _names(nodes: Sequence[ast.AST]) -> list[ast.Name]:
    return [n for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)]


def _rounds(loops: tuple[str, ...]) -> ast.Dict:
    """The dict of the loops around, by their variables."""
    return ast.Dict([ast.Constant(v) for v in loops], [ast.Name(v, ast.Load()) for v in loops])


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])
