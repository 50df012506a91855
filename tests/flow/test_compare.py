"""Cures as changed copies of a network, side by side."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from symbp.cli import main
from symbp.flow import cures
from symbp.flow.compare import compare
from symbp.flow.compare_plot import plot_comparison
from symbp.flow.compare_text import layers, sentences, summary
from symbp.language.spec import Spec
from symbp.network import assemble
from tests.flow.networks import example, stack


def kinds(spec: Spec) -> list[str]:
    """The kinds of nodes that a network consists of."""
    return [node.kind for node in assemble.build(spec).nodes]


def test_relu_takes_the_place_of_hidden_activations_alone() -> None:
    changed = cures.apply("relu", example("article").spec)
    assert [dict(layer.options)["activation"] for layer in changed.layers] == ["relu", "sigmoid"]


def test_a_residual_block_wraps_layers_that_keep_their_width() -> None:
    changed = cures.apply("residual", example("deep_sigmoid").spec)
    wrapped = [layer.name for layer in changed.layers if layer.type == "residual"]
    assert wrapped == ["h2", "h3", "h4", "h5", "h6"]


def test_a_norm_stands_before_the_activation() -> None:
    changed = cures.apply("layernorm", example("article").spec)
    assert kinds(changed) == ["dense", "layernorm", "activation", "dense", "activation"]


@pytest.mark.slow
def test_a_batch_norm_goes_into_images_and_a_layer_norm_does_not() -> None:
    spec = example("digits_conv").spec
    assert kinds(cures.apply("batchnorm", spec)).count("batchnorm") == 2
    assert cures.apply("layernorm", spec) == spec


@pytest.mark.slow
def test_cures_reach_into_repeats() -> None:
    assert "batchnorm" in kinds(cures.apply("batchnorm", example("deep_repeat").spec))


def test_clipping_is_a_key_of_training() -> None:
    assert cures.apply("clip", example("article").spec).train.clip_norm == cures.CLIP


def test_cures_joined_by_a_plus_come_one_behind_the_other() -> None:
    changed = cures.apply("tanh+residual", example("deep_sigmoid").spec)
    inner = next(layer for layer in changed.layers if layer.name == "h3").layers[0]
    assert dict(inner.options)["activation"] == "tanh"


def test_layers_that_share_parameters_stay() -> None:
    network = stack(
        1,
        layer=[
            {"type": "dense", "units": 8, "name": "a", "activation": "sigmoid"},
            {"type": "dense", "units": 8, "name": "b", "share": "a", "activation": "sigmoid"},
            {"type": "dense", "units": 2},
        ],
    )
    assert cures.apply("layernorm", network.spec) == network.spec


@pytest.mark.slow
def test_the_network_itself_is_left_as_it_is() -> None:
    spec = example("deep_sigmoid").spec
    compare(spec, ["relu"], seeds=1, steps=2)
    assert spec == example("deep_sigmoid").spec


@pytest.mark.slow
def test_residual_blocks_bring_the_gradient_to_the_first_layer() -> None:
    variants = compare(example("deep_sigmoid").spec, ["tanh+residual"], seeds=4, steps=120)
    before, after = (v.report for v in variants)
    assert before is not None and after is not None
    assert before.rows[-1].share < 1e-3 < 0.1 < after.rows[-1].share
    first, second = (v.run for v in variants)
    assert first is not None and second is not None and second.losses[-1] < 0.1 * first.losses[-1]


@pytest.mark.slow
def test_clipping_leaves_the_gradient_and_shortens_the_steps() -> None:
    as_it_is, clipped = compare(example("deep_sigmoid").spec, ["clip"], seeds=2, steps=20)
    assert as_it_is.report is not None and clipped.report is not None
    assert as_it_is.report.rows[-1].share == clipped.report.rows[-1].share
    assert as_it_is.run is not None and clipped.run is not None
    assert clipped.run.longest == cures.CLIP < as_it_is.run.longest


def test_a_cure_that_changes_nothing_says_so() -> None:
    _, variant = compare(example("digits_mlp").spec, ["relu"], seeds=1, steps=1)
    assert variant.report is None and variant.problem == "nothing to change"


def test_the_tables_fit_a_terminal() -> None:
    variants = compare(example("article").spec, ["relu", "batchnorm", "clip"], seeds=2, steps=5)
    for table in (summary(variants), layers(variants)):
        assert max(map(len, table.text().split("\n"))) <= 100
    assert any(line.startswith("batchnorm:") for line in sentences(variants))


@pytest.mark.slow
def test_the_plot_is_the_same_each_time() -> None:
    pytest.importorskip("matplotlib")
    variants = compare(example("article").spec, ["relu"], seeds=2, steps=5)
    assert plot_comparison(variants) == plot_comparison(variants)


def test_json_has_every_variant() -> None:
    arguments = ["flow", "article", "--compare", "relu,clip", "--seeds", "2", "--steps", "3"]
    result = CliRunner().invoke(main, [*arguments, "--format", "json"], catch_exceptions=False)
    document = json.loads(result.stdout)
    assert [v["name"] for v in document["variants"]] == ["as it is", "relu", "clip"]
    assert document["variants"][1]["training"]["steps"] == 3


def test_an_initialisation_that_cannot_be_solved_for_is_told() -> None:
    variants = compare(example("deep_sigmoid").spec, ["init"], seeds=1, steps=1)
    assert variants[1].report is None
    assert "not possible" in summary(variants).text()
    assert any("no solution for sigmoid" in line for line in sentences(variants))


def test_the_critical_initialisation_leaves_gated_layers_alone() -> None:
    changed = cures.apply("init", example("parity_lstm").spec)
    assert [dict(layer.options)["init"] for layer in changed.layers] == [None, "critical"]


def test_the_critical_initialisation_is_predicted_to_keep_the_gradient() -> None:
    network = stack(*[24] * 8, 1, activation="relu", inputs=24)
    _, variant = compare(network.spec, ["init"], seeds=2, steps=1)
    assert variant.report is not None
    hidden = [row.predicted for row in variant.report.rows][1:]
    assert hidden[-1] == pytest.approx(hidden[0], rel=1e-9)
