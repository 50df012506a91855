"""Scalar form: one neuron a layer, one sample, as in a textbook.

Sums over neurons and samples fall away, and the gradient of any parameter is one product along the way
from the loss to it. The product keeps the order of the chain rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp
from sympy.core.symbol import Str

from symbp.arrays.lower import lower
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import (
    Abs,
    Apply,
    Compare,
    Entry,
    Erf,
    FirstMax,
    Iverson,
    Logical,
    MaxOver,
    Prime,
    Reduction,
    Sign,
    Size,
    Stop,
    SumOver,
    Where,
    entries,
    letter,
    rebuild,
)
from symbp.calculus.functions import U, work_out
from symbp.calculus.pullback import Contribution
from symbp.network.graph import Level, Node, Repeat
from symbp.network.heads import Head
from symbp.network.program import Item, Loop, Noise, Piece, Program, Statement, statements
from symbp.printers.base import CONDITION, POWER, PRODUCT, fill
from symbp.printers.dialect import LATEX, Dialect, Latex
from symbp.printers.finished import LATEX_FUNCTIONS, PLAIN_FUNCTIONS
from symbp.printers.index import Index
from symbp.writers.products import (
    ZERO,
    Copies,
    Factor,
    Product,
    count,
    fraction,
    in_order,
    meet,
    one_fraction,
    sign_in_front,
    tidy,
)
from symbp.writers.storage import Storage

LIMIT = 40  # factors; a longer product is written with the adjoint of the layer above
Read = Callable[[str, Mapping[str, int]], sp.Expr]  # a tensor, the copy of each repeat -> its value


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
        self.runs: dict[str, int] = {}  # factors at a product's end since the last visible tensor
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
            if statement.mode != "inference" and statement.defines not in made:
                made[statement.defines] = sp.Add(*map(self.right, statement.pieces))
        return made

    def right(self, piece: Piece) -> sp.Expr:
        """A piece's right side; a penalty sums over the copies of its parameter."""
        expr = _scalar(piece)
        if piece.whole:
            (name,) = {e.name for e in entries(expr)}
            letters = [letter(v.letter) for v in self.program.tensors[name].levels]
            if letters:
                scale, body = expr.as_coeff_Mul()
                return scale * SumOver(
                    body.xreplace({Entry(name): Entry(name, *letters)}), *letters
                )
        return expr

    @cached_property
    def visible(self) -> frozenset[str]:
        """Tensors that the reader sees; a pre-activation that only its activation reads is written
        out where it stands."""
        graph = self.program.graph
        readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in set(node.names.values()) - {node.output}:
                readers.setdefault(name, []).append(node)
        named = set(self._user_names())
        shown: set[str] = set()
        joined = {h.node.output for h in self.program.heads if h.node is not None}
        for node in graph.nodes:
            use = readers.get(node.output, [])
            hidden = (
                node.kind == "dense"
                and len(use) == 1
                and use[0].kind == "activation"
                and node.output not in named
                and use[0].output not in joined
                and _times_read(use[0], node.output) == 1
            )
            if not hidden:
                shown.add(node.output)
        inner = ("activation", "accumulated")
        shown |= {t.name for t in self.program.tensors.values() if t.role not in inner}
        return frozenset(shown | set(self.storage.repeats))

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

        def add(
            contributions: Iterable[Contribution], names: Mapping[str, str], seed: bool
        ) -> None:
            for c in contributions:
                factors = c.factors if c.source == "L" and not seed else c.factors[1:]
                expressions = tidy(_rename(_strip(f), names) for f in factors)
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
        for head in reversed(self.program.heads):  # a judged output that other layers read as well
            if head.node is not None and head.node.output in made:
                contributions = head.node.template.training.derivation.contributions
                add(contributions, head.node.names, seed=True)
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
        waiting = [name]
        while waiting:  # a stack, for chains deeper than Python's
            last = waiting[-1]
            missing = [s for s in self.sources(last) if s not in self.products]
            if not missing:
                self.products[last] = self.products.get(last) or self._adjoint(last)
                waiting.pop()
            waiting += missing
        return self.products[name]

    def sources(self, name: str) -> list[str]:
        """The tensors whose adjoints a product is made of."""
        known = {"L", *self.carried}
        return [a.source for a in self._arrows_of(name) if a.source not in known]

    def _adjoint(self, name: str) -> Product:
        terms: list[Product] = []
        runs: list[int] = []
        for arrow in self._arrows_of(name):
            before = self.adjoint(arrow.source)
            if before == ZERO:
                continue
            if count(before) > LIMIT and arrow.source in self.visible:
                before = (Entry(ADJOINT + arrow.source),)
            product, run = self.extended(before, arrow)
            terms.append(self.over_copies(arrow, product))
            runs.append(run)
        together = one_fraction(terms, runs)
        if together is not None:
            terms, runs = [together[0]], [together[1]]
        self.runs[name] = runs[0] if len(runs) == 1 else 0
        return meet(terms) if terms else ZERO

    def extended(self, before: Product, arrow: Arrow) -> tuple[Product, int]:
        """One step more of the chain rule; what lies between two tensors that the reader sees is one
        fraction. The second is how many factors at the end belong to such a stretch."""
        hidden = arrow.source == "L" or arrow.source not in self.visible
        run = (self.runs.get(arrow.source, 0) if hidden else 0) + len(arrow.factors)
        product = before + arrow.factors
        start = len(product) - run
        stretch = [f for f in product[start:] if isinstance(f, sp.Expr)]
        if len(stretch) < run:
            return product, 0
        joined = fraction([self.written_out(f) for f in stretch])
        return (product, run) if joined is None else (product[:start] + joined, len(joined))

    def over_copies(self, arrow: Arrow, product: Product) -> Product:
        """What the copies of a repeat add to a tensor outside of it is summed over them."""
        for level in reversed(self.copies_between(arrow.target, arrow.source)):
            product = (Copies(level.letter, level.times, product),)
        return product

    def copies_between(self, target: str, source: str) -> tuple[Level, ...]:
        """The repeats that stand around ``source`` and not around ``target``."""
        return self.levels(source)[len(self.levels(target)) :]

    def levels(self, name: str) -> tuple[Level, ...]:
        return self.program.tensors[name].levels if name in self.program.tensors else ()

    def derived(self, name: str) -> Product:
        """As ``adjoint``; for what copies of a repeat hand on, one step back along them."""
        return self._adjoint(name) if name in self.starts else self.adjoint(name)

    @cached_property
    def starts(self) -> frozenset[str]:
        return frozenset(n for r in self.repeats for n in (r.start, r.result))

    def is_copied(self, name: str) -> bool:
        """Whether a tensor is nothing but what the first copy of a repeat starts from."""
        arrows = self._arrows_of(name)
        return len(arrows) == 1 and arrows[0].source in {r.first for r in self.repeats}

    @cached_property
    def joined(self) -> tuple[Head, ...]:
        """Losses that were derived together with the layer in front."""
        return tuple(h for h in self.program.heads if h.node is not None)

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
                if inner != ZERO:
                    terms.append(self.extended(inner, arrow)[0])
        return meet(terms) if terms else ZERO

    # -- derivatives in their own output --------------------------------------------------------

    def in_outputs(self, product: Product) -> Product:
        """Every f'(u) written in the tensor that holds f(u): ``sigma'(z) = y (1 - y)``."""

        def change(factor: Factor) -> list[Factor]:
            if isinstance(factor, tuple):
                return [tuple(self.in_outputs(p) for p in factor)]
            if isinstance(factor, Copies):
                return [replace(factor, product=self.in_outputs(factor.product))]
            if not factor.has(Prime):
                return [factor]
            if factor not in self.worked:
                worked = work_out(self.written_out(factor), self.program.graph.library.bodies)
                self.worked[factor] = in_order(worked.xreplace(self.values))
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

    def value(
        self, product: Product, read: Read, copies: Mapping[str, int] | None = None
    ) -> sp.Expr:
        """The product as one plain SymPy expression, derivatives of activations worked out.

        ``read(name, copies)`` gives what stands for a tensor, or for an adjoint, in given copies of
        the repeats around it.
        """
        here = dict(copies or {})
        bodies = self.program.graph.library.bodies
        total: sp.Expr = sp.S.One
        for factor in product:
            if isinstance(factor, Copies):
                inside = [{**here, factor.letter: k} for k in range(factor.times)]
                total *= sp.Add(*(self.value(factor.product, read, c) for c in inside))
            elif isinstance(factor, tuple):
                total *= sp.Add(*(self.value(term, read, here) for term in factor))
            else:
                worked = work_out(factor, bodies, in_value=False)
                total *= plain(worked, bodies, lambda name: read(name, here))
        return total

    # -- text -----------------------------------------------------------------------------------

    def text(self, product: Product, dialect: Dialect) -> str:
        """A product as text; one factor alone needs no brackets."""
        sign, factors = sign_in_front(product)
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
        if isinstance(factor, Copies):
            text, own = dialect.reduction("sum", factor.letter, self.text(factor.product, dialect))
            return dialect.bracket(text) if level > own else text
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
        named = sorted(order, key=order.__getitem__)
        generic = _rename(expr, {n: f"s{k}" for k, n in enumerate(named)}, marks=False)
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


