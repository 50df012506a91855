"""How one adjoint equation comes about: chain rule, local derivatives, rewrites, result, shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from symbp.arrays.lower import lower
from symbp.arrays.nodes import Contract, Lin, Node, Reduce
from symbp.calculus.derive import Adjoint
from symbp.calculus.equation import ADJOINT, Equation
from symbp.calculus.expression import Entry
from symbp.calculus.index import fresh, substitute
from symbp.calculus.pullback import Contribution
from symbp.network.program import Piece, Statement
from symbp.printers.base import PRODUCT, SUM, fill
from symbp.printers.dialect import LATEX, PLAIN, Dialect, Latex
from symbp.printers.finished import LATEX_FUNCTIONS, PLAIN_FUNCTIONS, Finished
from symbp.printers.index import Index
from symbp.writers.document import Formula, Text
from symbp.writers.emit import Emitter
from symbp.writers.storage import Storage

SHOWN = ("derivative", "outputs", "facts", "insert")  # rewrites that a reader wants to see


def both(make: Callable[[Dialect], str]) -> Text:
    """The same text in both dialects."""
    return Text(make(LATEX), make(PLAIN))


class Steps:
    """The formulas around the statements of one program."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.emitter = Emitter(storage)
        self.texts: dict[tuple[int, sp.Expr, Dialect], str] = {}  # with slots, one for each formula

    # -- whole equations ------------------------------------------------------------------------

    def equation(self, statement: Statement, notation: str, kind: str) -> Formula:
        """The statement's own equation, in matrix form where it has one and that is asked for."""
        wanted = ("matrix", "index") if notation == "matrix" else ("index",)
        for form in wanted:
            texts = [self.emitter.formula(statement, d, form) for d in (LATEX, PLAIN)]
            if all(texts):
                left, right = zip(*(t.split(" = ", 1) for t in texts), strict=True)
                return Formula(Text(*left), Text(*right), kind, statement.id)
        raise AssertionError(f"{statement.id} has no formula")

    def shapes(self, statement: Statement) -> Formula | None:
        """The shapes below a matrix equation: ``(3 x 1) = (3 x N)(N x 1)``."""
        tensor = self.storage.program.tensors[statement.defines.lstrip(ADJOINT)]
        own = _dimensions(tensor.shape)
        sides = []
        for piece in statement.pieces:
            if piece.finished is None:
                sides.append(own)
                continue
            if piece.finished.formula("matrix", LATEX) is None:
                return None
            sides.append(_shape_of(piece.finished.shown.tree, piece.finished) or own)
        left = own
        right = " + ".join(dict.fromkeys(sides))
        if right == left:
            return Formula(Text("", ""), Text(left, left.replace(r"\times", "×")), "shape", relation="")
        plain = (left.replace(r"\times", "×"), right.replace(r"\times", "×"))
        return Formula(Text(left, plain[0]), Text(right, plain[1]), "shape")

    # -- the chain rule -------------------------------------------------------------------------

    def chain(self, statement: Statement) -> list[Formula]:
        """The chain rule entry by entry, and each local derivative in it."""
        terms: list[Text] = []
        factors: dict[str, Formula] = {}
        left: Text | None = None
        for piece in statement.pieces:
            finished = piece.finished
            if finished is None:
                terms.append(both(lambda d, p=piece: self.name(p.source, d)))  # type: ignore[misc]
                continue
            adjoint = finished.adjoint
            if adjoint is None or not all(c.target.plain for c in adjoint.contributions):
                return []
            for c in adjoint.contributions:
                moved = _canonical(c, finished.unit.letters[adjoint.name])
                if not _seeded(c):
                    direct = finished.equation.rhs
                    terms.append(both(lambda d, p=piece, e=direct: self.expression(p, e, d)))  # type: ignore[misc]  # noqa: E501
                    continue
                left = both(lambda d, p=piece, a=adjoint, f=finished: self.entry(p, ADJOINT + a.name, f.unit.letters[a.name], d))  # type: ignore[misc]  # noqa: E501
                terms.append(self.term(piece, c, moved))
                local = self.local(piece, finished, c, moved)
                factors[local.latex] = local
        if left is None or not factors:
            return []
        joined = Text(
            " + ".join(t.latex for t in terms), " + ".join(t.plain for t in terms)
        )
        parts = [f for p in statement.pieces if p.finished for f in self.inserted(p, p.finished)]
        return [Formula(left, joined, "chain"), *factors.values(), *parts]

    def inserted(self, piece: Piece, finished: Finished) -> list[Formula]:
        """The adjoints of parts that the chain rule names and that have no line of their own."""
        made: dict[str, Formula] = {}
        open_names = [c.source for c in finished.adjoint.contributions] if finished.adjoint else []
        while open_names:
            adjoint = finished.inserted.get(open_names.pop(0))
            if adjoint is None or adjoint.name in made:
                continue
            target, rhs = adjoint.equations[0].target, adjoint.equations[0].rhs
            left = both(lambda d, t=target: self.entry(piece, t.name, t.indices, d))  # type: ignore[misc]
            right = both(lambda d, r=rhs: self.expression(piece, r, d))  # type: ignore[misc]
            made[adjoint.name] = Formula(left, right, "factor")
        return list(made.values())

    def term(self, piece: Piece, c: Contribution, moved: Mapping[sp.Symbol, sp.Expr]) -> Text:
        """``sum_n dL/dv_n dv_n/du``."""
        seed = c.factors[0]
        assert isinstance(seed, Entry)
        indices = tuple(substitute(i, moved) for i in seed.indices)
        own = {s for i in c.target.indices for s in substitute(i, moved).free_symbols}
        rest = sorted(
            {s for i in indices for s in i.free_symbols} - own, key=lambda s: s.name
        )

        def make(dialect: Dialect) -> str:
            upper = self.entry(piece, seed.name, indices, dialect)
            local = self.partial(piece, c, moved, dialect)
            body = f"{upper} {local}" if isinstance(dialect, Latex) else f"{upper} · {local}"
            if not rest:
                return body
            printer = self.printer(piece, dialect)
            return dialect.reduction("sum", printer.letters(tuple(rest)), body)[0]

        return both(make)

    def partial(
        self,
        piece: Piece,
        c: Contribution,
        moved: Mapping[sp.Symbol, sp.Expr],
        dialect: Dialect,
    ) -> str:
        seed = c.factors[0]
        assert isinstance(seed, Entry)
        upper = self.entry(piece, c.source, tuple(substitute(i, moved) for i in seed.indices), dialect)
        lower_ = self.entry(
            piece, c.target.name, tuple(substitute(i, moved) for i in c.target.indices), dialect
        )
        if isinstance(dialect, Latex):
            return rf"\frac{{\partial {upper}}}{{\partial {lower_}}}"
        return f"∂{upper}/∂{lower_}"

    def local(
        self,
        piece: Piece,
        finished: Finished,
        c: Contribution,
        moved: Mapping[sp.Symbol, sp.Expr],
    ) -> Formula:
        """``dv/du = ...``, before anything is rewritten."""
        value = sp.Mul(*(substitute(f, moved) for f in c.factors[1:]))
        left = both(lambda d: self.partial(piece, c, moved, d))
        return Formula(left, both(lambda d: self.expression(piece, value, d)), "factor")

    # -- rewrites -------------------------------------------------------------------------------

    def rewrites(self, statement: Statement) -> list[Formula]:
        """The steps between the chain rule and the result, in index form."""
        if len(statement.pieces) != 1 or statement.pieces[0].finished is None:
            return []
        piece = statement.pieces[0]
        adjoint: Adjoint | None = piece.finished.adjoint if piece.finished else None
        if adjoint is None or not adjoint.steps or len(adjoint.equations) > 1:
            return []
        if not any(step.rule in SHOWN for step in adjoint.steps):
            return []
        target = adjoint.equations[0].target
        made = []
        left = both(lambda d: self.entry(piece, target.name, target.indices, d))
        first = adjoint.steps[0].before
        made.append(Formula(left, both(lambda d: self.expression(piece, first, d)), "step"))
        for step in adjoint.steps:
            text = both(lambda d, s=step: self.expression(piece, s.after, d))  # type: ignore[misc]
            if step.rule == "names" and made[-1].reason == "step:derivative":
                made[-1] = Formula(Text("", ""), text, "step", reason="step:derivative")
            elif text.latex != made[-1].right.latex:
                made.append(Formula(Text("", ""), text, "step", reason=f"step:{step.rule}"))
        return made if len(made) > 1 else []

    # -- text -----------------------------------------------------------------------------------

    def printer(self, piece: Piece, dialect: Dialect) -> Index:
        assert piece.finished is not None
        functions = LATEX_FUNCTIONS if isinstance(dialect, Latex) else PLAIN_FUNCTIONS
        return Index(dialect, functions, piece.finished.size_of)

    def expression(self, piece: Piece, expr: sp.Expr, dialect: Dialect) -> str:
        """A unit's expression in the names of the network, in index form."""
        finished = piece.finished
        assert finished is not None
        key = (id(finished), expr, dialect)
        if key not in self.texts:
            tree = lower(Equation(Entry("value"), expr), finished.order).tree
            self.texts[key] = self.printer(piece, dialect).text(tree, SUM)
        return self.filled(self.texts[key], piece, dialect)

    def filled(self, text: str, piece: Piece, dialect: Dialect) -> str:
        def write(name: str, index: str, label: str, transposed: bool) -> str:
            if name == "#n":
                return "N"
            known = self.storage.name(piece.tensor(name))
            method = known.latex if isinstance(dialect, Latex) else known.unicode
            return method(index, label, transposed)

        return fill(text, write)

    def entry(
        self, piece: Piece, local: str, indices: tuple[sp.Expr, ...], dialect: Dialect
    ) -> str:
        printer = self.printer(piece, dialect)
        index = printer.places(indices)
        known = self.storage.name(piece.tensor(local))
        return known.latex(index) if isinstance(dialect, Latex) else known.unicode(index)

    def name(self, tensor: str, dialect: Dialect) -> str:
        known = self.storage.name(tensor)
        return known.latex() if isinstance(dialect, Latex) else known.unicode()


