"""The corpus as one table: what was planted against what was said, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from symbp.judge import kinds
from tests.judge.corpus import planted
from tests.judge.corpus.score import Score

OTHERS = ("nothing", kinds.UNUSABLE)


@dataclass(frozen=True)
class Rates:
    """Shares of the planted mistakes that are judged wrong, and that are named with kind and place."""

    planted: int
    wrong: float
    diagnosed: float


def rates(scores: Sequence[Score]) -> Rates:
    wrong = sum(s.is_wrong for s in scores)
    named = sum(s.is_wrong and s.is_diagnosed for s in scores)
    count = len(scores)
    return Rates(count, wrong / count, named / count)


def table(scores: Sequence[Score]) -> list[str]:
    """Lines: rows are planted, columns are the kinds of the judge that occur; ``.`` is none."""
    cells = Counter((s.edit.planted, s.diagnosed) for s in scores)
    said = {kind for _, kind in cells}
    columns = [kind for kind in (*kinds.KINDS, *OTHERS) if kind in said]
    keys = [chr(ord("A") + k) for k in range(len(columns))]
    lines = [f"  {key} = {kind}" for key, kind in zip(keys, columns, strict=True)]
    lines.append(f"{'planted':<18}" + "".join(f"{key:>5}" for key in keys) + "    all  named")
    for name in planted.NAMES:
        own = [s for s in scores if s.edit.planted == name]
        if not own:
            continue
        counts = [cells[name, kind] for kind in columns]
        row = "".join(f"{count or '.':>5}" for count in counts)
        named = sum(s.is_wrong and s.is_diagnosed for s in own)
        lines.append(f"{name:<18}{row}{len(own):>7}{named:>7}")
    return lines


def by_form(scores: Sequence[Score]) -> list[str]:
    """Lines: how well each form of answer is judged."""
    lines = []
    for ending, form in (("py", "Python"), ("tex", "LaTeX"), ("md", "Markdown"), ("txt", "text")):
        own = [s for s in scores if s.edit.file.endswith(ending)]
        if not own:
            continue
        found = rates(own)
        lines.append(
            f"{form:<10}{found.planted:>5} planted, {found.wrong:>6.1%} judged wrong, "
            f"{found.diagnosed:>6.1%} named"
        )
    return lines


def times(scores: Sequence[Score]) -> str:
    """The middle, the 95th percentile and the longest of the times, in seconds."""
    spent = sorted(s.seconds for s in scores)
    middle, late = spent[len(spent) // 2], spent[len(spent) * 95 // 100]
    return f"per answer: median {middle:.2f} s, 95 % within {late:.2f} s, longest {spent[-1]:.2f} s"
