"""Plants faults in generated source: the slips that people make in backward passes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """``source``: the whole module with one fault; ``fault``: what was done, and where."""

    fault: str
    source: str


def slips(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each way of getting one node wrong, with its name."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield "drop the right factor", left
            yield "drop the left factor", right
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield "drop the divisor", left
            yield "multiply instead", ast.BinOp(left, ast.Mult(), right)
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "swap the operands of @", ast.BinOp(right, ast.MatMult(), left)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield "- for +", ast.BinOp(left, ast.Sub(), right)
            yield "drop the right term", left
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield "+ for -", ast.BinOp(left, ast.Add(), right)
            yield "drop the left term", ast.UnaryOp(ast.USub(), right)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            yield "raise the power", ast.BinOp(left, ast.Pow(), ast.Constant(power + 1))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "drop the minus", operand
        case ast.Attribute(value=value, attr="T"):
            yield "drop .T", value
        case ast.Call(func=ast.Attribute(value=value, attr="sum"), args=args, keywords=keywords):
            mean = ast.Attribute(value, "mean", ast.Load())
            yield "mean for sum", ast.Call(mean, args, keywords)
        case ast.Call(func=ast.Attribute(value=value, attr="mean"), args=args, keywords=keywords):
            total = ast.Attribute(value, "sum", ast.Load())
            yield "sum for mean", ast.Call(total, args, keywords)
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            yield "-= for +=", ast.AugAssign(target, ast.Sub(), value)
            yield "= for +=", ast.Assign([target], value)
        case ast.Assign(targets=targets, value=ast.BinOp() | ast.Call() as value):
            yield "negate", ast.Assign(targets, ast.UnaryOp(ast.USub(), value))
            scaled = ast.BinOp(ast.Constant(1.01), ast.Mult(), value)
            yield "scale by 1.01", ast.Assign(targets, scaled)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def mutants(source: str, function: str) -> Iterator[Mutant]:
    """Every slip at every node of the functions of ``source`` whose name starts so."""
    for place, definition in enumerate(_functions(source, function)):
        for count, node in enumerate(ast.walk(definition)):
            for slip in range(len(list(slips(node)))):
                yield _mutant(source, _functions(source, function)[place], count, slip)


def _functions(source: str, name: str) -> list[ast.FunctionDef]:
    """Parsed afresh, so that each fault stands alone."""
    found = (d for d in ast.parse(source).body if isinstance(d, ast.FunctionDef))
    return [d for d in found if d.name.startswith(name)]


def _mutant(source: str, definition: ast.FunctionDef, count: int, slip: int) -> Mutant:
    """The source with one function written anew."""
    lines = source.splitlines()
    first, last = definition.lineno, definition.end_lineno
    node = list(ast.walk(definition))[count]
    original = lines[getattr(node, "lineno", 0) - 1].strip()
    name, changed = list(slips(node))[slip]
    ast.copy_location(changed, node)
    _Replace(node, changed).visit(definition)
    lines[first - 1 : last] = ast.unparse(ast.fix_missing_locations(definition)).splitlines()
    return Mutant(f"{name}: {original}", "\n".join(lines) + "\n")
