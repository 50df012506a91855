"""The page docs/flow.md: every number on it is what the code gives, and every remedy does its work."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from symbp.flow import cures
from symbp.flow.measure import bench
from symbp.flow.trial import Run, split, trial
from symbp.network import assemble, program
from symbp.writers.files import is_ours
from tests.flow.networks import example

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "flow.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
BAR = re.compile(r"[▏▎▍▌▋▊▉█]+")
EXACT, TRAINED = (
    0.02,
    0.35,
)  # what another machine's rounding may do to numbers, before and after training


def _make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", DOCS / "flow" / "make.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["make"] = made  # for the dataclass in it
    spec.loader.exec_module(made)
    return made


make = _make()
BLOCKS = list(make.blocks(PAGE))


@cache
def printed(command: str) -> tuple[str, ...]:
    """What a command of the page prints, without drawing."""
    words = next(b.words for b in BLOCKS if b.command == command)
    if "--plot" in words:
        place = words.index("--plot")
        words = words[:place] + words[place + 2 :]
    return tuple(make.output(words))


def same(shown: str, now: str, tolerance: float) -> bool:
    """Whether two lines say the same, numbers nearly."""
    left, right = (BAR.sub(" ", line).split() for line in (shown, now))
    return len(left) == len(right) and all(
        a == b or _near(a, b, tolerance) for a, b in zip(left, right, strict=True)
    )


def _near(a: str, b: str, tolerance: float) -> bool:
    numbers = [NUMBER.fullmatch(word.rstrip(".,:")) for word in (a, b)]
    if not all(numbers):
        return False
    first, second = (float(m[0]) for m in numbers if m)
    return first == pytest.approx(second, rel=tolerance, abs=1e-30)


def check(block: object) -> None:
    lines = make.again(block, list(printed(block.command)))  # type: ignore[attr-defined]
    tolerance = TRAINED if "--compare" in block.command else EXACT  # type: ignore[attr-defined]
    shown = block.shown  # type: ignore[attr-defined]
    assert len(lines) == len(shown)
    wrong = [(a, b) for a, b in zip(shown, lines, strict=True) if not same(a, b, tolerance)]
    assert not wrong


QUICK = [b for b in BLOCKS if "--compare" not in b.command]
TRAINING = [b for b in BLOCKS if "--compare" in b.command]


@pytest.mark.parametrize("block", QUICK, ids=lambda b: b.words[1])
def test_the_page_shows_what_symbp_prints(block: object) -> None:
    check(block)


@pytest.mark.slow
@pytest.mark.parametrize("block", TRAINING, ids=lambda b: b.words[1])
def test_the_page_shows_what_training_gives(block: object) -> None:
    check(block)


def rows(name: str) -> dict[str, list[str]]:
    """The table of cures in the page's command on a network: by cure, its words."""
    block = next(b for b in TRAINING if name in b.command)
    lines = printed(block.command)
    start = next(k for k, line in enumerate(lines) if line.startswith("cure ")) + 2
    table = lines[start : lines.index("", start)]
    return {re.split(r"\s{2,}", line)[0]: BAR.sub(" ", line).split() for line in table}


@pytest.mark.slow
def test_a_hundred_layers_learn_at_the_critical_initialisation_alone() -> None:
    table = rows("hundred.toml")
    critical, glorot = (float(table[name][-2]) for name in ("as it is", "glorot"))
    assert critical < 1.8
    assert glorot == pytest.approx(
        2.303, abs=0.01
    )  # log 10: it says nothing but how many digits there are


@pytest.mark.slow
def test_clipping_saves_the_recurrent_network() -> None:
    table = rows("recurrent.toml")
    assert float(table["clip"][-1]) < 0.1 < 1 < float(table["as it is"][-1])


@pytest.mark.slow
@pytest.mark.parametrize("remedy", ["l2", "l1", "dropout"])
def test_a_remedy_lowers_the_loss_on_what_is_held_out(remedy: str) -> None:
    table = rows("overfit.toml")
    learnt, held = ([float(table[n][k]) for n in ("as it is", remedy)] for k in (-2, -1))
    assert learnt[1] > 1.5 * learnt[0]  # less is learnt by heart
    assert held[1] < 0.9 * held[0]


@pytest.mark.parametrize("name", sorted(re.findall(r"\]\((flow/\w+\.svg)\)", PAGE)))
def test_every_plot_of_the_page_is_there_and_small(name: str) -> None:
    path = DOCS / name
    assert is_ours(path)
    assert path.stat().st_size < 80_000


def test_every_plot_is_drawn_by_a_command_of_the_page() -> None:
    drawn = {b.words[b.words.index("--plot") + 1] for b in BLOCKS if "--plot" in b.words}
    assert drawn == set(re.findall(r"\]\((flow/\w+\.svg)\)", PAGE))


def run(name: str, spec_name: str = "deep_sigmoid", steps: int = 30) -> Run:
    spec = cures.apply(name, example(spec_name).spec) if name else example(spec_name).spec
    built = program.build(assemble.build(spec))
    return trial(bench(built), spec, steps)


def test_penalties_do_not_count_in_the_losses_that_are_compared() -> None:
    plain, penalised = run("", "article", 1), run("l2+l1", "article", 1)
    assert plain.losses[0] == pytest.approx(penalised.losses[0], rel=1e-12)


@pytest.mark.slow
def test_l1_makes_small_weights() -> None:
    assert run("l1", "regression", 300).small > run("", "regression", 300).small


def test_dropout_stands_behind_every_hidden_activation() -> None:
    spec = cures.apply("dropout", example("deep_sigmoid").spec)
    assert [layer.type for layer in spec.layers].count("dropout") == 8


def test_samples_are_held_out_by_the_seed_and_never_learnt_from() -> None:
    made = bench(example("regression").program).made
    (x, _), held = split(made.arrays, 0.25, 3)
    assert held is not None and len(held[0]) == 16
    assert not {*x.ravel()} & {*held[0].ravel()}
