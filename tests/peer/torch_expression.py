"""Evaluates an expression literally: every index a grid axis, every read a gather."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.peer.formula_sizes import expand, positions, tensor_name
from tests.peer.torch_functions import FUNCTIONS, distance_to_kink

REDUCTIONS = ("sum", "mean", "max", "min", "softmax")
OPERATORS: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: operator.and_,
    ast.Or: operator.or_,
}


@dataclass(frozen=True)
class Labelled:
    """An array whose axes are index letters."""

    data: Tensor
    letters: tuple[str, ...] = ()

    def over(self, letters: Sequence[str]) -> Tensor:
        """The array with its axes in the order of ``letters``, of length 1 where it has none."""
        order = [self.letters.index(letter) for letter in letters if letter in self.letters]
        assert len(order) == len(self.letters), f"{self.letters} is not within {letters}"
        where = tuple(slice(None) if letter in self.letters else None for letter in letters)
        return self.data.permute(order)[where]


def aligned(*values: Labelled) -> tuple[tuple[str, ...], list[Tensor]]:
    letters = tuple(dict.fromkeys(letter for value in values for letter in value.letters))
    return letters, [value.over(letters) for value in values]


class Expressions:
    """``tensors`` by name, ``sizes`` of the letters; ``kink`` hears of distances to kinks."""

    def __init__(
        self,
        tensors: dict[str, Tensor],
        sizes: Mapping[str, int],
        kink: Callable[[float], None],
        dtype: torch.dtype,
    ) -> None:
        self.tensors, self.sizes, self.kink, self.dtype = tensors, sizes, kink, dtype
        self.fixed: dict[str, int] = {}  # the letter of a recurrence, at its current step
        self.before: dict[str, tuple[int, Tensor]] = {}  # its axis, the value before the first step

    def expression(self, node: ast.expr) -> Labelled:
        match node:
            case ast.Constant(value=int() | float() as number):
                return Labelled(torch.tensor(float(number), dtype=self.dtype))
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(operand=operand):
                value = self.expression(operand)
                return Labelled(-value.data, value.letters)
            case ast.BinOp(left=left, op=op, right=right):
                return self._apply(OPERATORS[type(op)], left, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._apply(OPERATORS[type(op)], left, right)
            case ast.BoolOp(op=op, values=[first, *rest]):
                letters, (data, *others) = aligned(*map(self.expression, [first, *rest]))
                for other in others:
                    data = OPERATORS[type(op)](data, other)
                return Labelled(data, letters)
            case ast.Subscript():
                value = self.read(node)
                return Labelled(value.data.to(self.dtype), value.letters)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        raise AssertionError(f"not in the language: {ast.unparse(node)}")

    def _name(self, name: str) -> Labelled:
        if name in ("pi", "inf"):
            return Labelled(torch.tensor(getattr(math, name), dtype=self.dtype))
        if name in self.tensors:
            data = self.tensors[name]
            return Labelled(data, tuple(f"..{axis}" for axis in range(data.dim())))
        value = self.index(ast.Name(name))
        return Labelled(value.data.to(self.dtype), value.letters)

    def _apply(self, function: Callable[..., Tensor], *nodes: ast.expr) -> Labelled:
        letters, data = aligned(*map(self.expression, nodes))
        return Labelled(function(*data), letters)

    def _call(self, name: str, args: list[ast.expr]) -> Labelled:
        if name in REDUCTIONS:
            return self._reduce(name, args)
        if name == "where":
            return self._apply(torch.where, *args)
        if name == "stop_gradient":
            return self._apply(Tensor.detach, *args)
        if name == "size":
            assert isinstance(args[0], ast.Name)
            return Labelled(torch.tensor(float(self.sizes[args[0].id]), dtype=self.dtype))
        if name == "pad":
            assert isinstance(args[0], ast.Subscript)
            outside = (
                self.expression(args[1]).data if args[1:] else torch.zeros((), dtype=self.dtype)
            )
            return self.read(args[0], outside)
        letters, data = aligned(*map(self.expression, args))
        self.kink(distance_to_kink(name, *data))
        return Labelled(FUNCTIONS[name](*data), letters)

    def _reduce(self, name: str, args: list[ast.expr]) -> Labelled:
        condition = [a for a in args if isinstance(a, ast.Compare | ast.BoolOp)]
        bound = [a.id for a in args[1:] if isinstance(a, ast.Name)]
        value = self.expression(args[0])
        mask = self.expression(condition[0]) if condition else Labelled(torch.tensor(True))
        kept = tuple(l for l in dict.fromkeys([*value.letters, *mask.letters]) if l not in bound)
        letters = (*kept, *bound)
        size = [self.sizes[letter] for letter in letters]
        data = value.over(letters).expand(size).flatten(len(kept))
        allowed = mask.over(letters).expand(size).flatten(len(kept))
        zero = torch.zeros_like(data)
        if name == "softmax":
            scores = torch.where(allowed, data, zero - torch.inf)
            return Labelled(torch.softmax(scores, -1).reshape(size), letters)
        if name in ("max", "min"):
            sign = 1 if name == "max" else -1
            scores = torch.where(allowed, sign * data, zero - torch.inf)
            if scores.shape[-1] > 1:
                top = scores.detach().topk(2, dim=-1).values
                self.kink(float((top[..., 0] - top[..., 1]).min()))
            return Labelled(sign * scores.max(dim=-1).values, kept)
        total = torch.where(allowed, data, zero).sum(-1)
        return Labelled(total if name == "sum" else total / allowed.sum(-1), kept)

    # -- reads -------------------------------------------------------------------------------

    def index(self, node: ast.expr) -> Labelled:
        """A position as integers over the grid of its letters."""
        match node:
            case ast.Constant(value=int() as number):
                return Labelled(torch.tensor(number))
            case ast.Name(id=letter) if letter in self.fixed:
                return Labelled(torch.tensor(self.fixed[letter]))
            case ast.Name(id=letter):
                return Labelled(torch.arange(self.sizes[letter]), (letter,))
            case ast.UnaryOp(operand=operand):
                value = self.index(operand)
                return Labelled(-value.data, value.letters)
            case ast.BinOp(left=left, op=op, right=right):
                letters, data = aligned(self.index(left), self.index(right))
                return Labelled(OPERATORS[type(op)](*data), letters)
            case ast.Call(args=[ast.Name(id=letter)]):
                return Labelled(torch.tensor(self.sizes[letter]))
            case ast.Tuple(elts=[first, *rest]):
                grid = self.index(first)
                for part in rest:
                    letters, (high, low) = aligned(grid, self.index(part))
                    assert isinstance(part, ast.Name)
                    grid = Labelled(high * self.sizes[part.id] + low, letters)
                return grid
            case ast.Subscript():
                value = self.read(node)
                return Labelled(value.data.long(), value.letters)
        raise AssertionError(f"not a position: {ast.unparse(node)}")

    def read(self, node: ast.Subscript, outside: Tensor | None = None) -> Labelled:
        """``outside``: the value beyond the ends, under ``pad``; None: beyond is an error."""
        name = tensor_name(node)
        tensor = self.tensors[name]
        places = expand(positions(node), tensor.dim())
        assert len(places) == tensor.dim(), f"{ast.unparse(node)}: wrong number of indices"
        letters, index = aligned(*map(self.index, places))
        inside = [(i >= 0) & (i < size) for i, size in zip(index, tensor.shape, strict=True)]
        clamped = [i.clamp(0, s - 1) for i, s in zip(index, tensor.shape, strict=True)]
        value = tensor[tuple(clamped)]
        if name in self.before:
            axis, before = self.before[name]
            others = tuple(i for k, i in enumerate(clamped) if k != axis)
            value = torch.where(inside[axis], value, before[others] if others else before)
            inside[axis] = torch.tensor(True)
        if outside is not None:
            everywhere = torch.tensor(True)
            for condition in inside:
                everywhere = everywhere & condition
            value = torch.where(everywhere, value, outside)
        else:
            assert all(bool(c.all()) for c in inside), f"{ast.unparse(node)} reads outside"
        return Labelled(value, letters)
