"""A tree of array operations as NumPy source."""

from __future__ import annotations

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.border import Border
from symbp.arrays.lower import Added
from symbp.arrays.nodes import (
    Align,
    Arange,
    Condition,
    Const,
    Lin,
    Node,
    Reduce,
    Ref,
    children,
    spans,
)
from symbp.calculus.expression import Group, Letter
from symbp.printers.base import (
    ATOM,
    BATCH,
    CAST,
    CONDITION,
    LOOP,
    POWER,
    PRODUCT,
    SUM,
    slot,
)
from symbp.printers.products import Products

UFUNCS = {
    "abs": "np.abs", "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan",
    "power": "np.power",
    **{f: f"np.{f}" for f in (
        "exp", "log", "tanh", "sin", "cos", "tan", "sinh", "cosh", "sqrt", "sign",
        "log1p", "expm1", "maximum", "minimum",
    )},
}  # fmt: skip


class NumPy(Products):
    """One method a node class; the constructor's arguments are those of ``Constants``."""

    def value(self, target: Ref, tree: Node) -> str:
        """What a whole target gets; it fills the target even where the formula is constant."""
        text = self.text(tree)
        whole = spans(tree) >= set(target.axes)
        if any(isinstance(i, Group) for i in target.index):
            kept = [i for i in target.index if isinstance(i, Group) or i in target.axes]
            shape = ", ".join(map(self._axis_length, kept))
            if not whole:
                return f"np.broadcast_to({text}, {self._shape(target.axes)}).reshape({shape})"
            return f"{self.text(tree, ATOM)}.reshape({shape})"
        if whole:
            return text
        if isinstance(tree, Const):
            return f"np.full({self._shape(target.axes)}, {self._float(tree)}){slot(CAST)}"
        copied = ".copy()" if target.name in self.handed_out else ""
        return f"np.broadcast_to({text}, {self._shape(target.axes)}){copied}"

    def target(self, target: Ref, step: Letter | None) -> str:
        """What is assigned to: the whole array, or its part at one step of a loop."""
        if step is None or step not in target.index:
            return slot(target.name)
        place = target.index.index(step)
        return f"{slot(target.name)}[{':, ' * place}{slot(LOOP + step.name)}]"

    def addition(self, added: Added) -> str:
        """``target[places] += value``; where places may repeat, a sum for each place."""
        value = self.text(added.tree)
        if not added.repeats:
            target = self.text(added.target)
            return f"{target}{'[...]' * target.endswith(')')} += {value}"
        whole, places = _split(self.text(added.target))
        if spans(added.tree) < set(added.target.axes):
            value = f"np.broadcast_to({value}, {self._shape(added.target.axes)})"
        if ":" in places or "," in places:
            places = f"np.s_[{places}]" if ":" in places else f"({places})"
            return f"np.add.at({whole}, {places}, {value})"
        return f"add_at({whole}, {places}, {value})"

    def padded(self, border: Border, fill: sp.Expr | None) -> str:
        """An array with a border of ``fill``, or of zeros."""
        widths = ", ".join(f"({low}, {high})" for low, high in border.widths)
        value = "" if fill is None else f", constant_values={self.number(fill)[0]}"
        return (
            f"np.pad({self.text(border.tree)}, ({widths}{',' * (len(border.widths) == 1)}){value})"
        )

    # -- transposes and broadcasts --------------------------------------------------------------

    def Align(self, node: nodes.Align) -> tuple[str, int]:
        inner = node.x
        if isinstance(inner, Reduce) and self._keeps_place(node, inner):
            return self.marked(inner, self._reduce(inner, keep=True)), ATOM
        text = self.text(inner, ATOM)
        order = [inner.axes.index(a) for a in node.keep]
        if order != sorted(order):
            text += self._transpose(order)
        if node.axes != node.keep:
            text += f"[{', '.join(':' if a in node.keep else 'None' for a in node.axes)}]"
        return text, ATOM

    @staticmethod
    def _keeps_place(node: nodes.Align, inner: nodes.Reduce) -> bool:
        """Whether the result of a reduction goes back to where its axes were."""
        before = inner.x.axes
        if len(node.axes) > len(before):
            return False
        before = before[len(before) - len(node.axes) :]
        return all(
            new == old or (old in inner.over and new not in node.keep)
            for new, old in zip(node.axes, before, strict=True)
        ) and set(inner.axes) <= set(node.axes)

    # -- elementwise ----------------------------------------------------------------------------

    def Lin(self, node: nodes.Lin) -> tuple[str, int]:
        text = ""
        for k, (sign, term) in enumerate(node.terms):
            joint = (" - " if sign < 0 else " + ") if k else ("-" if sign < 0 else "")
            text += joint + self.text(term, PRODUCT if sign < 0 or k else SUM)
        return text, SUM

    def Power(self, node: nodes.Power) -> tuple[str, int]:
        if node.exponent in (3, 4) and isinstance(node.x, Ref):
            return " * ".join([self.text(node.x, ATOM)] * int(node.exponent)), PRODUCT
        return f"{self.text(node.x, ATOM)}**{self._number_at(node.exponent, ATOM)}", POWER

    def Call(self, node: nodes.Call) -> tuple[str, int]:
        name = UFUNCS.get(node.function, node.function)
        return f"{name}({', '.join(self.text(x) for x in node.arguments)})", ATOM

    # -- reductions and choices -----------------------------------------------------------------

    def Reduce(self, node: nodes.Reduce) -> tuple[str, int]:
        return self._reduce(node, keep=False), ATOM

    def _reduce(self, node: nodes.Reduce, keep: bool) -> str:
        axes = [node.x.axes.index(k) for k in node.over]
        rank = len(node.x.axes)
        if len(axes) == rank and not keep:
            return f"{self.text(node.x, ATOM)}.{node.op}()"
        if len(axes) == 1:
            where = "-1" if axes[0] == rank - 1 else str(axes[0])
        else:
            where = f"({', '.join(map(str, sorted(axes)))})"
        keepdims = ", keepdims=True" if keep else ""
        return f"{self.text(node.x, ATOM)}.{node.op}(axis={where}{keepdims})"

    def FirstMaxMask(self, node: nodes.FirstMaxMask) -> tuple[str, int]:
        axes = tuple(node.x.axes.index(k) for k in node.over)
        return f"first_max({self.text(node.x)}, axis={axes})", ATOM

    def Select(self, node: nodes.Select) -> tuple[str, int]:
        condition, then, otherwise = node.condition, node.then, node.otherwise
        if isinstance(condition, Condition):
            if (condition.left, condition.right) == (then, otherwise):
                name = {">": "maximum", ">=": "maximum", "<": "minimum", "<=": "minimum"}
                if condition.op in name:
                    call = name[condition.op]
                    return f"np.{call}({self.text(then)}, {self.text(otherwise)})", ATOM
        if isinstance(then, Const) and isinstance(otherwise, Const):
            both = f"{self._float(then)}, {self._float(otherwise)}"
            return f"np.where({self.text(condition)}, {both}){slot(CAST)}", ATOM
        parts = (self.text(x) for x in (condition, then, otherwise))
        return f"np.where({', '.join(parts)})", ATOM

    def _float(self, node: nodes.Const) -> str:
        text = self.text(node)
        return f"{text}.0" if text.lstrip("-").isdigit() else text

    def Condition(self, node: nodes.Condition) -> tuple[str, int]:
        level = ATOM if node.op in ("and", "or") else SUM
        op = {"and": "&", "or": "|"}.get(node.op, node.op)
        exact = _whole(node.left) and _whole(node.right)
        printer = Integers(self.size_of) if exact else self
        left, right = printer.text(node.left, level), printer.text(node.right, level)
        return f"{left} {op} {right}", CONDITION


def _split(text: str) -> tuple[str, str]:
    """``a[i, j]`` as ``a`` and ``i, j``."""
    depth, k = 0, len(text)
    while depth or k == len(text):
        k -= 1
        depth += (text[k] == "]") - (text[k] == "[")
    return text[:k], text[k + 1 : -1]


class Integers(NumPy):
    """Index letters as integers, for comparisons with each other and with numbers."""

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        size = self.size_of(node.letter)
        return f"np.arange({slot(BATCH) if size is None else size})", ATOM


def _whole(node: Node) -> bool:
    """Whether a value is made of letters and whole numbers alone."""
    if isinstance(node, (Lin, Align)):
        return all(_whole(child) for child in children(node))
    return isinstance(node, Arange) or (isinstance(node, Const) and node.value.is_Integer)
