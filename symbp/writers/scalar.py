"""Scalar form: one neuron a layer, one sample, as in a textbook.

Sums over neurons and samples fall away, and the gradient of any parameter is one product along the way
from the loss to it. The product keeps the order of the chain rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from symbp.arrays.lower import lower
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import (
    Apply,
    Entry,
    FirstMax,
    MaxOver,
    Prime,
    Reduction,
    Size,
    entries,
    rebuild,
)
from symbp.calculus.functions import work_out
from symbp.calculus.pullback import Contribution
from symbp.network.graph import Node, Repeat
from symbp.network.program import Item, Loop, Noise, Piece, Program, Statement, statements
from symbp.printers.base import CONDITION, POWER, PRODUCT, fill
from symbp.printers.dialect import LATEX, Dialect, Latex
from symbp.printers.finished import LATEX_FUNCTIONS, PLAIN_FUNCTIONS
from symbp.printers.index import Index
from symbp.writers.storage import Storage

LIMIT = 40  # factors; a longer product is written with the adjoint of the layer above

Factor = sp.Expr | tuple["Product", ...]  # a sum of products where paths meet
Product = tuple["Factor", ...]


@dataclass(frozen=True)
class Arrow:
    """``adjoint of target += adjoint of source * factors``, in tensors of the network."""

    target: str
    source: str
    factors: tuple[sp.Expr, ...]


class Scalar:
    """The scalar form of one program, in training mode."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.program: Program = storage.program
        self.products: dict[str, Product] = {}
        self.texts: dict[tuple[sp.Basic, Dialect, int], str] = {}  # with slots for names
        self.factors: dict[tuple[sp.Expr, Dialect, int], str] = {}
        self.worked: dict[sp.Expr, list[Factor]] = {}

    # -- whether there is one -------------------------------------------------------------------

    @cached_property
    def degenerate(self) -> tuple[str, ...]:
        """Kinds of layers that one neuron cannot show: softmax, norms, whatever reduces neurons."""
        found: dict[str, None] = {}
        seen: set[tuple[str, int]] = set()  # one look at each formula, however many layers have it
        for node in self.program.graph.nodes:
            key = (node.kind, id(node.template))
            if key not in seen and (_reduces_neurons(node) or _fills_in_parts(node)):
                found[node.kind] = None
            seen.add(key)
        return tuple(found)

    # -- the forward pass -----------------------------------------------------------------------

    @cached_property
    def definitions(self) -> dict[str, sp.Expr]:
        """Tensor -> its scalar right side."""
        made: dict[str, sp.Expr] = {}
        for statement in [*statements(self.program.forward), *statements(self.program.loss)]:
            if statement.mode == "inference" or statement.defines in made:
                continue
            (piece, *more) = statement.pieces
            parts = [_scalar(p) for p in (piece, *more)]
            made[statement.defines] = sp.Add(*parts)
        return made

    @cached_property
    def visible(self) -> frozenset[str]:
        """Tensors that the reader sees; a pre-activation that only its activation reads is written
        out where it stands."""
        graph = self.program.graph
        readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in set(node.names.values()) - {node.output}:
                readers.setdefault(name, []).append(node)
        named = {n for n in self._user_names()}
        shown: set[str] = set()
        joined = {h.node.output for h in self.program.heads if h.node is not None}
        for node in graph.nodes:
            use = readers.get(node.output, [])
            hidden = (
                len(use) == 1
                and use[0].kind in ("activation",)
                and node.kind == "dense"
                and node.output not in named
                and use[0].output not in joined
            )
            if not hidden:
                shown.add(node.output)
        return frozenset(shown) | {t.name for t in self.program.tensors.values() if t.role not in ("activation", "accumulated")} | set(self.storage.repeats)

    def _user_names(self) -> Iterable[str]:
        stack = list(self.program.graph.spec.layers)
        while stack:
            layer = stack.pop()
            stack += layer.layers
            if layer.name and not (dict(layer.options).get("activation")):
                yield layer.name

    def written_out(self, expr: sp.Basic) -> sp.Basic:
        """Every hidden tensor replaced by its definition."""
        if isinstance(expr, Entry):
            name = expr.name
            if name in self.visible or name.startswith(ADJOINT) or name not in self.definitions:
                return expr
            return self.written_out(self.definitions[name])
        if not expr.args:
            return expr
        return rebuild(expr, [self.written_out(a) for a in expr.args])

    # -- the backward pass ----------------------------------------------------------------------

    @cached_property
    def arrows(self) -> dict[str, list[Arrow]]:
        """All contributions to each tensor's adjoint."""
        made: dict[str, list[Arrow]] = {}

        def add(contributions: Iterable[Contribution], names: Mapping[str, str], seed: bool) -> None:
            for c in contributions:
                factors = c.factors if c.source == "L" and not seed else c.factors[1:]
                expressions = _numbers_in_front([_rename(_strip(f), names) for f in factors])
                target = names.get(c.target.name, c.target.name)
                made.setdefault(target, []).append(
                    Arrow(target, names.get(c.source, c.source), expressions)
                )

        for head in self.program.heads:
            if head.node is not None:
                for adjoint in head.text.derivation.adjoints:
                    factor = _rename(_strip(adjoint.equations[0].rhs), head.names)
                    target = head.names[adjoint.name]
                    made.setdefault(target, []).append(Arrow(target, "L", (factor,)))
                continue
            add(head.text.derivation.contributions, {**head.names, "L": "L"}, seed=False)
        joined = {id(h.node) for h in self.program.heads if h.node is not None}
        for node in self.program.graph.nodes:
            if id(node) not in joined:
                add(node.template.training.derivation.contributions, node.names, seed=True)
        for statement in statements(self.program.backward):
            for piece in statement.pieces:
                if piece.finished is not None and piece.finished.equation.name == f"{ADJOINT}W":
                    if "y" not in piece.names and set(piece.names) <= {"W"}:
                        factor = _scalar(piece)
                        tensor = statement.defines.removeprefix(ADJOINT)
                        made.setdefault(tensor, []).append(Arrow(tensor, "L", (factor,)))
        return made

    @cached_property
    def carried(self) -> dict[str, str]:
        """Adjoints that stand for themselves: what a loop over copies hands on."""
        made = {}
        for repeat in self.repeats:
            made[repeat.end] = repeat.end
            made[repeat.result] = repeat.result
            made[repeat.first] = repeat.first
        return made

    @cached_property
    def repeats(self) -> tuple[Repeat, ...]:
        return tuple(self._repeats(self.program.forward))

    def _repeats(self, items: tuple[Item, ...]) -> list[Repeat]:
        found = []
        for item in items:
            if isinstance(item, Loop):
                found += [item.repeat, *self._repeats(item.body)]
        return found

    def adjoint(self, name: str) -> Product:
        """The gradient of the loss by one tensor as a product in the order of the chain rule."""
        if name == "L":
            return ()
        if name in self.carried:
            return (Entry(ADJOINT + name),)
        if name not in self.products:
            self.products[name] = self._adjoint(name)
        return self.products[name]

    def _adjoint(self, name: str) -> Product:
        terms: list[Product] = []
        for arrow in self._arrows_of(name):
            before = self.adjoint(arrow.source)
            if _count(before) > LIMIT and arrow.source in self.visible:
                before = (Entry(ADJOINT + arrow.source),)
            terms.append(before + arrow.factors)
        if not terms:
            return (sp.S.Zero,)
        return meet(terms)

    def _arrows_of(self, name: str) -> list[Arrow]:
        found = list(self.arrows.get(name, ()))
        for repeat in self.repeats:
            if repeat.source == name:
                found.append(Arrow(name, repeat.first, ()))
        return found

    def reads(self, name: str) -> list[str]:
        """The visible tensors through which the chain rule reaches ``name``."""
        found: dict[str, None] = {}
        for arrow in self._arrows_of(name):
            if arrow.source == "L" or arrow.source in self.visible or arrow.source in self.carried:
                found[arrow.source] = None
            else:
                found |= dict.fromkeys(self.reads(arrow.source))
        return list(found)

    def local(self, name: str, source: str) -> Product:
        """d(source)/d(name), both visible, through hidden tensors alone."""
        terms: list[Product] = []
        for arrow in self._arrows_of(name):
            if arrow.source == source:
                terms.append(arrow.factors)
            elif arrow.source not in self.visible and arrow.source != "L":
                inner = self.local(arrow.source, source)
                if inner != (sp.S.Zero,):
                    terms.append(inner + arrow.factors)
        return meet(terms) if terms else (sp.S.Zero,)

    # -- derivatives in their own output --------------------------------------------------------

    def in_outputs(self, product: Product) -> Product:
        """Every f'(u) written in the tensor that holds f(u): ``sigma'(z) = y (1 - y)``."""
        def change(factor: Factor) -> list[Factor]:
            if isinstance(factor, tuple):
                return [tuple(self.in_outputs(p) for p in factor)]
            if not factor.has(Prime):
                return [factor]
            if factor not in self.worked:
                worked = work_out(self.written_out(factor), self.program.graph.library.bodies)
                self.worked[factor] = _in_order(worked.xreplace(self.values))
            return self.worked[factor]

        return tuple(f for factor in product for f in change(factor))

    @cached_property
    def values(self) -> dict[sp.Basic, Entry]:
        """``sigma(z)`` -> the tensor that holds it."""
        return {
            self.written_out(rhs): Entry(name)
            for name, rhs in self.definitions.items()
            if isinstance(rhs, Apply) and name in self.visible
        }

    # -- text -----------------------------------------------------------------------------------

    def text(self, product: Product, dialect: Dialect) -> str:
        """A product as text; one factor alone needs no brackets."""
        sign, factors = _sign_in_front(product)
        if not factors:
            return "-1" if sign else "1"
        if len(factors) == 1:
            return sign + self.factor(factors[0], dialect, PRODUCT if sign else CONDITION)
        words = []
        for k, factor in enumerate(factors):
            level = PRODUCT if k == len(factors) - 1 else POWER
            words.append(self.factor(factor, dialect, level))
        return sign + " ".join(words)

    def factor(self, factor: Factor, dialect: Dialect, level: int) -> str:
        if isinstance(factor, tuple):
            text = ""
            for k, product in enumerate(factor):
                term = self.text(product, dialect)
                text += f" - {term[1:]}" if k and term[0] == "-" else (" + " if k else "") + term
            return dialect.bracket(text) if level > CONDITION else text
        key = (factor, dialect, level)
        if key not in self.factors:
            self.factors[key] = self.expression(self.written_out(factor), dialect, level)
        return self.factors[key]

    def expression(self, expr: sp.Basic, dialect: Dialect, level: int = CONDITION) -> str:
        """A scalar expression in tensors of the network."""
        order = self.order(expr)
        named = [n for n in sorted(order, key=order.__getitem__)]
        slots = {Entry(n): Entry(f"s{k}") for k, n in enumerate(named)}
        generic = expr.xreplace(slots)
        key = (generic, dialect, level)
        if key not in self.texts:
            self.texts[key] = self._generic(generic, dialect, level)
        names = {f"s{k}": n for k, n in enumerate(named)}
        return fill(self.texts[key], lambda n, *_: self.symbol(names.get(n, n), dialect))

    def _generic(self, expr: sp.Basic, dialect: Dialect, level: int) -> str:
        """A scalar expression in slots s0, s1, .. in the order in which they should be read."""
        functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
        places = {e.name: int(e.name[1:]) for e in entries(expr) if e.name[1:].isdigit()}
        tree = lower(Equation(Entry("value"), expr), places).tree
        return Index(dialect, functions, lambda index: 1).text(tree, level)

    def order(self, expr: sp.Basic) -> dict[str, int]:
        """Parameters stand before what they weigh, outputs before targets."""
        tensors = self.program.tensors
        weight = {"parameter": 0, "activation": 1, "input": 1, "noise": 2, "target": 3}
        names = sorted({e.name for e in entries(expr)})
        made = {}
        for name in names:
            bare = name.lstrip(ADJOINT)
            if bare in tensors:
                role = -1 if name != bare else weight.get(tensors[bare].role, 1)
                made[name] = role * 100_000 + self.places[bare]
        return made

    @cached_property
    def places(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.program.tensors)}

    def symbol(self, name: str, dialect: Dialect) -> str:
        known = self.storage.name(name)
        if name not in self.program.tensors or self.program.tensors[name].role != "loss":
            known = known.scalar()
        return known.latex() if isinstance(dialect, Latex) else known.unicode()

    def right_side(self, statement: Statement, dialect: Dialect = LATEX) -> str:
        """A statement's own right side with one neuron a layer, nothing written out."""
        expr = sp.Add(*(_scalar(p) for p in statement.pieces))
        functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
        tree = lower(Equation(Entry("value"), expr), self.order(expr)).tree
        text = Index(dialect, functions, lambda index: 1).text(tree)
        return fill(text, lambda name, *_: self.symbol(name, dialect))

    def forward_equations(self) -> list[tuple[str, sp.Basic]]:
        """Visible tensors with what computes them, in order."""
        made = []
        for item in _flat(self.program.forward):
            if isinstance(item, Noise) or item.mode == "inference":
                continue
            if item.defines in self.visible:
                made.append((item.defines, self.written_out(self.definitions[item.defines])))
        return made