def plain(expr: sp.Basic, bodies: Mapping[str, sp.Expr], read: Callable[[str], sp.Expr]) -> sp.Expr:
    """An expression in SymPy's own functions: choices as Piecewise, named activations written out."""
    if isinstance(expr, Entry):
        return read(expr.name)
    if not expr.args:
        return expr
    if isinstance(expr, Apply):
        return plain(bodies[expr.function].xreplace({U: expr.argument}), bodies, read)
    args = [plain(a, bodies, read) for a in expr.args if not isinstance(a, Str)]
    match expr:
        case Where() | Iverson():
            then, otherwise = args[1:] or (sp.S.One, sp.S.Zero)
            return sp.Piecewise((then, args[0]), (otherwise, True))
        case Compare():
            return RELATIONS[expr.op](*args)
        case Logical():
            return (sp.And if expr.op == "and" else sp.Or)(*args)
        case Stop():
            return args[0]
        case Abs() | Sign() | Erf():
            return {Abs: sp.Abs, Sign: sp.sign, Erf: sp.erf}[type(expr)](*args)
    return expr.func(*args)


RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}


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


def _rename(expr: sp.Basic, names: Mapping[str, str], marks: bool = True) -> sp.Basic:
    """New names for tensors; with ``marks`` an adjoint follows its tensor."""
    if isinstance(expr, Entry):
        bare = expr.name.lstrip(ADJOINT) if marks else expr.name
        front = ADJOINT * (len(expr.name) - len(bare))
        return Entry(front + names.get(bare, bare), *expr.indices)
    if not expr.args:
        return expr
    return rebuild(expr, [_rename(a, names, marks) for a in expr.args])


def _times_read(node: Node, tensor: str) -> int:
    """How often a layer's formula reads a tensor."""
    local = {k for k, v in node.names.items() if v == tensor}
    equations = node.template.training.unit.equations
    return sum(e.name in local for equation in equations for e in entries(equation.rhs))


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
