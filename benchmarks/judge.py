"""How well ``symbp check`` judges: mistakes planted in the texts of independent answers.

    python -m benchmarks.judge                  # the whole corpus
    python -m benchmarks.judge article spirals  # these networks alone

The answers in tests/judge/corpus were written by hand, without symbp, and the mistakes are edits of
their text. Rows of the table are what was planted, columns what the judge says.
"""

from __future__ import annotations

import argparse
import time

from tests.judge.corpus import confusion
from tests.judge.corpus.pairs import named, pairs
from tests.judge.corpus.score import Score, edits, faults, forms, score
from tests.judge.corpus.table import NETWORKS

EVERY = 5  # of the pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", nargs="*", default=list(NETWORKS))
    networks = parser.parse_args().network
    start = time.perf_counter()
    scores = [score(edit) for network in networks for edit in edits(network)]
    for line in missed(scores):
        print(line)
    print("\n".join(["", *confusion.table(scores), "", *confusion.by_form(scores)]))
    found = confusion.rates(scores)
    print(f"\n{found.planted} planted mistakes: {found.wrong:.1%} judged wrong, ", end="")
    print(f"{found.diagnosed:.1%} named with kind and place")
    print(confusion.times(scores))
    both = [named(pair) for network in networks for pair in list(pairs(network))[::EVERY]]
    print(f"{len(both)} answers with two mistakes: ", end="")
    print(f"{sum(s.is_wrong for s, _ in both)} judged wrong, {sum(n for _, n in both)} named both")
    answers = [(network, *form) for network in networks for form in forms(network)]
    wrong = [(network, file) for network, file, text in answers if faults(network, file, text)]
    print(f"{len(answers)} right answers in other forms: {len(wrong)} judged wrong")
    for network, file in wrong:
        print(f"  {network}/{file}")
    print(f"all of it in {time.perf_counter() - start:.0f} s")


def missed(scores: list[Score]) -> list[str]:
    """What was not judged wrong, or not named as it was planted."""
    lines = []
    for s in scores:
        if not s.is_wrong:
            lines.append(f"not judged as planted: {s.edit.id}")
        elif not s.is_diagnosed:
            names = "; ".join(f"{kind} at {where}" for group in s.said for kind, where in group[:1])
            lines.append(f"named otherwise: {s.edit.id}: {names}")
    return lines


if __name__ == "__main__":
    main()
