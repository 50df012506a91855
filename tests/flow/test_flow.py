"""``symbp flow NETWORK``: table, verdicts, JSON, training run, plot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from symbp import examples
from symbp.api import Network
from symbp.cli import main
from symbp.flow import lecture_data
from symbp.flow.measure import Spread, bench
from symbp.flow.notes import notes
from symbp.flow.plot import plot
from symbp.flow.product import Products
from symbp.flow.recurrence import recurrences
from symbp.flow.report import Row, report
from symbp.flow.text import chosen, table
from symbp.flow.training import along
from symbp.writers.document import NOTHING
from symbp.writers.files import is_ours
from tests.flow.networks import example, stack
from tests.peer.random_real_networks import numbered


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["flow", *arguments], catch_exceptions=False)


def row(share: float) -> Row:
    spread = Spread(1.0, 1.0, 1.0)
    return Row("h", "dense", ("h", ()), "y", NOTHING, None, None, None, spread, {}, share)


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(1.0, "healthy"), (0.011, "healthy"), (0.009, "vanishing"), (101.0, "exploding"),
     (0.0, "vanishing"), (float("inf"), "not finite"), (float("nan"), "not measured")],
)  # fmt: skip
def test_the_verdict_follows_the_rule(share: float, verdict: str) -> None:
    assert row(share).verdict == verdict


def test_eight_sigmoid_layers_vanish() -> None:
    found = report(example("deep_sigmoid").program)
    assert found.verdict == "vanishing"
    assert 0.2 < found.rate < 0.35
    assert [r.layer for r in found.rows] == ["y", *(f"h{k}" for k in range(8, 0, -1))]


def test_large_weights_explode() -> None:
    network = stack(*[12] * 12, 2, activation="relu", inputs=12)
    program = network.program
    made = bench(program)
    large = made.init_params(0)
    large = {name: 4 * value for name, value in large.items()}
    norms = made.norms(large)
    assert norms.adjoints["h1", ()] > 1e3 * norms.adjoints["h12", ()]


@pytest.mark.parametrize("name", examples.names())
def test_every_example_has_a_table_that_fits_a_terminal(name: str) -> None:
    found = report(example(name).program, seeds=2, samples=8)
    lines = table(found).text().split("\n")
    assert max(map(len, lines)) <= 100
    assert all(r.measured is not None for r in found.rows)


def test_the_table_shows_factor_bound_measured_and_verdict() -> None:
    out = run("deep_sigmoid", "--seeds", "3").stdout
    (line,) = [line for line in out.split("\n") if line.startswith("h3 ")]
    assert "diag(σ'(z4)) W4ᵀ" in line and "1/4 ‖W4‖" in line and line.endswith("vanishing")


def test_the_bound_of_the_scalar_chain_is_told() -> None:
    found = notes(Products(example("deep_sigmoid").program), ())
    assert any("|∂L/∂h1| is at most |w| (|w|/4)^7 |∂L/∂y|" in line for line in found)


def test_what_the_identity_path_does_is_told() -> None:
    assert any("I + J" in line for line in notes(Products(example("iris_residual").program), ()))


def test_a_recurrence_has_its_product_over_time() -> None:
    network = stack(
        1, layer=[{"type": "rnn", "units": 6, "name": "h", "return_sequences": False},
                  {"type": "dense", "units": 1, "name": "y"}],
        input={"shape": [12, 2]},
    )  # fmt: skip
    norms = bench(network.program).over_seeds(4)
    (found,) = recurrences(network.program, norms)
    assert found.factor.plain == "diag(tanh'(z1[k])) Wh1ᵀ"
    assert found.bound is not None and found.bound.text.plain == "‖Wh1‖"
    assert found.product.plain == "∂h1[s]/∂h1[t] = Π_k=t+1..s ∂h1[k]/∂h1[k-1]"
    first, last = found.norms[0], found.norms[-1]
    assert first is not None and last is not None and first.median < 0.5 * last.median


def test_the_cell_of_an_lstm_is_multiplied_by_its_forget_gate() -> None:
    network = example("parity_lstm")
    found = recurrences(network.program, bench(network.program, samples=4).over_seeds(1))
    cell = next(r for r in found if r.tensor == "c1")
    assert cell.factor.plain == "diag(f1[k])"
    assert cell.bound is not None and cell.bound.text.plain == "1"


def test_json_has_every_layer() -> None:
    document = json.loads(run("deep_sigmoid", "--seeds", "2", "--format", "json").stdout)
    assert document["verdict"] == "vanishing"
    last = document["layers"][-1]
    assert last["layer"] == "h1" and last["factor"]["plain"] == "diag(σ'(z2)) W2ᵀ"
    assert set(last["gradients"]) == {"W1", "b1"} and last["measured"]["median"] > 0


def test_along_training_the_norms_are_those_of_the_trained_parameters() -> None:
    program = example("article").program
    made = bench(program)
    moments = along(made, epochs=40, every=15)
    assert [m.epoch for m in moments] == [0, 15, 30, 40]
    params, _ = made.module.train(*made.made.arrays, params=made.init_params(0), epochs=15)
    assert moments[1].norms.adjoints == made.norms(params).adjoints


def test_training_is_a_second_table() -> None:
    out = run("article", "--seeds", "2", "--train", "--epochs", "20", "--every", "10").stdout
    assert "epoch" in out and "whole gradient" in out


@pytest.mark.slow
def test_the_plot_is_the_same_each_time_and_has_no_date() -> None:
    pytest.importorskip("matplotlib")
    found = report(example("article").program, seeds=2)
    first, again = plot(found), plot(found)
    assert first == again
    assert b"date" not in first


@pytest.mark.slow
@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_plot_is_a_file_of_ours(tmp_path: Path, form: str) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"flow.{form}"
    for _ in range(2):  # it may overwrite itself
        assert run("article", "--seeds", "2", "--plot", str(path)).exit_code == 0
    assert is_ours(path)


def test_a_plot_does_not_overwrite_others(tmp_path: Path) -> None:
    path = tmp_path / "mine.svg"
    path.write_text("<svg/>")
    result = run("article", "--plot", str(path))
    assert result.exit_code == 2 and "--force" in result.stderr
    assert path.read_text() == "<svg/>"


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("article", "--seeds", "2", "--plot", str(tmp_path / "flow.svg"))
    assert result.exit_code == 2 and "pip install 'symbp[plot]'" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "flow needs a network"),
        (["article", "--plot", "flow.gif"], ".svg or .png"),
        (["article", "--epochs", "3"], "--train"),
        (["article", "--steps", "3"], "--compare"),
        (["article", "--train", "--compare", "relu"], "do not go together"),
        (["article", "--compare", "rleu"], "did you mean relu?"),
        (["article", "--compare", " , "], "needs cures"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr and "Traceback" not in result.stderr


def test_the_lecture_page_gets_a_small_document() -> None:
    document = lecture_data(example("deep_sigmoid"), seeds=2)
    assert len(document["layers"]) == len(document["measured"]) == len(document["factors"]) == 9
    assert document["tensors"][-1] == "h1" and document["verdicts"][-1] == "vanishing"
    assert len(json.dumps(document)) < 4000


def test_of_very_many_layers_some_are_shown() -> None:
    assert chosen(20) == list(range(20))
    places = chosen(100)
    assert len(places) < 50 and places[:4] == [0, 1, 2, 3] and places[-1] == 99


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 17, 40, 48, 52, 55])
def test_random_networks_of_real_layers_stay_below_their_bounds(number: int) -> None:
    found = report(Network(**numbered(number)).program, seeds=2, samples=8)
    known = [(r.measured.median, r.limit) for r in found.rows if r.measured and r.limit is not None]
    assert known and all(norm <= limit * (1 + 1e-9) for norm, limit in known)


@pytest.mark.slow
def test_a_network_that_overflows_says_so() -> None:
    network = stack(*[30] * 3, 2, activation="exp(x**2)", inputs=30)
    assert report(network.program, seeds=2).verdict in ("not finite", "exploding")


def test_a_network_without_parameters_has_no_rows() -> None:
    layer = [{"type": "activation", "function": "tanh"}]
    network = Network(name="bare", input={"shape": [3]}, layer=layer, loss={"type": "mse"})
    found = report(network.program, seeds=2)
    assert found.rows == () and found.verdict == "healthy"


def test_no_gradient_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text(
        'name = "bare"\n[input]\nshape = [3]\n[[layer]]\ntype = "softmax"\n[loss]\ntype = "mse"\n'
    )
    result = run(str(path))
    assert result.exit_code == 2 and "no layer has parameters" in result.stderr


@pytest.mark.slow
def test_where_theory_ends_is_told() -> None:
    found = report(example("detector").program, seeds=2, samples=8)
    assert any("theory does not cover maxpool2d" in note for note in found.notes)
    assert not any(
        "theory" in note for note in report(example("deep_sigmoid").program, seeds=2).notes
    )


def test_prediction_and_measurement_agree() -> None:
    """Twelve sigmoid layers of 24 neurons: within a quarter at every layer."""
    for row in report(stack(*[24] * 12, 1, activation="sigmoid", inputs=2).program).rows:
        assert row.measured is not None and row.predicted is not None
        assert row.predicted == pytest.approx(row.measured.median, rel=0.25)
