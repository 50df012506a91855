"""A mistake in a sentence: what is wrong, in which derivative, and what it should be."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import sympy as sp

from symbp.calculus.equation import ADJOINT
from symbp.calculus.expression import Entry, Size, entries
from symbp.calculus.unary import Apply, Prime
from symbp.judge.diagnose_bench import Bench
from symbp.judge.diagnose_findings import close
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.verdict import Blame, Judged
from symbp.judge.words import LANGUAGES, MISTAKES, say
from symbp.judge.words_scalar import ScalarTerms
from symbp.judge.words_terms import Terms
from symbp.language.spec import Loss


class Sentences:
    """Words for the mistakes of answers to one network."""

    def __init__(self, bench: Bench, lang: str, kind: str = "", notation: str = "") -> None:
        self.kind = kind  # of the answer: function, class or text
        self.bench = bench
        self.lang = lang
        self.is_scalar = notation == "scalar"
        self.terms = (ScalarTerms if self.is_scalar else Terms)(bench.program)

    def left(self, blame: Blame) -> str:
        """The derivative that goes wrong, ``∂L/∂z2``."""
        statement = self.terms.statements.get(blame.where)
        if statement is None:
            return blame.where
        mistake = blame.mistake
        if mistake is not None and mistake.raw and mistake.equation is not None:
            name = mistake.equation.name
            tensor = mistake.part.names.get(name.removeprefix(ADJOINT), "")
            if ADJOINT + tensor in self.bench.mutations.where.places:
                return self.terms.name(ADJOINT + tensor)
        return self.terms.name(statement.defines)

    def parameter(self, key: str) -> str:
        """A parameter in the notation of the answer, by its key in the generated module."""
        tensor = next(t for t in self.bench.program.graph.parameters if t.key == key)
        return self.terms.name(tensor.name) if self.is_scalar else key

    def where(self, blame: Blame) -> str:
        """For a first hint: the equation alone."""
        return say(self.lang, "look", left=self.left(blame), where=blame.where)

    def sentence(self, blame: Blame) -> str:
        """What is wrong, in a sentence or two."""
        values = {"left": self.left(blame), "term": "", "wrong": "", "loss": "", "problem": ""}
        mistake = blame.mistake
        if blame.problem is not None:
            values["problem"] = blame.problem.text.rstrip(".")
        if mistake is not None:
            values |= self.material(mistake)
        if blame.also:
            return say(self.lang, "also", loss=values["loss"])
        text = MISTAKES[self.variant(blame, values)][LANGUAGES.index(self.lang)].format(**values)
        return self.with_names(text, mistake)

    def variant(self, blame: Blame, values: dict[str, str]) -> str:
        """The key of the sentence."""
        kind, mistake = blame.kind, blame.mistake
        edit = mistake.edit if mistake is not None else None
        if kind == "unknown" and blame.problem is not None:
            return "unknown.problem"
        if kind in ("missing_factor", "missing_path", "truncated") and not values["term"]:
            return "unknown"
        if kind in ("batch_scale", "scale") and edit is not None and edit.term is not None:
            return f"{kind}.missing"
        if kind == "regularization" and mistake is not None:
            if mistake.added:
                return "regularization.share"
            return "regularization" if values["wrong"] else "regularization.missing"
        if kind == "bias_missing" and mistake is not None:
            return "bias_missing.forward"
        if kind in ("bias_missing", "missing") and self.kind == "class":
            return f"{kind}.class"
        if kind == "transpose" and blame.problem is not None and blame.problem.value is None:
            return "transpose.product"
        if kind == "transpose" and edit is not None and _is_kernel(edit.wrong or edit.rhs):
            return "transpose.kernel"
        if kind == "transpose" and (edit is None or edit.site is None or edit.site.parent is None):
            return "transpose.whole"
        if kind == "sign" and mistake is not None and mistake.equation is not None:
            whole = edit is not None and edit.term == mistake.equation.rhs
            return "sign.whole" if whole else "sign"
        if kind == "missing_sum" and mistake is None:
            return "missing_sum.shape"
        return kind

    def material(self, mistake: Mutation) -> dict[str, str]:
        """The terms of a mistake as text."""
        found = {}
        if mistake.edit is not None:
            for key, expr in (("term", mistake.edit.term), ("wrong", mistake.edit.wrong)):
                if expr is not None:
                    found[key] = self.written(mistake.part, expr)
            if mistake.edit.summand is not None:
                own = mistake.edit.summand
                found["term"] = self.terms.term(own.owner, own.term)
            if mistake.kind == "missing_term" and mistake.edit.wrong is not None:
                found["wrong"] = self.terms.term(mistake.part, mistake.edit.wrong)
            if mistake.kind == "sign" and "term" in found:
                found["term"] = found["term"].removeprefix("-")
        if mistake.loss is not None:
            found["loss"] = self.loss(mistake.loss)
        return found

    def formula_lines(self, formula: str) -> tuple[str, ...]:
        """A formula as lines: equations for parts of a tensor stand below each other."""
        return tuple(formula.split("; "))

    def written(self, part: Part, expr: sp.Expr) -> str:
        """A term, a derivative by its name first: ``σ'(z2) = y ⊙ (1 - y)``."""
        if expr.is_number and not expr.has(Size):
            return _number(expr)
        text = self.terms.term(part, expr)
        named = self.named(part, expr)
        return f"{named} = {text}" if named is not None and named != text else text

    def named(self, part: Part, expr: sp.Expr) -> str | None:
        """The derivative of a named function that an expression is, seen at the first point."""
        if expr.has(Prime) or not any(True for _ in entries(expr)):
            return None
        for prime in _primes(part):
            if prime.free_symbols == expr.free_symbols and self.equal(part, prime, expr):
                return self.terms.term(part, prime)
        return None

    def equal(self, part: Part, first: sp.Expr, second: sp.Expr) -> bool:
        chain, state = self.bench.chain, self.bench.states[0]
        number = next((k for k, b in enumerate(chain.blocks) if b.part is part), None)
        if number is None:
            return False
        values = []
        for expr in (first, second):
            value = part.machine.compiler.value(expr)
            letters = tuple(sorted(value.letters, key=str))
            try:
                values.append(np.asarray(value.over(letters)(state.forward[number])))
            except (KeyError, IndexError, ValueError):
                return False
        return close(values[0], values[1])

    def with_names(self, text: str, mistake: Mutation | None) -> str:
        """What the argument of a named derivative stands for."""
        if mistake is None or mistake.edit is None or mistake.edit.term is None:
            return text
        term = mistake.edit.term
        if mistake.kind == "missing_term" and mistake.edit.wrong is not None:
            term = mistake.edit.wrong
        found = [term] if isinstance(term, Prime) else [
            p for p in _primes(mistake.part)
            if p.free_symbols == term.free_symbols and self.equal(mistake.part, p, term)
        ]  # fmt: skip
        if not found or not isinstance(found[0].argument, Entry):
            return text
        tensor = mistake.part.names.get(found[0].argument.name, "")
        formula = next((s for s in self.terms.statements.values() if s.defines == tensor), None)
        if formula is None or formula.part != "forward":
            return text
        return say(self.lang, "with", text=text, what=self.terms.equation(formula))

    def loss(self, loss: Loss) -> str:
        name = say(self.lang, loss.type or "formula loss")
        return say(self.lang, "loss", name=name, reduction=say(self.lang, loss.reduction))

    def numbers(self, judged: Judged) -> str:
        """How far a gradient is off."""
        parts = []
        if judged.error is not None and math.isfinite(judged.error):
            parts.append(say(self.lang, "off", error=f"{judged.error:.2g}"))
        if judged.scale is not None:
            parts.append(say(self.lang, "times", scale=f"{judged.scale:.6g}"))
        elif judged.cosine is not None:
            angle = math.degrees(math.acos(max(-1.0, min(1.0, judged.cosine))))
            parts.append(say(self.lang, "cosine", angle=f"{angle:.3g}"))
        return say(self.lang, "separator").join(parts)


def _primes(part: Part) -> Iterator[Apply]:
    """The derivatives of named functions in a part's chain rule, each once."""
    found: dict[Apply, None] = {}
    for contribution in part.derivation.contributions:
        for factor in contribution.factors:
            for node in sp.preorder_traversal(factor):
                if isinstance(node, Prime):
                    found[node] = None
    yield from found


def _is_kernel(expr: sp.Expr) -> bool:
    """Whether an index runs backwards."""
    return any(
        i.has(Size) and any(t.could_extract_minus_sign() for t in sp.Add.make_args(i))
        for r in entries(expr)
        for i in r.indices
    )


def _number(value: sp.Expr) -> str:
    if value.is_Rational:
        return str(value)
    return f"{float(value):.6g}"
