"""A textbook class: built, given the point's weights, moved once, and asked what it moved by.

Runs in the child alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symbp.judge.child.build import build
from symbp.judge.child.given import Found, Given, as_integers
from symbp.judge.child.loading import NAME, said
from symbp.judge.child.signatures import call, takes
from symbp.judge.child.watch import Array, locals_of, number
from symbp.judge.child.weights import Slot, leaves, plain, slots

FORWARD = (
    "forward", "feedforward", "feed_forward", "forward_pass", "forward_prop", "forward_propagation",
    "forward_propagate", "predict", "__call__",
)  # fmt: skip
BACKWARD = (
    "backward", "backprop", "back_prop", "backpropagate", "backpropagation", "backward_pass",
    "backward_prop", "backward_propagation", "back_propagation", "train_step",
)  # fmt: skip
UPDATE = (
    "update", "step", "update_params", "update_parameters", "update_weights", "apply_gradients",
    "optimize", "apply", "sgd_step",
)  # fmt: skip
RATES = ("learning_rate", "lr", "alpha", "eta", "rate", "learningRate", "l_rate")
SMALL = 2.0**-3  # learning rates; powers of two, so that multiplying and dividing is exact,
LARGE = 2.0**20  # and one so large that rounding of the weights does not matter
SAME = 1e-6


def find(namespace: Mapping[str, Any]) -> type | None:
    """The class of the network: the last one with a forward and a backward pass."""
    found = None
    for thing in namespace.values():
        own = isinstance(thing, type) and thing.__module__ == NAME
        if own and _method(thing, FORWARD) and _method(thing, BACKWARD):
            found = thing
    return found


def _method(thing: Any, names: tuple[str, ...]) -> str | None:
    return next((n for n in names if callable(getattr(thing, n, None)) and n in dir(thing)), None)


def evaluate(kind: type, given: Given, job: Mapping[str, Any], path: Path) -> Found:
    """The gradients by its own updates at two learning rates, the larger for its digits.

    Where the two do not agree, the update is no multiple of the learning rate: it reads what the
    same step has changed. Then the smaller one is told, and the parameter has the problem "order".
    """
    found = Found()
    try:
        small = _observed(kind, given, job, path, SMALL, found.others)
    except (Exception, SystemExit) as error:
        found.failed = said(error, path)
        return found
    found.problems |= {name: ("missing", "the class has no such weight", None)
                       for name in job["shapes"] if name not in small.known}  # fmt: skip
    if not small.scaled:
        found.gradients = small.gradients
        return found
    try:
        large = _observed(kind, given, job, path, LARGE, {}).gradients
    except (Exception, SystemExit):
        large = small.gradients
    for name, value in small.gradients.items():
        other = large.get(name, value)
        if not np.all(np.isfinite(other)):
            other = value
        if _agree(value, other, given.params.get(name, value)):
            found.gradients[name] = other
            continue
        found.gradients[name] = value
        text = (
            "the update is no multiple of the learning rate: it reads weights that are new already"
        )
        found.problems[name] = ("order", text, None)
    return found


def _agree(small: Array, large: Array, weight: Array) -> bool:
    scale = max(np.max(np.abs(small), initial=0), np.max(np.abs(large), initial=0))
    rounding = 1e-14 * (1 + np.max(np.abs(weight), initial=0)) / SMALL
    return bool(np.all(np.abs(small - large) <= SAME * scale + rounding))


class _Step:
    """What one step showed: gradients by parameter, whether they were divided by a learning rate."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.gradients: dict[str, Array] = {}
        self.scaled = False


def _observed(
    kind: type,
    given: Given,
    job: Mapping[str, Any],
    path: Path,
    rate: float,
    others: dict[str, Array],
) -> _Step:
    shapes = {name: tuple(shape) for name, shape in job["shapes"].items()}
    instance = build(kind, job["widths"], given, rate, lambda made: len(slots(made, shapes)))
    kept = slots(instance, shapes)
    for name, slot in kept.items():
        slot.set(given.params[name])
    divisor = _set_rate(instance, rate)
    with locals_of(path, others):
        returned, asked = _moved(instance, given, rate)
    step = _Step(set(kept))
    divisor = rate if asked else divisor
    for name, slot in kept.items():
        difference = given.params[name] - slot.read()
        if np.any(difference):
            step.gradients[name] = difference / divisor
    step.scaled = bool(step.gradients)
    if not step.gradients:
        step.gradients = _stored(instance, returned, kept)
        step.known |= set(step.gradients)
    attributes = {leaf.label: leaf.value for leaf in leaves(instance) if "." not in leaf.label}
    others |= {k: v for k, v in attributes.items() if k not in others and v.size}
    return step


def _set_rate(instance: Any, rate: float) -> float:
    """A learning rate that the instance keeps; 1 where it knows none."""
    for name in RATES:
        if isinstance(getattr(instance, name, None), (int, float)):
            setattr(instance, name, rate)
            return rate
    return 1.0


def _moved(instance: Any, given: Given, rate: float) -> tuple[Any, bool]:
    """Forward, backward and update; what backward returned, and whether a rate was asked for."""
    forward = getattr(instance, _method(instance, FORWARD) or "")
    backward = getattr(instance, _method(instance, BACKWARD) or "")
    _, x, t = given.copies()
    try:
        result = call(forward, {"input": x}, ("input",))
    except Exception:
        x = x.T  # samples in columns
        result = call(forward, {"input": x}, ("input",))
    several = result if isinstance(result, tuple) else (result,)
    output = next((o for o in several if isinstance(o, np.ndarray)), np.zeros(0))
    values = {"input": x, "output": output, "rate": rate, "cache": several[-1]}
    returned = _called(backward, values, _like(t, output), given)
    asked = takes(backward, "rate", ("rate",))
    update = _method(instance, UPDATE)
    if update is not None:
        function = getattr(instance, update)
        call(function, {"rate": rate, "cache": returned}, ("rate",))
        asked = asked or takes(function, "rate", ("rate",))
    return returned, asked


def _called(backward: Any, values: dict[str, Any], t: Any, given: Given) -> Any:
    """With targets as rows; where they index an array, as integers."""
    order = ("input", "target", "rate")
    try:
        return call(backward, {**values, "target": t}, order)
    except (IndexError, ValueError, TypeError):
        integers = as_integers(given.t)
        if integers is None:
            raise
        return call(backward, {**values, "target": integers}, order)


def _like(t: Any, output: Array) -> Any:
    """The targets laid out as the output is: samples in columns, or one number a sample."""
    if not isinstance(t, np.ndarray) or t.shape == output.shape:
        return t
    if t.T.shape == output.shape:
        return t.T
    return t.reshape(output.shape) if t.size == output.size else t


def _stored(instance: Any, returned: Any, kept: Mapping[str, Slot]) -> dict[str, Array]:
    """Gradients that backward returned, or left in the instance as ``dW1`` or ``grads["W1"]``."""
    found: dict[str, Array] = {}
    for source in (*(returned if isinstance(returned, tuple) else (returned,)), instance):
        for leaf in leaves(source if not isinstance(source, np.ndarray) else None):
            word = plain(leaf.label)
            for front in ("d", "grad", "g", ""):
                for name, slot in kept.items():
                    fits = leaf.value.size == int(np.prod(slot.shape))
                    own = source is instance and not front and "grad" not in leaf.label.lower()
                    if word == front + plain(name) and fits and not own and name not in found:
                        value = number(leaf.get())
                        if value is not None:
                            value = value.T if slot.turned else value
                            found[name] = value.reshape(slot.shape)
    return found
