"""How one adjoint equation comes about: chain rule, local derivatives, rewrites, result."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symbp.calculus.equation import ADJOINT, adjoint_name
from symbp.calculus.expression import Entry, SumOver
from symbp.calculus.index import fresh, substitute
from symbp.calculus.pullback import Contribution
from symbp.network.heads import Head
from symbp.network.items import Piece, Statement
from symbp.printers.dialect import LATEX, PLAIN, Dialect
from symbp.printers.marks import unmarked
from symbp.writers.document import Formula, Text, added, both
from symbp.writers.formulas import Formulas
from symbp.writers.scope import Scope, ScopeText
from symbp.writers.storage import Storage

SHOWN = ("derivative", "outputs", "facts", "insert")  # rewrites that a reader wants to see


class Steps:
    """The formulas around the statements of one program."""

    def __init__(self, storage: Storage) -> None:
        self.formulas = Formulas(storage)
        self.text = ScopeText(storage)

    # -- whole equations ------------------------------------------------------------------------

    def equation(self, statement: Statement, notation: str, kind: str) -> Formula:
        """The statement's own equation, in matrix form where it has one and that is asked for."""
        wanted = ("matrix", "index") if notation == "matrix" else ("index",)
        for form in wanted:
            texts = [self.formulas.formula(statement, d, form) for d in (LATEX, PLAIN)]
            if all(texts):
                left, right = zip(*(t.split(" = ", 1) for t in texts), strict=True)
                return Formula(Text(*left), Text(*right), kind, statement.id)
        raise AssertionError(f"{statement.id} has no formula")

    def equations(self, statement: Statement, notation: str, kind: str) -> list[Formula]:
        """The statement's equations: several where its pieces go to different places."""
        if not self.formulas.several(statement):
            return [self.equation(statement, notation, kind)]
        parts = (replace(statement, pieces=(piece,)) for piece in statement.pieces)
        return [self.equation(part, notation, kind) for part in parts]

    # -- how an adjoint comes about -------------------------------------------------------------

    def parts(self, statement: Statement) -> list[Part]:
        """What the statement's adjoint is made of, each piece of it derived before it is read; the
        statement's own comes last and lacks its result."""
        scopes = self.scopes(statement)
        made: dict[str, Part] = {}
        for scope in scopes:
            for inner in self.inner(scope):
                name = inner.piece.tensor(ADJOINT + inner.adjoint.name)
                made[name] = self.part(name, [inner], [], complete=True)
        own = self.part(statement.defines, scopes, self.aliases(statement), complete=False)
        return [*made.values(), own]

    def scopes(self, statement: Statement) -> list[Scope]:
        """One for each piece that comes from a layer's adjoint; all write their letters alike."""
        letters = self.formulas.letters(statement)
        made = []
        for piece in statement.pieces:
            finished = piece.finished
            if finished is not None and finished.adjoint is not None:
                own = finished.unit.letters[finished.adjoint.name]
                shown = dict(zip(own, letters, strict=False))
                carried = finished.defines != finished.equation.name
                defines = "" if carried else statement.defines
                made.append(Scope(piece, finished, finished.adjoint, shown, defines))
        return made

    def inner(self, scope: Scope) -> list[Scope]:
        """The adjoints of parts of the layer that are written into this one, in order."""
        inserted = scope.finished.inserted
        reached: set[str] = set()
        waiting = [c.source for c in scope.adjoint.contributions]
        while waiting:
            name = waiting.pop()
            if name in inserted and name not in reached:
                reached.add(name)
                waiting += [c.source for c in inserted[name].contributions]
        return [
            Scope(scope.piece, scope.finished, adjoint, {})
            for name, adjoint in inserted.items()
            if name in reached
        ]

    def aliases(self, statement: Statement) -> list[Text]:
        """Summands that are other adjoints as they stand."""
        letters = self.formulas.letters(statement)
        return [
            both(lambda d, p=piece: self.text.name(p.source, d, d.places(letters)))  # type: ignore[misc]
            for piece in statement.pieces
            if piece.finished is None
        ]

    def part(self, name: str, scopes: list[Scope], terms: list[Text], *, complete: bool) -> Part:
        """Chain rule, local derivatives and rewrites; with ``complete`` the result too."""
        factors: dict[str, Formula] = {}
        seeded = [any(_seeded(c) for c in s.adjoint.contributions) for s in scopes]
        if not any(seeded) or not all(
            c.target.plain for s in scopes for c in s.adjoint.contributions
        ):
            chain: list[Formula] = []
        else:
            sums = list(terms)
            for scope in scopes:
                for c in _together(scope.adjoint.contributions, scope.letters):
                    sums.append(self.term(scope, c))
                    if _seeded(c):
                        local = self.local(scope, c)
                        factors[unmarked(local.latex)] = local
            chain = [
                Formula(
                    self.left(scopes[0]),
                    Text(added([t.latex for t in sums]), added([t.plain for t in sums])),
                    "chain",
                )
            ]
        steps: list[Formula] = []
        if len(scopes) == 1 and not terms:
            steps = self.rewrites(scopes[0], complete)
        return Part(name, (*chain, *factors.values(), *steps), bool(chain))

    def last(self, part: Part) -> Formula:
        """The result of a part that has no line of its own."""
        left = next(f.left for f in reversed(part.formulas) if f.left.latex)
        return replace(part.formulas[-1], left=left, reason="")

    def left(self, scope: Scope) -> Text:
        """The adjoint that a scope is about, with its indices."""
        target = scope.adjoint.equations[0].target
        if scope.defines:
            return both(lambda d: self.text.indexed(scope, scope.defines, target.indices, d))
        return both(lambda d: self.text.entry(scope, target.name, target.indices, d))

    def term(self, scope: Scope, c: Contribution) -> Text:
        """``sum_n dL/dv_n dv_n/du``; what comes from the loss itself is written out."""
        if not _seeded(c):
            return both(lambda d: self.text.expression(scope, sp.Mul(*c.factors), d))
        seed = c.factors[0]
        assert isinstance(seed, Entry)
        rest = sorted(_letters(seed) - _letters(c.target), key=lambda s: s.name)

        def make(dialect: Dialect) -> str:
            upper = self.text.entry(scope, seed.name, seed.indices, dialect)
            local = self.partial(scope, c, dialect)
            body = f"{upper} {local}" if dialect.bars else f"{upper} · {local}"
            if not rest:
                return body
            letters = scope.printer(dialect).letters(tuple(rest))
            return dialect.reduction("sum", letters, body)[0]

        return both(make)

    def partial(self, scope: Scope, c: Contribution, dialect: Dialect) -> str:
        seed = c.factors[0]
        assert isinstance(seed, Entry)
        upper = self.text.entry(scope, c.source, seed.indices, dialect)
        lower_ = self.text.entry(scope, c.target.name, c.target.indices, dialect)
        return dialect.partial(upper, lower_)

    def local(self, scope: Scope, c: Contribution) -> Formula:
        """``dv/du = ...``, before anything is rewritten."""
        left = both(lambda d: self.partial(scope, c, d))
        value = sp.Mul(*c.factors[1:])
        return Formula(left, both(lambda d: self.text.expression(scope, value, d)), "factor")

    def rewrites(self, scope: Scope, complete: bool) -> list[Formula]:
        """From the chain rule with everything put in to the result, in index form."""
        adjoint = scope.adjoint
        if len(adjoint.equations) > 1:
            return []
        last = adjoint.equations[0].rhs
        interesting = any(step.rule in SHOWN for step in adjoint.steps)
        if not interesting and not complete:
            return []
        expressions = [(_factored(adjoint.steps[0].before) if interesting else last, "")]
        for step in adjoint.steps if interesting else ():
            after = _factored(step.after) if step.rule in ("insert", "sums") else step.after
            expressions.append((after, f"step:{step.rule}"))
        made: list[Formula] = []
        for expr, reason in expressions:
            text = both(lambda d, e=expr: self.text.expression(scope, e, d))  # type: ignore[misc]
            named = reason == "step:names" and made[-1].reason == "step:derivative"
            if made and (named or text.plain == made[-1].right.plain):
                made[-1] = replace(made[-1], right=text)
            elif not made or not text.reads_as(made[-1].right):
                made.append(Formula(Text("", ""), text, "step", reason=reason))
        made[0] = replace(made[0], left=self.left(scope))
        return made if complete or len(made) > 1 else []

    def fact(self, head: Head, left: sp.Expr, right: sp.Expr) -> Text:
        """What the loss assumes about its targets: ``sum_k t_nk = 1``."""
        finished = head.text.backward[-1][1][0]
        adjoint = head.text.backward[-1][0]
        scope = Scope(Piece(finished, head.names), finished, adjoint, {})

        def make(dialect: Dialect) -> str:
            sides = [self.text.expression(scope, side, dialect) for side in (left, right)]
            return " = ".join(sides)

        return both(make)


