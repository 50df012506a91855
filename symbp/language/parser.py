"""Formula text -> checked parse tree: the grammar as a whitelist over Python's ``ast``.

Nothing is executed: Python's parser only builds its tree, and each node that the grammar
(in the manual, "The formula language") does not name is refused.
"""

from __future__ import annotations

import ast
import warnings

from symbp.language import calls
from symbp.language.literals import check_arithmetic, number
from symbp.language.names import CONSTANTS, FORMS, FUNCTIONS, RESERVED, check_name
from symbp.language.positions import positions
from symbp.language.source import TOO_DEEP, Source, Statement, segment, shorten, statements
from symbp.language.tree import (
    Binary,
    Compare,
    Condition,
    Constant,
    Equation,
    Expr,
    Formula,
    Logical,
    Name,
    Negative,
    Read,
)

MAX_DEPTH = 100
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def parse(text: str, file: str | None = None, line: int = 1) -> Formula:
    """Read a formula: equations, one a line, or one bare expression, which is elementwise.

    ``line`` is where its first line stands in ``file``. Raises InputError, at the line of the
    equation at fault, for whatever is not in the grammar, too long, or too deep.
    """
    parts = statements(text, file, line)
    if len(parts) == 1 and not parts[0].operator:
        return Formula(elementwise=_expression(parts[0].expression, _source(parts[0], file, line)))
    return Formula(tuple(_equation(part, _source(part, file, line)) for part in parts))


def _source(statement: Statement, file: str | None, line: int) -> Source:
    return Source(statement.expression, file, line + statement.line - 1)


def _equation(statement: Statement, source: Source) -> Equation:
    if not statement.operator:
        source.fail(
            f"'{shorten(statement.text)}' is no equation; write name[indices] = expression,"
            " and continue a line inside brackets"
        )
    target = Source(statement.target, source.file, source.line)
    match _python(target):
        case ast.Name(id=name):
            left = Read(check_name(name, "tensor", source.file, source.line), ())
        case ast.Subscript() as node:
            left = _read(node, target)
        case _:
            source.fail(f"'{shorten(target.text)}' is no left side; write name[indices]")
    return Equation(
        left.name,
        left.positions,
        _expression(statement.expression, source),
        statement.operator == "+=",
        statement.line,
        statement.text,
    )


def _expression(text: str, source: Source) -> Expr:
    return expression(_python(source), source)


def _python(source: Source) -> ast.expr:
    """Python's tree of the text, no deeper than ours may be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text, mode="eval").body
    except SyntaxError as error:
        rest = source.text[error.offset - 1 :] if error.offset else ""
        place = f"at '{shorten(rest)}'" if rest.strip() else "at its end"
        source.fail(f"'{shorten(source.text)}' cannot be read: something is amiss {place}")
    except (ValueError, RecursionError, MemoryError):
        source.fail(TOO_DEEP)
    below: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        below = [child for node in below for child in ast.iter_child_nodes(node)]
    if below:
        source.fail(TOO_DEEP)
    return tree


def expression(node: ast.expr, source: Source) -> Expr:
    """``expr``, and all that it is made of."""
    match node:
        case ast.Constant(value=int() | float()):
            return number(segment(node, source), source)
        case ast.Name(id=name):
            return _name(name, source)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negative(expression(operand, source))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            sides = expression(left, source), expression(right, source)
            binary = Binary(OPERATORS[type(op)], *sides)
            check_arithmetic(binary, source)
            return binary
        case ast.Subscript():
            return _read(node, source)
        case ast.Call():
            return calls.call(node, source, calls.Readers(expression, condition, _read))
    text = segment(node, source)
    match node:
        case ast.Compare() | ast.BoolOp():
            source.fail(f"'{text}' is a condition, not a number; write where({text}, 1, 0)")
        case ast.UnaryOp(op=ast.UAdd()):
            source.fail(f"'{text}' begins with a plus; write {text[1:].strip()}")
        case ast.Tuple():
            source.fail(f"'{text}' is a group of indices; write it inside [...]")
    source.fail(f"'{text}' is not in the language; see its grammar in the manual")


def condition(node: ast.expr, source: Source) -> Condition:
    """``cond = comparison {("and"|"or") comparison}``."""
    match node:
        case ast.BoolOp(op=op, values=values):
            name = "and" if isinstance(op, ast.And) else "or"
            return Logical(name, tuple(condition(value, source) for value in values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            sides = expression(left, source), expression(right, source)
            return Compare(COMPARISONS[type(op)], *sides)
        case ast.Compare(comparators=[middle, *_]):
            cut = middle.end_col_offset
            first, second = source.text[node.col_offset : cut], source.text[middle.col_offset :]
            second = second[: (node.end_col_offset or 0) - middle.col_offset]
            source.fail(
                f"'{segment(node, source)}' compares twice;"
                f" write {shorten(first)} and {shorten(second)}"
            )
    source.fail(f"'{segment(node, source)}' is no condition; write a comparison such as u <= t")


def _name(name: str, source: Source) -> Expr:
    if name in CONSTANTS:
        return Constant(name)
    if name in RESERVED:
        source.fail(f"'{name}' is a function; write {name}(...)")
    return Name(check_name(name, "name", source.file, source.line))


def _read(node: ast.Subscript, source: Source) -> Read:
    text = segment(node, source)
    match node.value:
        case ast.Name(id=name):
            check_name(name, "tensor", source.file, source.line)
        case ast.Subscript():
            whole = segment(node, source, whole=True)
            length = len(segment(node.value, source, whole=True))
            outer = whole[length:].lstrip()[1:]
            source.fail(
                f"'{text}' indexes twice; write {shorten(whole[: length - 1] + ',' + outer)}"
            )
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS + FORMS:
            source.fail(f"'{text}' indexes a result; write the indices inside {name}(...)")
        case _:
            source.fail(f"'{text}' indexes an expression; define it as a tensor first")
    return Read(name, positions(node, source, lambda inner: _read(inner, source)))
