"""What the benchmarks say of their times: paired ratios, a table, a chart; and what they draw."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

import symbp
from benchmarks import chart, draw, report, sampler, speed, workloads
from benchmarks.race import Race, Ratio, Run, paired

SVG = "{http://www.w3.org/2000/svg}"


def race(dtype: str = "float32") -> Race:
    """PyTorch takes 1, 2, 1 seconds, fast half of it, autograd three times as long."""
    times = {"fast": 0.5, "PyTorch": 1.0, "autograd": 3.0}
    runs = {
        label: Run(label, 1, (factor, 2 * factor, factor), 1.0, 1e-9)
        for label, factor in times.items()
    }
    return Race("mlp", dtype, 64, runs, {"JAX": "jax is not installed"})


def test_ratios_are_those_of_the_same_round() -> None:
    ratio = race().ratio("fast", "PyTorch")
    assert ratio == Ratio(0.5, 0.5, 0.5)  # though PyTorch's own times differ by two
    assert race().ratio("fast", "JAX") is None


def test_the_spread_is_the_quartiles() -> None:
    assert paired([1, 2, 3, 4, 5], [1] * 5) == Ratio(3, 2, 4)


def test_the_table_fits_a_terminal_and_holds_the_spread() -> None:
    console = Console(width=80, file=io.StringIO())
    with console.capture() as capture:
        console.print(report.table("MLP", race()))
    (fast,) = (line for line in capture.get().splitlines() if "fast" in line)
    assert fast.split()[1:] == ["500000.0", "0.500", "0.500-0.500"]


def test_who_was_left_out_is_named_with_the_reason() -> None:
    assert "left out: JAX (MLP float32): jax is not installed" in report.remarks([("MLP", race())])


def test_the_chart_has_a_bar_for_every_run_and_cuts_the_long_ones() -> None:
    races = [("a < b", race("float32")), ("a < b", race("float64"))]
    made = report.as_json({"processor": "a & b"}, races)
    root = ET.fromstring(chart.draw(json.loads(json.dumps(made))))
    widths = [float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect")]
    assert len(widths) == 6
    assert widths[2] == pytest.approx(chart.FULL * widths[1], abs=0.2)  # autograd's is 3 long
    assert widths[0] == pytest.approx(widths[1] / 2, abs=0.1)
    assert len(list(root.iter(f"{SVG}path"))) == 2


def test_the_chart_is_drawn_again_from_the_json(tmp_path: Path) -> None:
    file, picture = tmp_path / "speed.json", tmp_path / "speed.svg"
    made = report.as_json({"processor": "one"}, [("MLP", race())])
    file.write_text(json.dumps(made))
    speed.main(["--read", str(file), "--svg", str(picture)])
    assert picture.read_text() == chart.draw(made)


def test_b_is_both_of_its_batches() -> None:
    assert [w.batch for w, _ in workloads.chosen(["b"], "float32")] == [64, 512]


def test_every_workload_is_run_once_with_each_of_its_dtypes() -> None:
    assert len(workloads.chosen([], "both")) == 13


@pytest.mark.parametrize(
    ("ratio", "mark"), [((0.9, 0.8, 1.1), ""), ((1.1, 0.9, 1.2), "?"), ((1.1, 1.05, 1.2), "!")]
)
def test_a_network_on_which_fast_is_slower_is_marked(ratio: tuple[float, ...], mark: str) -> None:
    assert sampler.slow(Ratio(*ratio)) == mark


@pytest.mark.parametrize("number", range(4))
def test_what_is_drawn_is_a_network_and_always_the_same(number: int) -> None:
    kind, tables, batch = draw.drawn(number, seed=3)
    assert (kind, tables, batch) == draw.drawn(number, seed=3)
    assert symbp.Network(**tables).name == "drawn"
