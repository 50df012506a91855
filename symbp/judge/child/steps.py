"""One step of somebody's class: built anew, given the point's weights, moved once.

Runs in the child alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from symbp.judge.child.build import build
from symbp.judge.child.given import Given, as_integers
from symbp.judge.child.loading import Refused
from symbp.judge.child.signatures import call, takes
from symbp.judge.child.watch import Array, locals_of, number
from symbp.judge.child.weights import Slot, leaves, plain, slots

FORWARD = (
    "forward", "feedforward", "feed_forward", "forward_pass", "forward_prop", "forward_propagation",
    "forward_propagate", "predict", "__call__",
)  # fmt: skip
BACKWARD = (
    "backward", "backprop", "back_prop", "backpropagate", "backpropagation", "backward_pass",
    "backward_prop", "backward_propagation", "back_propagation", "train_step", "train", "fit",
)  # fmt: skip
UPDATE = (
    "update", "step", "update_params", "update_parameters", "update_weights", "apply_gradients",
    "optimize", "apply", "sgd_step",
)  # fmt: skip
RATES = ("learning_rate", "lr", "alpha", "eta", "rate", "learningRate", "l_rate")


@dataclass
class Step:
    """What a step showed: gradients by parameter, parameters that have a place in the class, and
    whether the gradients are what the weights moved by over the learning rate."""

    gradients: dict[str, Array] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    others: dict[str, Array] = field(default_factory=dict)
    scaled: bool = False


def method(thing: Any, names: tuple[str, ...]) -> str | None:
    """The first of these methods that something has."""
    return next((n for n in names if callable(getattr(thing, n, None)) and n in dir(thing)), None)


@dataclass(frozen=True)
class Trial:
    """A class at one learning rate; ``job`` tells the widths, the shapes of parameters, and whether the
    loss is a mean over the batch."""

    kind: type
    job: Mapping[str, Any]
    path: Path
    rate: float

    def step(self, given: Given) -> Step:
        """With samples as rows or columns, targets as numbers or classes, all at once or one by one:
        the first way that the class can take. Raises what the first of them raised."""
        first: BaseException | None = None
        for way in (self.batch, self.each):
            for x, t in _ways(given):
                try:
                    return way(Given(given.params, x, t))
                except Refused:
                    raise
                except (Exception, SystemExit) as error:
                    first = first or error
        assert first is not None
        raise first

    def each(self, given: Given) -> Step:
        """One sample after the other, each from the same weights."""
        if not isinstance(given.t, np.ndarray) or len(given.x) != len(given.t):
            raise ValueError("samples are no rows")
        steps = [
            self.batch(Given(given.params, x, t)) for x, t in zip(given.x, given.t, strict=True)
        ]
        count = len(steps) if self.job.get("mean") else 1
        total = Step(known=steps[0].known, scaled=all(s.scaled for s in steps))
        for name in sorted({n for s in steps for n in s.gradients}):
            shares = [s.gradients[name] for s in steps if name in s.gradients]
            total.gradients[name] = np.sum(shares, axis=0) / count
        return total

    def batch(self, given: Given) -> Step:
        shapes = {name: tuple(shape) for name, shape in self.job["shapes"].items()}

        def fit(made: Any) -> int:
            return len(slots(made, shapes))

        instance = build(self.kind, self.job["widths"], given, self.rate, fit)
        kept = slots(instance, shapes)
        for name, slot in kept.items():
            slot.set(given.params[name])
        step = Step(known=set(kept))
        own = _set_rate(instance, self.rate)
        with locals_of(self.path, step.others):
            returned, asked = _moved(instance, given, self.rate)
        divisor = self.rate if asked or own else 1.0
        for name, slot in kept.items():
            difference = given.params[name] - slot.read()
            if np.any(difference):
                step.gradients[name] = difference / divisor
        step.scaled = bool(step.gradients)
        if not step.gradients:
            step.gradients = _stored(instance, returned, kept)
            step.known |= set(step.gradients)
        attributes = {leaf.label: leaf.value for leaf in leaves(instance) if "." not in leaf.label}
        step.others |= {k: v for k, v in attributes.items() if k not in step.others and v.size}
        return step


def _ways(given: Given) -> Iterator[tuple[Array, Any]]:
    """Samples as rows, then as columns; targets as they are, then as the numbers of classes."""
    x, t = given.x, given.t
    integers = as_integers(t)
    yield x, t
    if integers is not None:
        yield x, integers
    if isinstance(t, np.ndarray) and x.ndim == 2:
        yield x.T, t.T
        if integers is not None:
            yield x.T, integers


def _set_rate(instance: Any, rate: float) -> bool:
    """Set a learning rate that the instance keeps; whether it keeps one."""
    for name in RATES:
        if isinstance(getattr(instance, name, None), (int, float)):
            setattr(instance, name, rate)
            return True
    return False


def _moved(instance: Any, given: Given, rate: float) -> tuple[Any, bool]:
    """Forward, backward and update; what backward returned, and whether a rate was asked for."""
    forward = getattr(instance, method(instance, FORWARD) or "")
    backward = getattr(instance, method(instance, BACKWARD) or "")
    _, x, t = given.copies()
    result = call(forward, {"input": x}, ("input",))
    several = result if isinstance(result, tuple) else (result,)
    output = next((o for o in several if isinstance(o, np.ndarray)), np.zeros(0))
    target = t.reshape(output.shape) if _alike(t, output) else t
    values = {"input": x, "output": output, "target": target, "rate": rate, "cache": several[-1],
              "epochs": 1}  # fmt: skip
    returned = call(backward, values, ("input", "target", "rate"))
    asked = takes(backward, "rate", ("rate",))
    update = method(instance, UPDATE)
    if update is not None:
        function = getattr(instance, update)
        call(function, {"rate": rate, "cache": returned}, ("rate",))
        asked = asked or takes(function, "rate", ("rate",))
    return returned, asked


def _alike(t: Any, output: Array) -> bool:
    """Whether both have one number a sample, be it a column or a flat array."""
    if not isinstance(t, np.ndarray) or t.size != output.size or t.shape == output.shape:
        return False
    return 1 in (t.ndim, output.ndim) and max(t.shape, default=1) == t.size


def _stored(instance: Any, returned: Any, kept: Mapping[str, Slot]) -> dict[str, Array]:
    """Gradients that backward returned, or left in the instance as ``dW1`` or ``grads["W1"]``."""
    found: dict[str, Array] = {}
    sources = returned if isinstance(returned, tuple) else (returned,)
    for source in (*(s for s in sources if not isinstance(s, np.ndarray)), instance):
        for leaf in leaves(source):
            name = _gradient_of(leaf.label, kept, source is instance)
            value = number(leaf.get())
            if name is None or name in found or value is None:
                continue
            slot = kept[name]
            if value.size == int(np.prod(slot.shape)):
                found[name] = (value.T if slot.turned else value).reshape(slot.shape)
    return found or _in_order(sources, kept)


def _in_order(sources: tuple[Any, ...], kept: Mapping[str, Slot]) -> dict[str, Array]:
    """Gradients without names, as lists of them: each has its weight's own shape."""
    free = [leaf.value for leaf in leaves(sources)]
    found: dict[str, Array] = {}
    for name, slot in kept.items():
        place = next((k for k, v in enumerate(free) if v.shape == slot.leaf.value.shape), None)
        if place is not None:
            value = free.pop(place)
            found[name] = (value.T if slot.turned else value).reshape(slot.shape)
    return found


def _gradient_of(label: str, kept: Mapping[str, Slot], attribute: bool) -> str | None:
    """The parameter whose gradient a label names; the weight itself is an attribute, too."""
    word = plain(label)
    for name in kept:
        own = plain(name)
        bare = word == own and (not attribute or "grad" in label.lower())
        if bare or word in (f"d{own}", f"grad{own}", f"g{own}"):
            return name
    return None
