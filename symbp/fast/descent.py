"""An optimizer's step over the flat parameters, in place: one NumPy call for each operation of the lines
of its function, in their order, so that both give the same bits."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from symbp.writers.equations import UPDATE
from symbp.writers.lines import Line
from symbp.writers.optimizers import Optimizer

CALLS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


class Descent:
    """``lines`` move a part of the parameters; ``spare`` names the arrays that they need beside
    the parameters, the gradient and the moments."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.arrays = {"value": "P", "gradient": "G"} | {m: m for m in optimizer.moments}
        self.kept = ["value", *optimizer.moments]
        self.numbers = {"rate": "self.learning_rate", "step": "self.steps"} | {
            name: repr(value) for name, value in optimizer.options
        }
        self.flat = ("P", "G", *optimizer.moments)
        self.spare: list[str] = []
        self.free: list[str] = []
        self.lines: list[Line] = []
        for row in optimizer.body:
            self._row(row)

    def _row(self, row: str) -> None:
        """A line of the optimizer's function: ``name = expression`` or ``return expression, ...``."""
        comment = row.replace("return ", "value = ").partition(",")[0]
        statement = ast.parse(f"def f():\n    {row}").body[0].body[0]  # type: ignore[attr-defined]
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            name, value = target.id, statement.value
        else:  # the moments that are handed back behind the value lie in their places already
            value = statement.value
            name, value = "value", value.elts[0] if isinstance(value, ast.Tuple) else value
        first = len(self.lines)
        out = self.arrays[name] if name in self.kept else self._new()
        self._call(value, out)
        self.arrays[name] = out
        self.lines[first] = Line(self.lines[first].code, comment, UPDATE)

    def _call(self, tree: ast.expr, out: str) -> None:
        """Write an expression's value to ``out``; where it is read behind a first write, to a spare."""
        if isinstance(tree, ast.Call):
            (argument,) = tree.args
            self._write(ast.unparse(tree.func), [argument], out)
            return
        assert isinstance(tree, ast.BinOp)
        self._write(f"np.{CALLS[type(tree.op)]}", [tree.left, tree.right], out)

    def _write(self, function: str, operands: list[ast.expr], out: str) -> None:
        codes: list[str] = []
        taken: list[str] = []
        for k, operand in enumerate(operands):
            if self._simple(operand):
                codes.append(self._code(operand))
                continue
            later = {a for o in operands[k + 1 :] for a in self._read(o)}
            held = out if out not in later and out not in codes else self._new()
            taken += [held] if held != out else []
            self._call(operand, held)
            codes.append(held)
        self.free += taken
        self.lines.append(Line(f"{function}({', '.join([*codes, out])})", id=UPDATE))

    def _new(self) -> str:
        if self.free:
            return self.free.pop()
        self.spare.append("uvwabcd"[len(self.spare)])
        return self.spare[-1]

    def _read(self, tree: ast.expr) -> Iterable[str]:
        names = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
        return {self.arrays[n] for n in names if n in self.arrays}

    def _simple(self, tree: ast.expr) -> bool:
        return isinstance(tree, ast.Name) or not self._read(tree)

    def _code(self, tree: ast.expr) -> str:
        """An array's name, or a number as code."""
        if isinstance(tree, ast.Name) and tree.id in self.arrays:
            return self.arrays[tree.id]
        return ast.unparse(_Given(self.numbers).visit(tree)).replace(" ** ", "**")


class _Given(ast.NodeTransformer):
    """Puts numbers in the place of their names."""

    def __init__(self, numbers: dict[str, str]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self.numbers.get(node.id, node.id), mode="eval").body

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        made = self.generic_visit(node)
        assert isinstance(made, ast.Subscript)
        if isinstance(made.value, ast.Tuple) and isinstance(made.slice, ast.Constant):
            return made.value.elts[int(ast.unparse(made.slice))]
        return made
