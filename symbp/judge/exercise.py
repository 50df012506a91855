"""Exercise sheets: a small network with small numbers, its gradients to be worked out by hand.

    made = exercise(symbp.load("article"), seed=3)
    dict(made.files)["worksheet.md"]

What is written was verified: every formula of the solution is read as an answer is, gives the value
that stands behind it, and the gradients are those of the generated module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from symbp.errors import InputError
from symbp.judge.diagnose_bench import Bench
from symbp.judge.exercise_faulty import Planted, planted
from symbp.judge.exercise_network import Small, small
from symbp.judge.exercise_numbers import Numbers, draw
from symbp.judge.exercise_pages import Sheet, pages
from symbp.judge.exercise_steps import Step, Writing
from symbp.judge.outcome import Answer, Network, Unusable
from symbp.judge.points import points
from symbp.judge.text.answer import read
from symbp.judge.verdict import Blame, judge

AGREE = 1e-9
SEEN = 1e-2  # relative: a mistake shows in the numbers of the sheet
NAME = Path("worksheet.md")
Steps = tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Exercise:
    """``files`` are names and bytes: a worksheet and its solution (with ``planted``: its key), each
    as Markdown and as TeX."""

    sheet: Sheet
    planted: Planted | None
    files: tuple[tuple[str, bytes], ...]


def exercise(
    network: Network, seed: int = 0, *, faulty: bool = False, lang: str = "en"
) -> Exercise:
    """A worksheet for a network; the same seed gives the same bytes.

    ``faulty``: the backward pass is filled in, with one wrong step to be found. Raises InputError for
    a network that cannot be worked through by hand.
    """
    chosen = small(network)
    writing = Writing(chosen)
    numbers = draw(chosen, seed)
    forward, backward = _right(chosen, writing, numbers)
    found = _planted(chosen, writing, numbers, forward, backward, seed) if faulty else None
    wrong = found.among(backward) if found is not None else backward
    _, shown = measured(chosen, numbers, forward, wrong)
    sheet = Sheet(network.spec.name, chosen, writing, numbers, forward, backward, shown, found)
    return Exercise(sheet, found, pages(sheet, lang))


def measured(
    chosen: Small, numbers: Numbers, forward: Steps, backward: Steps
) -> tuple[Steps, Steps]:
    """The steps with the values that their formulas give, each read as the line of an answer.

    Raises Unusable where one has none.
    """
    outcome = _read(chosen, (*forward, *backward)).evaluate((numbers.point,))[0]
    for name, problem in outcome.problems.items():
        raise Unusable(f"{name}: {problem.text}", NAME)
    known = {**outcome.others, **{f"d{k}": v for k, v in outcome.gradients.items()}}
    for step in (*forward, *backward):
        if step.defines not in known:
            raise Unusable(f"{step.formula} has no value", NAME)
    valued = tuple(replace(s, value=known[s.defines]) for s in (*forward, *backward))
    return valued[: len(forward)], valued[len(forward) :]


def _read(chosen: Small, steps: Steps) -> Answer:
    """The formulas of a sheet as an answer."""
    return read(chosen.network, NAME, "\n\n".join(f"${step.formula}$" for step in steps))


def _right(chosen: Small, writing: Writing, numbers: Numbers) -> tuple[Steps, Steps]:
    """The steps as they should be: every adjoint is the generated module's.

    Raises InputError where a formula cannot be read as the line of an answer, or means another thing.
    """
    reason = ""
    try:
        forward, backward = measured(
            chosen, numbers, writing.forward(numbers), writing.backward(numbers)
        )
        reason = next((s.formula for s in backward if not _agrees(s, numbers)), "")
    except Unusable as unusable:
        reason = unusable.reason
    if reason:
        raise InputError(
            f"{chosen.network.spec.name} has steps that cannot stand on a worksheet ({reason}); "
            "take a network of dense layers, activations and softmax",
            chosen.network.spec.file,
        )
    return forward, backward


def _agrees(step: Step, numbers: Numbers) -> bool:
    wanted = np.asarray(numbers.values[step.defines], float)
    found = np.asarray(step.value, float).reshape(wanted.shape)
    return bool(np.abs(found - wanted).max() <= AGREE * max(1e-12, float(np.abs(wanted).max())))


def _planted(
    chosen: Small,
    writing: Writing,
    numbers: Numbers,
    forward: Steps,
    backward: Steps,
    seed: int,
) -> Planted:
    """The first wrong step that shows in the numbers, and that the judge names as it was planted."""
    right = {step.id: step for step in backward}
    bench = Bench(chosen.program, points(chosen.network, chosen.notation))
    for candidate in planted(writing, backward, seed):
        try:
            wrong = candidate.among(backward)
            _, steps = measured(chosen, numbers, forward, wrong)
            step = next(s for s in steps if s.id == candidate.step.id)
            if _differs(step, right[step.id]):
                blame = _blame(bench, chosen, wrong, candidate)
                if blame is not None:
                    return replace(candidate, step=step, blame=blame, bench=bench)
        except Unusable:
            continue
    raise InputError(f"no mistake could be planted into {chosen.network.spec.name}")


def _blame(bench: Bench, chosen: Small, steps: Steps, candidate: Planted) -> Blame | None:
    """What the judge says of these lines as an answer, where it blames the planted step alone."""
    outcomes = _read(chosen, steps).evaluate(bench.points)
    judged = judge(bench, NAME.name, outcomes).parameters.values()
    roots = [b for j in judged for b in j.blames if not (b.following or b.also)]
    planted = (candidate.mutation.kind, candidate.mutation.where)
    return roots[0] if {(b.kind, b.where) for b in roots} == {planted} else None


def _differs(step: Step, right: Step) -> bool:
    found, wanted = (np.asarray(s.value, float) for s in (step, right))
    if found.shape != wanted.shape:
        return False
    return bool(np.abs(found - wanted).max() > SEEN * np.abs(wanted).max())
