"""A wrong step for a worksheet: one of the judge's own mistakes, written as a formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from symbp.calculus.equation import Equation
from symbp.judge.diagnose_bench import Bench
from symbp.judge.evaluate_network import Chain
from symbp.judge.exercise_network import backward
from symbp.judge.exercise_steps import Step, Writing
from symbp.judge.mutations import Mutations
from symbp.judge.mutations_mistake import Mutation
from symbp.judge.verdict import Blame
from symbp.network.items import Piece, Statement

LIKELY = 1  # of the ranks of mistakes: those that people make
LONGER = 12  # characters of LaTeX: a mistake that makes a formula much longer is not read over
STRANGE = (r"\mathbf{1}", "-1 -", "^4", r"^2)^\top", r"^\top \right) W")
KINDS = frozenset(
    [
        "missing_factor",
        "extra_factor",
        "replaced_factor",
        "transpose",
        "sign",
        "missing_path",
        "missing_sum",
        "regularization",
        "softmax_elementwise",
    ]
)


@dataclass(frozen=True, eq=False)
class Planted:
    """``step`` stands in the place of the right one with the same ``id``; ``blame`` is what the judge
    says about it on its ``bench``."""

    mutation: Mutation
    step: Step
    blame: Blame | None = None
    bench: Bench | None = None

    def among(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps with the wrong one in its place."""
        return tuple(self.step if step.id == self.step.id else step for step in steps)


def planted(writing: Writing, steps: tuple[Step, ...], seed: int) -> Iterator[Planted]:
    """Wrong steps, in an order that the seed makes: each is another formula than the right one."""
    statements = {s.id: s for s in backward(writing.program)}
    right = {step.id: step for step in steps}
    mutations = Mutations(Chain(writing.program, False))
    found = [m for part in mutations.chain.parts for m in mutations.of(part) if _plain(m)]
    for mutation in _mixed(found, np.random.default_rng(seed)):
        changed = _changed(statements.get(mutation.where), mutation)
        if changed is None:
            continue
        try:
            left, text = writing.sides(changed)
        except (KeyError, ValueError):  # it reads what has no name in these formulas
            continue
        own = right[mutation.where]
        if left == own.left and not _odd(text, own.right):
            yield Planted(mutation, replace(own, right=text, value=None))


def _mixed(found: list[Mutation], rng: np.random.Generator) -> Iterator[Mutation]:
    """One of each kind by turns."""
    kinds: dict[str, list[Mutation]] = {}
    for k in rng.permutation(len(found)):
        kinds.setdefault(found[k].kind, []).append(found[k])
    while kinds:
        for kind in list(kinds):
            yield kinds[kind].pop()
            if not kinds[kind]:
                del kinds[kind]


def _odd(text: str, right: str) -> bool:
    """Whether nobody would write the formula, or it is the right one."""
    new = [sign for sign in STRANGE if sign in text and sign not in right]
    bare = text in ("", "0", "1", right)
    return bare or bool(new) or len(text) > len(right) + LONGER


def _plain(mutation: Mutation) -> bool:
    """Whether it changes one equation of the map into another."""
    edit = mutation.edit
    if edit is None or mutation.equation is None or mutation.raw or mutation.before is not None:
        return False
    others = bool(mutation.forward or mutation.moved or mutation.added)
    return mutation.kind in KINDS and edit.rank <= LIKELY and not others and edit.rhs != 0


def _changed(statement: Statement | None, mutation: Mutation) -> Statement | None:
    """The statement with the mistake in the piece that it belongs to."""
    if statement is None or mutation.edit is None:
        return None
    pieces = list(statement.pieces)
    for k, piece in enumerate(pieces):
        if piece.finished is not None and piece.finished.equation == mutation.equation:
            pieces[k] = _wrong(piece, mutation)
            return replace(statement, pieces=tuple(pieces))
    return None


def _wrong(piece: Piece, mutation: Mutation) -> Piece:
    assert piece.finished is not None and mutation.edit is not None
    old = piece.finished
    equation = Equation(old.equation.target, mutation.edit.rhs)
    return replace(piece, finished=replace(old, equation=equation, runs=None, _formulas={}))
