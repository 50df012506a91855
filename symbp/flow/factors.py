"""What one layer multiplies the adjoint with on its way back, taken from the layer's own derivation.

For one sample the adjoint is a row: ``dL/dh_l = dL/dh_{l+1} diag(sigma'(z_{l+1})) W_{l+1}^T``. A local
derivative that keeps the place of each entry is diagonal, one that sums over a letter of a parameter is
a matrix; anything else is called by what it is, a Jacobian (Goodfellow, Bengio and Courville, *Deep
Learning*, sec. 6.5.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbp.calculus.equation import Equation, adjoint_name
from symbp.calculus.expression import Entry, Reduction, Size, entries
from symbp.calculus.functions import U
from symbp.calculus.pullback import Contribution
from symbp.calculus.unary import Apply, Prime
from symbp.flow.pieces import X, function_of
from symbp.flow.steepness import Steepness, largest, steepest
from symbp.network.graph import Node
from symbp.network.items import Piece
from symbp.printers.base import fill
from symbp.printers.dialect import Dialect, Latex
from symbp.printers.finished import PLAIN_FUNCTIONS, Finished
from symbp.writers.document import NOTHING, Text, both
from symbp.writers.plain_sympy import plain
from symbp.writers.storage import Storage

IDENTITY, DIAGONAL, MATRIX, JACOBIAN = "identity", "diagonal", "matrix", "jacobian"
SEED = "seed"  # the gradient by what the loss reads
SHORT = 24  # signs; a longer derivative is called by its name


@dataclass(frozen=True)
class Factor:
    """One factor in a product of adjoints.

    ``parameter`` is the key of a matrix in the params dict, ``name`` how it is written where it is not
    transposed; ``steepness`` is what a diagonal is at most, ``function`` the name of the activation whose
    slope it is.
    """

    kind: str
    text: Text
    parameter: str = ""
    name: Text = NOTHING
    steepness: Steepness | None = None
    function: str = ""


class Factors:
    """The factors of one program's layers; ``index`` stands behind every tensor but the parameters."""

    def __init__(self, storage: Storage, index: str = "") -> None:
        self.storage = storage
        self.index = index

    def factor(self, node: Node, local: str) -> Factor | None:
        """From the adjoint of a node's output to that of its input ``local``; None where no derivative
        flows there."""
        unit = node.template.training.unit
        derivation = node.template.training.derivation
        mine = [c for c in derivation.contributions if c.target.name == local]
        if not mine:
            return None
        seed = adjoint_name(unit.output)
        if len(mine) == 1 and isinstance(mine[0].factors[0], Entry):
            (c,) = mine
            if c.factors[0].name == seed and c.factors[0].plain and c.target.plain:
                return self.of_contribution(node, c)
            if c.factors[0].name == seed and len(c.factors) == 1:
                return Factor(IDENTITY, Text("I", "I"))
        return self.elementwise(node, local) or self.jacobian(node, local)

    def of_contribution(self, node: Node, c: Contribution) -> Factor:
        """A single path through the layer: what stands beside the adjoint of its output."""
        seed = c.factors[0]
        assert isinstance(seed, Entry)
        rest = c.factors[1:]
        if not rest:
            return Factor(IDENTITY, Text("I", "I"))
        if seed.indices == c.target.indices and not any(f.has(Reduction) for f in rest):
            return self.diagonal(node, c.target, sp.Mul(*rest))
        found = self.matrix(node, seed, c.target, rest)
        return found or self.jacobian(node, c.target.name)

    def diagonal(self, node: Node, target: Entry, value: sp.Expr) -> Factor:
        inside = self.written(node, target, value)
        if len(inside.plain) > SHORT:
            inside = self.local(node, target.name)
        text = Text(rf"\operatorname{{diag}}\left({inside.latex}\right)", f"diag({inside.plain})")
        steep = self.steepness(node, value)
        function = value.function if isinstance(value, Prime) else ""
        named = PLAIN_FUNCTIONS.get(function, function)
        return Factor(DIAGONAL, text, steepness=steep, function=named)

    def steepness(self, node: Node, value: sp.Expr) -> Steepness | None:
        """The largest size of a diagonal entry: of a named function's slope, of what a named function
        gives, of a random mask, or of a layer that is a function of one variable; None elsewhere."""
        unit = node.template.training.unit
        rates = node.template.definition.noise
        if isinstance(value, Entry) and value.name in rates:
            keep = 1 - sp.Rational(str(rates[value.name]))
            return Steepness(float(1 / keep), 1 / keep)
        if isinstance(value, Prime):
            return steepest(self.body(node, value))
        made = unit.definition(value.name) if isinstance(value, Entry) else None
        if made is not None and isinstance(made.rhs, Apply):
            return largest(self.body(node, made.rhs))
        function = function_of(node)
        return None if function is None else steepest(function)

    def body(self, node: Node, call: Apply) -> sp.Expr:
        bodies = node.template.training.unit.functions
        return plain(bodies[call.function].xreplace({U: X}), bodies, sp.Symbol)

    def matrix(
        self, node: Node, seed: Entry, target: Entry, rest: tuple[sp.Expr, ...]
    ) -> Factor | None:
        """A parameter with two axes between two vectors, in the direction in which it is read."""
        (weight, *others) = rest
        if others or not isinstance(weight, Entry) or len(weight.indices) != 2 or not weight.plain:
            return None
        upper = [i for i in seed.indices if i not in target.indices]
        lower = [i for i in target.indices if i not in seed.indices]
        if len(upper) != 1 or len(lower) != 1 or {*upper, *lower} != set(weight.indices):
            return None
        turned = weight.indices == (lower[0], upper[0])
        name = self.storage.name(node.names[weight.name])
        text = Text(name.latex(transposed=turned), name.unicode(transposed=turned))
        key = self.storage.program.tensors[node.names[weight.name]].key
        own = Text(name.latex(), name.unicode())
        return Factor(MATRIX, text, parameter=key, name=own)

    def elementwise(self, node: Node, local: str) -> Factor | None:
        """An activation by formula: its adjoint is that of its output times something, place by place."""
        unit = node.template.training.unit
        letters = unit.letters[local]
        adjoint = node.template.training.derivation.adjoint(local)
        plain = all(
            r.indices in ((), letters) for e in unit.equations for r in (e.target, *entries(e.rhs))
        )
        if adjoint is None or len(adjoint.equations) != 1 or not plain:
            return None
        if any(e.rhs.has(Reduction) or e.rhs.has(Size) for e in unit.equations):
            return None
        (equation,) = adjoint.equations
        above = Entry(adjoint_name(unit.output), *letters)
        slope = (
            sp.cancel(equation.rhs / above) if equation.rhs.is_Mul else equation.rhs.coeff(above)
        )
        if slope.has(above) or sp.expand(equation.rhs - slope * above) != 0:
            return None
        return self.diagonal(node, Entry(local, *letters), slope)

    def jacobian(self, node: Node, local: str) -> Factor:
        return Factor(JACOBIAN, self.local(node, local))

    def local(self, node: Node, local: str) -> Text:
        """``dh/dz`` by name."""
        lower = node.names[local]
        return both(lambda d: d.partial(self.name(node.output, d), self.name(lower, d)))

    def name(self, tensor: str, dialect: Dialect) -> str:
        known = self.storage.name(tensor)
        index = "" if self.storage.program.tensors[tensor].role == "parameter" else self.index
        return known.latex(index) if isinstance(dialect, Latex) else known.unicode(index)

    def written(self, node: Node, target: Entry, value: sp.Expr) -> Text:
        """An expression in a node's tensors without its letters."""
        text = node.template.training
        equation = Equation(Entry(adjoint_name(target.name), *target.indices), value)
        finished = Finished(equation, text.unit, text.order)
        piece = Piece(finished, node.names)

        def right(dialect: Dialect) -> str:
            found = finished.formula("matrix", dialect) or finished.formula("index", dialect)
            assert found is not None
            return fill(found[1], lambda name, *_: self.name(piece.tensor(name), dialect))

        return both(right)