def _numbers_in_front(factors: list[sp.Expr]) -> tuple[sp.Expr, ...]:
    """One number before the other factors, with the common number of a sum taken out:
    ``1/2 (2 y - 2 t)`` is ``y - t``."""
    number: sp.Expr = sp.S.One
    kept = []
    for factor in factors:
        content, rest = factor.as_content_primitive() if factor.is_Add else factor.as_coeff_Mul()
        number *= content
        if rest != 1:
            kept.append(rest)
    return tuple([number, *kept] if number != 1 else kept)


def meet(terms: list[Product]) -> Product:
    """A sum of products with the factors that all begin with in front."""
    if len(terms) == 1:
        return terms[0]
    common = 0
    while all(len(t) > common for t in terms) and len({_key(t[common]) for t in terms}) == 1:
        common += 1
    rest = tuple(t[common:] for t in terms)
    return (*terms[0][:common], rest)


def _key(factor: Factor) -> str:
    return str(factor)


def _count(product: Product) -> int:
    return sum(
        sum(_count(p) for p in factor) if isinstance(factor, tuple) else 1 for factor in product
    )


def _sign_in_front(product: Product) -> tuple[str, list[Factor]]:
    """Factors of minus one are gathered into one sign."""
    negative = False
    factors: list[Factor] = []
    for factor in product:
        if isinstance(factor, sp.Expr) and factor == -1:
            negative = not negative
            continue
        factors.append(factor)
    return "-" if negative else "", factors


