"""Cures side by side: the network as it is, and a copy with each cure, predicted, measured and trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symbp.errors import InputError
from symbp.flow import cures
from symbp.flow.measure import SAMPLES, bench
from symbp.flow.product import Products
from symbp.flow.report import Report, reported
from symbp.flow.trial import STEPS, Run, trial
from symbp.language.spec import Spec
from symbp.network import assemble, program

AS_IS = "as it is"


@dataclass(frozen=True, eq=False)
class Variant:
    """``name`` of the cures; ``report`` and ``run`` are None where they changed nothing, or where the
    copy is no network, which ``problem`` says."""

    name: str
    what: str
    report: Report | None
    run: Run | None
    problem: str = ""


def compare(
    spec: Spec,
    names: Sequence[str],
    *,
    seeds: int,
    steps: int = STEPS,
    samples: int = SAMPLES,
    watch: Callable[[str], None] = lambda name: None,
) -> tuple[Variant, ...]:
    """The network as it is, then with each of the cures; ``watch`` is told which one is next.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    watch(AS_IS)
    found = [_variant(AS_IS, "", spec, seeds, steps, samples)]
    for name in names:
        watch(name)
        changed = cures.apply(name, spec)
        if changed == spec:
            problem = "nothing to change"
            found.append(Variant(name, cures.what(name), None, None, problem))
            continue
        try:
            found.append(_variant(name, cures.what(name), changed, seeds, steps, samples))
        except InputError as error:  # such as a norm where there is one number alone
            found.append(Variant(name, cures.what(name), None, None, error.message))
    return tuple(found)


def _variant(name: str, what: str, spec: Spec, seeds: int, steps: int, samples: int) -> Variant:
    built = program.build(assemble.build(spec))
    made = bench(built, samples=samples)
    report = reported(Products(built), made, seeds)
    return Variant(name, what, report, trial(made, spec, steps))
