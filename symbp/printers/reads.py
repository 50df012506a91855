"""Reads of tensors as NumPy source: slices, windows, reshapes, advanced indices."""

from __future__ import annotations

import sympy as sp

from symbp.arrays import nodes
from symbp.arrays.align import align
from symbp.arrays.places import letters_of, shared_places
from symbp.calculus.expression import Entry, Group, Letter, Size
from symbp.printers.base import ATOM, BATCH, CAST, PRODUCT, slot
from symbp.printers.constants import Constants


class Reads(Constants):
    """How a reference to a tensor, or to a part of it, is written."""

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

    def Arange(self, node: nodes.Arange) -> tuple[str, int]:
        size = self.size_of(node.letter)
        count = f"{slot(BATCH)}, dtype=float" if size is None else f"{size}.0"
        return f"np.arange({count}){slot(CAST)}", ATOM

    def Ref(self, node: nodes.Ref) -> tuple[str, int]:
        if node.whole:
            return slot(node.name), ATOM
        text, index = self._splitgroups(node)
        return self._subscript(text, index, node), ATOM

    def _splitgroups(self, node: nodes.Ref) -> tuple[str, list[sp.Expr]]:
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
        block = [a for a in node.axes if any(a in letters_of(index[k]) for k in shared)]
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
        for entry in entries_of(place):
            sign = " - " if place.coeff(entry) < 0 else " + "
            array = align(self.reference(entry, block), tuple(block))
            text += (sign if text else sign.strip(" +")) + self.text(array, PRODUCT)
            place -= place.coeff(entry) * entry
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

    def reference(self, entry: Entry, block: list[Letter]) -> nodes.Ref:
        """A tensor of positions as an array; its letters are those of its places."""
        axes = dict.fromkeys(x for i in entry.indices for x in letters_of(i) if x in block)
        return nodes.Ref(entry.name, entry.indices, tuple(axes))

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


def entries_of(place: sp.Expr) -> list[Entry]:
    """The tensors of positions in an index, in the order of its terms."""
    return [t.args[-1] if t.is_Mul else t for t in place.as_ordered_terms() if t.has(Entry)]
