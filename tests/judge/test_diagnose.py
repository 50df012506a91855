"""The fewest mistakes that explain an answer, each blamed once, where it is made."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import symbp
from symbp.judge import kinds, live
from symbp.judge.check import Court
from symbp.judge.verdict import Verdict
from symbp.proof import module
from tests.judge.answers import Gradients, answer


@cache
def court(name: str = "article") -> Court:
    return Court(symbp.load(name))


def judged(gradients: Gradients, name: str = "article") -> Verdict:
    return court(name).judge(live.read(court(name).network, gradients))


def said(verdict: Verdict) -> dict[str, list[tuple[str, str]]]:
    """By parameter, what is blamed, without other names for it."""
    return {
        name: [(b.kind, b.where) for b in j.blames if not b.also]
        for name, j in verdict.parameters.items()
        if j.verdict != kinds.RIGHT
    }


def roots(verdict: Verdict) -> set[tuple[str, str]]:
    every = (b for j in verdict.parameters.values() for b in j.blames)
    return {(b.kind, b.where) for b in every if not b.following and not b.also}


def test_a_right_answer_is_right() -> None:
    assert judged(answer()).ok


@pytest.mark.parametrize(
    ("edit", "kind", "where"),
    [
        ({"dz2": "dy"}, "missing_factor", "dz2"),
        ({"dW2": "h.T @ dz2 / len(x)"}, "batch_scale", "dW2"),
        ({"dz1": "dh * h"}, "missing_factor", "dz1"),
        ({"dz1": "dh * z1 * (1 - z1)"}, "replaced_factor", "dz1"),
        ({"dz1": "dh * sigmoid(h) * (1 - sigmoid(h))"}, "replaced_factor", "dz1"),
        ({"dW2": "z1.T @ dz2"}, "replaced_factor", "dW2"),
        ({"dy": "(y - t) / len(x)"}, "batch_scale", "dy"),
        ({"dy": "t - y"}, "sign", "dy"),
        ({"dy": "2 * (y - t)"}, "scale", "dy"),
        ({"dy": "np.sign(y - t)"}, "other_loss", "dy"),
        ({"dW1": "(x.T @ dz1).T"}, "transpose", "dW1"),
        ({"db1": "dz1[0]"}, "missing_sum", "db1"),
        ({"db1": "dz1"}, "missing_sum", "db1"),
        ({"dh": "dz2 @ (W2 - 0.3 * dW2).T"}, "updated_weight", "dh"),
        ({"z1": "x @ W1"}, "bias_missing", "z1"),
    ],
)
def test_one_mistake_is_named_with_its_place(edit: dict[str, str], kind: str, where: str) -> None:
    part = "forward" if where == "z1" else "backward"
    assert roots(judged(answer(**edit))) == {(kind, f"{part}.{where}")}


def test_a_wrong_delta_is_blamed_once_and_what_merely_follows_is_marked() -> None:
    verdict = judged(answer(dz2="dy * y"))
    assert [b.following for b in verdict.parameters["W2"].blames] == [False]
    for name in ("b2", "W1", "b1"):
        assert [b.following for b in verdict.parameters[name].blames] == [True]


def test_an_omitted_derivative_is_also_named_as_another_loss() -> None:
    blames = judged(answer(dz2="dy")).parameters["W2"].blames
    assert [(b.kind, b.also) for b in blames] == [("missing_factor", False), ("other_loss", True)]
    loss = blames[1].mistake
    assert loss is not None and loss.loss is not None
    assert (loss.loss.type, loss.loss.reduction) == ("binary_cross_entropy", "sum")


def test_mistakes_of_two_layers_are_found_one_after_the_other() -> None:
    verdict = judged(answer(dz2="dy * y", dz1="dh * (1 - h)", db1="dz1.mean(axis=0)"))
    wanted = {("missing_factor", "dz2"), ("missing_factor", "dz1"), ("batch_scale", "db1")}
    assert roots(verdict) == {(kind, f"backward.{where}") for kind, where in wanted}


def test_two_mistakes_in_one_equation_are_both_named() -> None:
    verdict = judged(answer(dz2="-dy * y"))
    found = [b.kind for b in verdict.parameters["W2"].blames if not b.also]
    assert sorted(found) == ["missing_factor", "sign"]


def test_a_constant_beside_a_mistake_is_named() -> None:
    verdict = judged(answer(dz2="7 * dy * y"))
    assert [b.kind for b in verdict.parameters["W2"].blames] == ["missing_factor", "scale"]


def test_a_mistake_made_for_one_parameter_alone_leaves_the_equation_right_elsewhere() -> None:
    verdict = judged(answer(dW2="h.T @ dy"))
    (blame,) = verdict.parameters["W2"].blames
    assert blame.partial
    assert [j.verdict for j in verdict.parameters.values()].count(kinds.RIGHT) == 3


def test_of_places_that_look_alike_the_one_is_blamed_that_the_answer_shows() -> None:
    assert roots(judged(answer(dy="t - y"))) == {("sign", "backward.dy")}
    assert roots(judged(answer(dz2="-dy * y * (1 - y)"))) == {("sign", "backward.dz2")}


def test_what_no_mistake_explains_is_said_to_be_unknown_with_what_is_known() -> None:
    judgement = judged(answer(dW1="np.cos(x.T @ dz1)")).parameters["W1"]
    assert [(b.kind, b.where) for b in judgement.blames] == [("unknown", "backward.dW1")]
    assert judgement.error is not None and judgement.cosine is not None


def test_a_gradient_that_is_not_there_is_missing_and_zeros_are_too() -> None:
    def forgetful(params: Any, x: Any, t: Any) -> Any:
        found = answer()(params, x, t)
        return {"W1": found["W1"], "W2": found["W2"], "b2": np.zeros_like(found["b2"])}

    verdict = judged(forgetful)
    assert said(verdict) == {
        "b1": [("bias_missing", "backward.db1")],
        "b2": [("bias_missing", "backward.db2")],
    }
    assert verdict.parameters["b2"].verdict == kinds.MISSING


@pytest.mark.slow
def test_a_wrong_amount_of_a_penalty_is_measured() -> None:
    network = court("digits_softmax").network
    live_module = module.load(symbp.generate(network))

    def gradients(params: Any, x: Any, t: Any) -> Any:
        found = live_module.loss_and_grads(params, x, t)[1]
        return {**found, "b1": found["b1"] + 0.25 * params["b1"]}

    verdict = judged(gradients, "digits_softmax")
    assert said(verdict) == {"b1": [("regularization", "backward.db1")]}


def test_single_precision_is_right() -> None:
    def gradients(params: Any, x: Any, t: Any) -> Any:
        return {k: g.astype(np.float32) for k, g in answer()(params, x, t).items()}

    assert judged(gradients).ok


@pytest.mark.slow
def test_batch_normalisation_may_be_answered_in_training_mode() -> None:
    layers = [
        {"type": "dense", "units": 3}, {"type": "batchnorm"}, {"type": "dense", "units": 2},
    ]  # fmt: skip
    network = symbp.Network(name="normed", input={"shape": [4]}, layer=layers, loss={"type": "mse"})
    live_module = module.load(symbp.generate(network))

    def gradients(params: Any, x: Any, t: Any) -> Any:
        return live_module.loss_and_grads(params, x, t, training=True)[1]

    assert Court(network).judge(live.read(network, gradients)).ok


def test_what_was_judged_before_changes_nothing() -> None:
    alone = Court(symbp.load("article"))
    gradients = answer(dz2="dy * y", dz1="dh * (1 - h)")
    fresh = alone.judge(live.read(alone.network, gradients))
    assert said(fresh) == said(judged(gradients)) == said(judged(gradients))


def test_of_a_chain_of_right_sides_each_is_a_claim() -> None:
    text = "\\frac{\\partial L}{\\partial w_2} = (y - t) h = (y - t) y (1 - y) h\n"
    found = symbp.check(court().network, text).verdict.parameters["W2"]
    assert found.verdict == kinds.WRONG
    blames = [(b.kind, b.where) for b in found.blames if not b.also]
    assert blames == [("missing_factor", "backward.dz2")]


def test_what_is_right_for_a_wrong_delta_follows_from_it_also_where_the_delta_is_unexplained() -> (
    None
):
    verdict = judged(answer(dz1="np.cos(dh) + h"))
    first, second = verdict.parameters["W1"], verdict.parameters["b1"]
    assert [(b.kind, b.where, b.following) for b in first.blames] == [
        ("unknown", "backward.dz1", False)
    ]
    assert [(b.kind, b.where, b.following) for b in second.blames] == [
        ("unknown", "backward.dz1", True)
    ]


def test_an_unexplained_delta_in_scalar_notation_is_blamed_once() -> None:
    text = r"""
    \delta_2 = (y - t) \sigma'(w_2 h + b_2)
    \frac{\partial L}{\partial w_2} = \delta_2 h
    \frac{\partial L}{\partial b_2} = \delta_2
    \delta_1 = \delta_2 w_2 \cos(w_1 x)
    \frac{\partial L}{\partial w_1} = \delta_1 x
    \frac{\partial L}{\partial b_1} = \delta_1
    """
    found = symbp.check(symbp.load("article"), text).verdict
    assert roots(found) == {("unknown", "backward.dz1")}
