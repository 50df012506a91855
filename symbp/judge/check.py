"""Answers to one network, judged one after the other; what one needs is kept for the next.

check(network, "answer.py").ok
Court(network).judge(read(network, "answer.tex"))
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from symbp.errors import InputError
from symbp.judge import kinds, live
from symbp.judge.answer import Answer, Unusable, points, read, scalar_twin
from symbp.judge.diagnose_bench import Bench
from symbp.judge.outcome import Network, Notation, Outcome
from symbp.judge.report import Report
from symbp.judge.text import answer as formulas
from symbp.judge.verdict import Verdict, judge
from symbp.judge.words import LANGUAGES
from symbp.network.items import statements

Given = str | os.PathLike[str] | Callable[..., Any]
LONGEST = 200  # characters of something that may be a path


class Court:
    """Judges answers to one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.benches: dict[tuple[bool, bool], Bench] = {}

    def bench(self, notation: Notation | None, training: bool = False) -> Bench:
        """Where answers in this notation are judged. Raises InputError where there is no such form."""
        key = notation == "scalar", training
        if key not in self.benches:
            network = scalar_twin(self.network) if key[0] else self.network
            drawn = points(self.network, notation)
            self.benches[key] = Bench(network.program, drawn, training)
        return self.benches[key]

    def judge(self, answer: Answer) -> Verdict:
        """The verdict; an answer that cannot be read or run is unusable."""
        try:
            bench = self.bench(answer.notation)
            outcomes = answer.evaluate(bench.points)
        except Unusable as problem:
            return self.unusable(answer.name, problem)
        except InputError as problem:
            return self.unusable(answer.name, Unusable(problem.message, answer.name))
        verdict = self._judged(bench, answer, outcomes)
        if not verdict.ok and self.has_modes:
            other = self._judged(self.bench(answer.notation, training=True), answer, outcomes)
            if _right(other) > _right(verdict):
                return other
        return verdict

    def _judged(self, bench: Bench, answer: Answer, outcomes: tuple[Outcome, ...]) -> Verdict:
        verdict = judge(bench, answer.name, outcomes)
        return replace(
            verdict, lines=answer.where, notes=answer.notes, kind=answer.kind,
            notation=answer.notation,
        )  # fmt: skip

    @property
    def has_modes(self) -> bool:
        """Whether the gradients differ in training, other than by what a mask drops."""
        program = self.network.program
        drops = any(n.template.definition.noise for n in program.graph.nodes)
        return not drops and any(s.mode for s in statements(program.backward))

    @staticmethod
    def unusable(name: str, problem: Unusable) -> Verdict:
        return Verdict(name, {}, unusable=problem)


def _right(verdict: Verdict) -> int:
    return sum(j.verdict == kinds.RIGHT for j in verdict.parameters.values())


def check(network: Network, answer: Given, *, lang: str = "en", hints: int = 3) -> Report:
    """Judge a hand-written gradient: the path of a file, a text, a function, or a class.

    A function is called as ``gradients(params, x, t)`` and gives a dict by parameter names; a class is
    like a textbook's, with forward and backward. These run in this process; a file runs in a child.
    ``hints`` says how much the report gives away: 1 the equation, 2 the factor, 3 all. Raises
    InputError for a path that does not exist, or an unknown language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"unknown language '{lang}'; known are {', '.join(LANGUAGES)}")
    if hints not in (1, 2, 3):
        raise InputError(f"hints is 1, 2 or 3, not {hints}")
    court = Court(network)
    try:
        verdict = court.judge(_read(network, answer))
    except Unusable as problem:
        verdict = court.unusable(problem.file or "answer", problem)
    return Report(network.spec.name, verdict, lang, hints)


def _read(network: Network, answer: Given) -> Answer:
    if callable(answer):
        return live.read(network, answer)
    if isinstance(answer, str) and ("\n" in answer or "=" in answer or len(answer) > LONGEST):
        return formulas.read(network, Path("answer"), answer)
    path = Path(answer)
    if not path.exists():
        raise InputError(
            "does not exist; expected an answer: a file, a text or a function", str(path)
        )
    return read(network, path)