def _seeded(c: Contribution) -> bool:
    """Whether the chain starts at another tensor's adjoint, and not at the loss itself."""
    first = c.factors[0] if c.factors else None
    return isinstance(first, Entry) and first.name.startswith(ADJOINT)


def _canonical(c: Contribution, letters: tuple[sp.Symbol, ...]) -> dict[sp.Symbol, sp.Expr]:
    """The letters of the target in its own words; others step aside."""
    moved: dict[sp.Symbol, sp.Expr] = dict(zip(c.target.indices, letters, strict=True))
    avoid = set(letters) | set(c.letters)
    for index in c.letters:
        if index in letters and index not in c.target.indices:
            moved[index] = fresh(index, avoid)
            avoid.add(moved[index])
    return moved


def _dimensions(shape: tuple[int | None, ...]) -> str:
    """``N x 3``; a vector is a row, one number a sample a column."""
    words = ["N" if s is None else str(s) for s in shape]
    if not words:
        return "1"
    if len(words) == 1:
        words = [words[0], "1"] if words[0] == "N" else ["1", words[0]]
    return "(" + r" \times ".join(words) + ")"


def _shape_of(tree: Node, finished: Finished) -> str:
    """The shapes of the two sides of a matrix product; empty for anything else."""

    def size(letter: sp.Symbol) -> int | None:
        return finished.size_of(letter)

    if isinstance(tree, Contract) and not tree.batch and len(tree.over) == 1:
        over = tree.over[0]
        left = [size(a) for a in tree.a.axes if a != over]
        right = [size(a) for a in tree.b.axes if a != over]
        if len(left) <= 1 and len(right) <= 1:
            first = (*left, size(over)) if left else (1, size(over))
            second = (size(over), *right) if right else (size(over), 1)
            return _dimensions(first) + _dimensions(second)
    if isinstance(tree, Lin) and any(isinstance(x, Contract) for _, x in tree.terms):
        return " + ".join(
            _shape_of(x, finished) or _dimensions(tuple(size(a) for a in x.axes))
            for _, x in tree.terms
        )
    if isinstance(tree, Reduce) and tree.op == "sum" and len(tree.x.axes) == 2:
        shape = tuple(size(a) for a in tree.x.axes)
        if tree.over == tree.x.axes[:1]:
            return _dimensions((1, shape[0])) + _dimensions(shape)
        if tree.over == tree.x.axes[1:]:
            return _dimensions(shape) + _dimensions((shape[1], 1))
    return ""


__all__ = ["PRODUCT", "Steps", "both"]