def _in_order(expr: sp.Expr) -> list[Factor]:
    """The factors of a worked-out derivative: a before 1 - a."""
    coefficient, rest = expr.as_coeff_Mul()
    factors = sorted(sp.Mul.make_args(rest), key=lambda f: (f.is_Add, str(f)))
    if coefficient == -1:
        for k, factor in enumerate(factors):
            if factor.is_Add:
                factors[k] = -factor
                return list(factors)
    return [*([coefficient] if coefficient != 1 else []), *factors]


def _scalar(piece: Piece) -> sp.Expr:
    """A piece's shown right side with one neuron a layer and one sample."""
    if piece.finished is None:
        return Entry(piece.source)
    return _rename(_strip(piece.finished.equation.rhs), piece.names)


def _strip(expr: sp.Basic) -> sp.Basic:
    """Drop indices, sums and sizes."""
    if isinstance(expr, Entry):
        return Entry(expr.name)
    if isinstance(expr, Size):
        return sp.S.One
    if isinstance(expr, FirstMax):
        return sp.S.One
    if isinstance(expr, Reduction):
        return _strip(expr.body)
    if not expr.args:
        return expr
    return rebuild(expr, [_strip(a) for a in expr.args])


def _rename(expr: sp.Basic, names: Mapping[str, str]) -> sp.Basic:
    if isinstance(expr, Entry):
        bare = expr.name.lstrip(ADJOINT)
        marks = len(expr.name) - len(bare)
        return Entry(ADJOINT * marks + names.get(bare, bare))
    if not expr.args:
        return expr
    return rebuild(expr, [_rename(a, names) for a in expr.args])


