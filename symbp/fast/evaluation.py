"""A tree of array operations as instructions: one NumPy call a node, into arrays that stand already."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from symbp.arrays import nodes
from symbp.arrays.expressions import Frame
from symbp.arrays.lower import Lowered, lower
from symbp.arrays.nodes import Align, Arange, Const, Node, Ref, children, spans
from symbp.calculus.equation import Equation
from symbp.calculus.stabilise import stable
from symbp.fast import numbers
from symbp.fast.algebra import folded
from symbp.fast.entrywise import Value
from symbp.fast.functions import constant_code
from symbp.fast.places import Unplanned
from symbp.fast.reads import gathered, read
from symbp.fast.strides import Count, View
from symbp.fast.sums import Sums
from symbp.printers.finished import Finished

KNOWN: WeakKeyDictionary[Finished, dict[bool, Lowered]] = WeakKeyDictionary()


def lowered(finished: Finished, folds: bool = True) -> Lowered:
    """As ``Finished.lowered``, but with windows as they are; layers that are alike share it."""
    known = KNOWN.setdefault(finished, {})
    if folds not in known:
        known[folds] = _lowered(finished, folds)
    return known[folds]


def _lowered(finished: Finished, folds: bool) -> Lowered:
    runs = finished.runs or finished.equation
    value = stable(runs.rhs)
    runs = Equation(runs.target, folded(value) if folds else value)
    inside = finished.inside
    order = {
        **finished.order,
        **{n: finished.order.get(o, 0) for o, n in inside.rename.items()},
    }
    fixed = frozenset([inside.letter] if inside.letter else [])
    frame = Frame(order, fixed, finished.covers_in_code)
    return lower(inside.apply(runs), frame)  # type: ignore[arg-type]


class Evaluator(Sums):
    """Evaluates any tree."""

    def value(self, node: Node, out: View | None = None) -> Value:
        """The node's value: a number, a view of what is there, or a new array (``out``, if given)."""
        if isinstance(node, Align):
            return self.value(node.x, out)
        if isinstance(node, Const):
            return numbers.number(node.value, self.size_of)
        if not any(map(_changes, _all(node))):
            return self.fixed(node)
        method: Callable[[Node, View | None], Value] = getattr(self, type(node).__name__)
        return method(node, out)

    def into(self, node: Node, out: View) -> None:
        """Write the node's value to ``out``."""
        found = self.value(node, out)
        if isinstance(found, View) and found.key == out.key:
            return
        source: View | str = found if isinstance(found, View) else numbers.code(found)
        if isinstance(source, View):
            source = source.ordered(out.letters)
        self.build.call("np.copyto({out}, {0})", (source,), out, entrywise=True)

    def Ref(self, node: Ref, out: View | None) -> Value:
        rows = gathered(node.index)
        if rows is None:
            return read(self.view(node.name), node.index, self.size_of, self.loops, node.short)
        table = self.view(node.name)
        places = read(self.view(rows.name), rows.indices, self.size_of, self.loops)
        rest = [Count.of(self.size_of(i)) for i in node.index[1:]]
        letters = [*places.by_stride(), *node.index[1:]]
        found = out if out is not None and list(out.by_stride()) == letters else None
        ordered = places.ordered(letters[: len(places.dims)])
        target = found or self.build.temporary(letters, [*ordered.shape, *rest])
        text = 'np.take({0}, {1}, 0, {out}, "clip")'
        self.build.call(text, (table, ordered), target.ordered(letters))
        return target

    def fixed(self, node: Node) -> Value:
        """What no tensor decides: made once, before the first step."""
        if isinstance(node, Arange) and node.letter in self.loops:
            raise Unplanned("the number of a step")
        sizes = [Count.of(self.size_of(x)) for x in node.axes]
        kept = [(x, s) for x, s in zip(node.axes, sizes, strict=True) if x in spans(node)]
        kind = "bool" if isinstance(node, nodes.Condition) else "float"
        code = constant_code(node, self.size_of)
        return self.build.constant(code, [x for x, _ in kept], [s for _, s in kept], kind)


def _changes(node: Node) -> bool:
    """Whether a node has another value in another step: the learning rate may be set anew."""
    return isinstance(node, Ref) or (isinstance(node, Const) and node.value.has(numbers.RATE))


def _all(node: Node) -> list[Node]:
    return [node, *(y for x in children(node) for y in _all(x))]