@dataclass(frozen=True)
class Part:
    """The derivation of one adjoint; ``chained`` where it begins with the chain rule."""

    name: str
    formulas: tuple[Formula, ...]
    chained: bool


def _factored(expr: sp.Expr) -> sp.Expr:
    """Common numbers of each summand in front of it: ``2 (h - m)``."""
    return sp.Add(*(sp.factor_terms(term) for term in sp.Add.make_args(expr)))


def _seeded(c: Contribution) -> bool:
    """Whether the chain starts at another tensor's adjoint, and not at the loss itself, or at what a
    later step hands back as it is."""
    first = c.factors[0] if c.factors else None
    return isinstance(first, Entry) and first.name == adjoint_name(c.source)


def _letters(entry: Entry) -> set[sp.Symbol]:
    return {s for i in entry.indices for s in i.free_symbols}


def _together(
    contributions: tuple[Contribution, ...], letters: tuple[sp.Symbol, ...]
) -> list[Contribution]:
    """In the words of the target; what one equation gives at the same places is one contribution, whose
    local derivative is the sum."""
    groups: dict[object, list[Contribution]] = {}
    for number, contribution in enumerate(contributions):
        c = _canonical(contribution, letters)
        key = (c.factors[0], c.target) if _seeded(c) else number
        groups.setdefault(key, []).append(c)
    made = []
    for group in groups.values():
        first = group[0]
        if _seeded(first):
            local = sp.Add(*(_local(c) for c in group))
            first = replace(first, factors=(first.factors[0], sp.factor_terms(local)))
        made.append(first)
    return made


def _local(c: Contribution) -> sp.Expr:
    """The factors behind the adjoint, summed over the letters that only they have."""
    seed = c.factors[0]
    assert isinstance(seed, Entry)
    own = [i for i in c.letters if i not in _letters(seed) | _letters(c.target)]
    value = sp.factor_terms(sp.Mul(*c.factors[1:]))
    body = [f for f in sp.Mul.make_args(value) if f.free_symbols & set(own)]
    if not body:
        return value
    front = sp.Mul(*(f for f in sp.Mul.make_args(value) if f not in body))
    return front * SumOver(sp.Mul(*body), *own)


def _canonical(c: Contribution, letters: tuple[sp.Symbol, ...]) -> Contribution:
    """The letters of the target in its own words; others step aside."""
    moved: dict[sp.Symbol, sp.Expr] = dict(zip(c.target.indices, letters, strict=True))
    avoid = set(letters) | set(c.letters)
    for index in c.letters:
        if index in letters and index not in c.target.indices:
            moved[index] = fresh(index, avoid)
            avoid.add(moved[index])
    return replace(
        c,
        target=substitute(c.target, moved),
        factors=tuple(substitute(f, moved) for f in c.factors),
        letters=tuple(substitute(i, moved) for i in c.letters),
    )