def _reduces_neurons(node: Node) -> bool:
    """Whether a sum or maximum runs over neurons and reads no parameter, or letters count."""
    parameters = set(node.template.definition.parameters)
    equations = node.template.training.unit.equations
    return any(_counts_neurons(equation, parameters) for equation in equations)


def _counts_neurons(equation: Equation, parameters: set[str]) -> bool:
    for found in sp.preorder_traversal(equation.rhs):
        if isinstance(found, MaxOver):
            return True
        if isinstance(found, Reduction) and not {e.name for e in entries(found)} & parameters:
            return True
        if found.is_Symbol and found not in _index_letters(equation.rhs):
            return True
    return False


def _index_letters(expr: sp.Basic) -> set[sp.Symbol]:
    inside: set[sp.Symbol] = set()
    for found in sp.preorder_traversal(expr):
        if isinstance(found, (Entry, Size, Reduction)):
            inside |= {s for a in found.args for s in a.atoms(sp.Symbol)}
    return inside


def _fills_in_parts(node: Node) -> bool:
    """Concatenation: one tensor from several equations, or a composite index."""
    equations = node.template.training.unit.equations
    names = [e.name for e in equations]
    return len(set(names)) < len(names)


def _flat(items: tuple[Item, ...]) -> list[Statement | Noise]:
    found: list[Statement | Noise] = []
    for item in items:
        found += _flat(item.body) if isinstance(item, Loop) else [item]
    return found
