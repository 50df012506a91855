"""A tree of array operations as NumPy source."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.lower import Lowered, shared_places
from symbp.arrays.nodes import (
    Align,
    Arange,
    Call,
    Condition,
    Const,
    Contract,
    Einsum,
    FirstMaxMask,
    Lin,
    Node,
    Power,
    Prod,
    Reduce,
    Ref,
    Select,
    children,
    is_indicator,
    spans,
)
from symbp.calculus.expression import Group, Letter, Size
from symbp.printers.base import (
    ATOM,
    BATCH,
    CAST,
    CONDITION,
    LOOP,
    POWER,
    PRODUCT,
    SUM,
    Printer,
    slot,
)

SizeOf = Callable[[Letter], int | None]
UFUNCS = {
    "abs": "np.abs", "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan",
    "power": "np.power",
    **{f: f"np.{f}" for f in (
        "exp", "log", "tanh", "sin", "cos", "tan", "sinh", "cosh", "sqrt", "sign",
        "log1p", "expm1", "maximum", "minimum",
    )},
}  # fmt: skip


class NumPy(Printer):
    """``size_of`` gives the size of a letter, ``length`` that of a tensor's axis; None is the batch,
    which is known when the code runs. What is ``handed_out`` must own its memory."""

    def __init__(
        self,
        size_of: SizeOf,
        length: Callable[[str, int], int | None] | None = None,
        handed_out: frozenset[str] = frozenset(),
    ) -> None:
        self.size_of = size_of
        self.length = length
        self.handed_out = handed_out

    def statement(self, lowered: Lowered) -> tuple[str, str]:
        """Target and value of an assignment, or of ``+=`` for a scatter."""
        return self.target(lowered.target), self.value(lowered)

    def value(self, lowered: Lowered) -> str:
        """The right-hand side; it fills the whole target even where the formula is constant."""
        tree, target = lowered.tree, lowered.target
        text = self.text(tree)
        whole = spans(tree) >= set(target.axes)
        if any(isinstance(i, Group) for i in target.index) and not lowered.scatter:
            shape = ", ".join(self._axis_length(i) for i in target.index)
            if not whole:
                return f"np.broadcast_to({text}, {self._shape(target.axes)}).reshape({shape})"
            return f"{self.text(tree, ATOM)}.reshape({shape})"
        if whole or lowered.scatter:
            return text
        if isinstance(tree, Const):
            return f"np.full({self._shape(target.axes)}, {self._float(tree)}){slot(CAST)}"
        copied = ".copy()" if target.name in self.handed_out else ""
        return f"np.broadcast_to({text}, {self._shape(target.axes)}){copied}"

    def target(self, ref: nodes.Ref) -> str:
        if not ref.short and all(isinstance(i, Group) for i in ref.index if not i.is_Symbol):
            if shared_places(ref.index) is None and set(ref.index) - {*ref.axes} <= _groups(ref):
                return slot(ref.name)
        return self.text(ref)

    def _axis_length(self, index: sp.Expr) -> str:
        parts = index.parts if isinstance(index, Group) else (index,)
        total = 1
        for part in parts:
            size = self.size_of(part)
            if size is None:
                return "-1"
            total *= size
        return str(total)

    def _shape(self, axes: tuple[Letter, ...]) -> str:
        lengths = [self._length(i) for i in axes]
        return f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"

    def _length(self, index: Letter) -> str:
        size = self.size_of(index)
        return slot(BATCH) if size is None else str(size)

    # -- leaves ---------------------------------------------------------------------------------

    def Const(self, node: nodes.Const) -> tuple[str, int]:
        return self.number(node.value)

    def number(self, value: sp.Expr) -> tuple[str, int]:
        """A constant; Python floats keep float32 arrays float32, NumPy's scalars would not."""
        if isinstance(value, Size):
            size = self.size_of(value.letter)
            return (slot(BATCH) if size is None else str(size)), ATOM
        if value.is_Integer:
            return str(value), ATOM if value >= 0 else SUM
        if value.is_Rational:
            decimal = decimal_of(value)
            if decimal is not None:
                return decimal, ATOM if value > 0 else SUM
            return f"{value.p} / {value.q}", PRODUCT
        if value == sp.pi:
            return "np.pi", ATOM
        if value in (sp.oo, -sp.oo):
            return ("np.inf", ATOM) if value == sp.oo else ("-np.inf", SUM)
        if value.is_Symbol:
            return slot(LOOP + value.name), ATOM
        if value.is_Add:
            terms = sorted(value.args, key=lambda a: (a.could_extract_minus_sign(), a.is_number))
            return " + ".join(self.number(a)[0] for a in terms).replace("+ -", "- "), SUM
        if value.is_Pow and value.exp == sp.Rational(1, 2):
            return f"math.sqrt({self.number(value.base)[0]})", ATOM
        if value.is_Pow and value.exp.is_number and value.exp.could_extract_minus_sign():
            return f"1 / {self._number_at(1 / value, POWER)}", PRODUCT
        if value.is_Mul:
            return self._number_product(value), PRODUCT
        if value.is_Pow and value.base != sp.E:
            return f"{self._number_at(value.base, ATOM)}**{self._number_at(value.exp, ATOM)}", POWER
        name = "exp" if value.is_Pow else type(value).__name__.lower()
        inner = value.exp if value.is_Pow else value.args[0]
        return f"math.{name}({self.number(inner)[0]})", ATOM

    def _number_product(self, value: sp.Mul) -> str:
        over, under = sp.fraction(value)
        top = [self._number_at(f, PRODUCT) for f in sp.Mul.make_args(over) if f != 1] or ["1"]
        bottom = [self._number_at(f, POWER) for f in sp.Mul.make_args(under) if f != 1]
        return " / ".join([" * ".join(top), *bottom])

    def _number_at(self, value: sp.Expr, level: int) -> str:
        text, own = self.number(value)
        return f"({text})" if own < level else text

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        size = self.size_of(node.letter)
        count = f"{slot(BATCH)}, dtype=float" if size is None else f"{size}.0"
        return f"np.arange({count}){slot(CAST)}", ATOM

    def Ref(self, node: nodes.Ref) -> tuple[str, int]:
        if node.whole:
            return slot(node.name), ATOM
        text, index = self._split_groups(node)
        return self._subscript(text, index, node), ATOM

    def _split_groups(self, node: nodes.Ref) -> tuple[str, list[sp.Expr]]:
        """Reshape so that every part of a composite index has an axis of its own."""
        if not any(isinstance(i, Group) for i in node.index):
            return slot(node.name), list(node.index)
        parts: list[sp.Expr] = []
        lengths: list[str] = []
        for axis, index in enumerate(node.index):
            if isinstance(index, Group) or index.is_Symbol:
                inside = index.parts if isinstance(index, Group) else (index,)
                parts += inside
                lengths += [self._axis_length(p) for p in inside]
                continue
            parts.append(index)
            length = self.length(node.name, axis) if self.length else None
            lengths.append("-1" if length is None else str(length))
        return f"{slot(node.name)}.reshape({', '.join(lengths)})", parts

    def _subscript(self, text: str, index: list[sp.Expr], node: nodes.Ref) -> str:
        specs: list[str] = []
        windows: list[tuple[int, int, int]] = []  # axis, width, step
        shared = range(*(shared_places(tuple(index), self._fixed(index, node)) or (0, 0)))
        block = [a for a in node.axes if any(a in index[k].free_symbols for k in shared)]
        for axis, place in enumerate(index):
            place = self._with_sizes(place)
            inside = [s for s in node.axes if s in place.free_symbols]
            if axis in shared:
                specs.append(self._advanced(place, block))
            elif place.is_Symbol and inside and axis in node.short:
                specs.append(f":{self._length(place)}")
            elif place.is_Symbol and inside:
                specs.append(":")
            elif not inside:
                specs.append(self.number(place)[0])
            elif len(inside) == 1:
                specs.append(self._slice(place, inside[0]))
            else:
                outer, inner = inside
                step = int(place.coeff(inner))
                windows.append((axis, step * (self._size(inner) - 1) + 1, step))
                specs.append(self._slice(place.xreplace({inner: sp.S.Zero}), outer))
        if windows:
            axes, widths, steps = zip(*windows, strict=True)
            where = f"{widths[0]}, axis={axes[0]}" if len(axes) == 1 else f"{widths}, axis={axes}"
            text = f"np.lib.stride_tricks.sliding_window_view({text}, {where})"
            specs += [":" if s == 1 else f"::{s}" for s in steps]
        while len(specs) > 1 and specs[-1] == ":":
            specs.pop()
        return text if specs == [":"] else f"{text}[{', '.join(specs)}]"

    def _fixed(self, index: list[sp.Expr], node: nodes.Ref) -> set[Letter]:
        return {s for place in index for s in place.free_symbols} - set(node.axes)

    def _with_sizes(self, place: sp.Expr) -> sp.Expr:
        sizes = {s: self.size_of(s.letter) for s in place.atoms(Size)}
        return place.xreplace({s: sp.Integer(k) for s, k in sizes.items() if k is not None})

    def _advanced(self, place: sp.Expr, block: list[Letter]) -> str:
        """An array of positions, with an axis for each letter of the block that it shares."""
        text = ""
        for k, index in enumerate(block):
            count = int(place.coeff(index))
            if not count:
                continue
            behind = len(block) - k - 1
            size = self.size_of(index)
            term = f"np.arange({slot(BATCH) if size is None else size})"
            term += f"[:{', None' * behind}]" if behind else ""
            joint = " - " if count < 0 else " + "
            term = term if abs(count) == 1 else f"{abs(count)} * {term}"
            text += (joint if text else joint.strip(" +")) + term
        rest = place - sum(place.coeff(i) * i for i in block)
        return text if rest == 0 else f"{text} + {self.number(rest)[0]}".lstrip(" +")

    def _size(self, index: sp.Symbol) -> int:
        size = self.size_of(index)
        if size is None:
            raise ValueError(f"the batch letter {index} stands in an affine index")
        return size

    def _slice(self, place: sp.Expr, index: sp.Symbol) -> str:
        """``c*i + s`` for i = 0 .. size - 1 as a slice."""
        step = int(place.coeff(index))
        start = place - step * index
        last = start + step * (self._size(index) - 1)
        stop = last + (1 if step > 0 else -1)
        begin = "" if start == 0 and step > 0 else self.number(start)[0]
        end = "" if stop.is_Integer and stop < 0 else self.number(stop)[0]
        mark = " : " if " " in begin + end else ":"
        return f"{begin}{mark}{end}".strip() + (f"{mark}{step}" if step != 1 else "")

    def Align(self, node: nodes.Align) -> tuple[str, int]:
        inner = node.x
        if isinstance(inner, Reduce) and self._keeps_place(node, inner):
            return self._reduce(inner, keep=True), ATOM
        text = self.text(inner, ATOM)
        order = [inner.axes.index(a) for a in node.keep]
        if order != sorted(order):
            text += self._transpose(order)
        if node.axes != node.keep:
            text += f"[{', '.join(':' if a in node.keep else 'None' for a in node.axes)}]"
        return text, ATOM

    def _transpose(self, order: list[int]) -> str:
        if len(order) == 2:
            return ".T"
        if order[:-2] == list(range(len(order) - 2)):
            return ".swapaxes(-1, -2)"
        return f".transpose({', '.join(map(str, order))})"

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

    # -- sums of products -----------------------------------------------------------------------

    def Contract(self, node: nodes.Contract) -> tuple[str, int]:
        a, b, over = node.a, node.b, node.over
        if not node.batch:
            if len(over) == 1 and len(b.axes) <= 2 and (len(a.axes) <= 2 or a.axes[-1] == over[0]):
                return self._matrix_product(a, b, over[0]), PRODUCT
            first = [a.axes.index(k) for k in over]
            second = [b.axes.index(k) for k in over]
            axes = f"axes=({first}, {second})"
            return f"np.tensordot({self.text(a)}, {self.text(b)}, {axes})", ATOM
        left = self._stacked(a, node, last=True)
        right = self._stacked(b, node, last=False)
        return f"{left} @ {right}", PRODUCT

    def _matrix_product(self, a: Node, b: Node, over: Letter) -> str:
        left = self.text(a, ATOM)
        if len(a.axes) == 2 and a.axes[0] == over:
            left += ".T"
        right = self.text(b, ATOM)
        if len(b.axes) == 2 and b.axes[-1] == over:
            right += ".T"
        return f"{left} @ {right}"

    def _stacked(self, x: Node, node: nodes.Contract, last: bool) -> str:
        free = [a for a in x.axes if a not in node.batch + node.over]
        inner = [*free, *node.over] if last else [*node.over, *free]
        order = [x.axes.index(a) for a in (*node.batch, *inner)]
        text = self.text(x, ATOM)
        if order != sorted(order):
            text += self._transpose(order) if len(order) > 2 else ".T"
        return text

    def Einsum(self, node: nodes.Einsum) -> tuple[str, int]:
        used: dict[Letter, str] = {}
        alphabet = iter("abcdefghijklmnopqrstuvwxyz")
        free = [c for c in alphabet]
        for operand in node.operands:
            for index in operand.axes:
                if index not in used:
                    wish = index.name[0]
                    used[index] = wish if wish in free else free[0]
                    free.remove(used[index])
        spell = ["".join(used[i] for i in x.axes) for x in node.operands]
        result = "".join(used[i] for i in node.axes)
        operands = ", ".join(self.text(x) for x in node.operands)
        return f'np.einsum("{",".join(spell)}->{result}", {operands}, optimize=True)', ATOM

    def Prod(self, node: nodes.Prod) -> tuple[str, int]:
        number, divisor = self._coefficient(node.coefficient)
        factors = [number] if number not in ("", "-") else []
        arrays = [x for x in node.over if not is_indicator(x)]
        masks = [x for x in node.over if is_indicator(x)]
        for factor in arrays:
            factors.append(self.text(factor, POWER if factors else PRODUCT))
        for mask in masks:  # True and False are 1 and 0 where they multiply floats
            alone = not any(x.axes for x in arrays)
            plain = mask.condition if isinstance(mask, Select) and not alone else mask
            factors.append(self.text(plain, POWER if factors else PRODUCT))
        sign = "-" if number == "-" else ""
        text = sign + (" * ".join(factors) or "1")
        divisors = [divisor] if divisor else []
        for below in [*divisors, *(self.text(x, POWER) for x in node.under)]:
            text += f" / {below}"
        return text, SUM if text.startswith("-") else PRODUCT

    @staticmethod
    def _coefficient(value: sp.Rational) -> tuple[str, str]:
        """What stands in front of a product, and what divides it."""
        if value == 1:
            return "", ""
        if value == -1:
            return "-", ""
        decimal = decimal_of(value)
        if value.is_Integer or decimal is not None:
            return decimal or str(value), ""
        if abs(value.p) == 1:
            return ("-" if value.p < 0 else ""), str(value.q)
        return str(value.p), str(value.q)

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


class Integers(NumPy):
    """Index letters as integers, for comparisons with each other and with numbers."""

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        size = self.size_of(node.letter)
        return f"np.arange({slot(BATCH) if size is None else size})", ATOM


def _groups(ref: nodes.Ref) -> set[sp.Expr]:
    return {i for i in ref.index if isinstance(i, Group)}


def _whole(node: Node) -> bool:
    """Whether a value is made of letters and whole numbers alone."""
    if isinstance(node, (Lin, Align)):
        return all(_whole(child) for child in children(node))
    return isinstance(node, Arange) or isinstance(node, Const) and node.value.is_Integer


def decimal_of(value: sp.Rational) -> str | None:
    """The decimal literal of a number whose denominator divides a power of ten, else None."""
    rest = value.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or value.is_Integer:
        return None
    return repr(float(value))
