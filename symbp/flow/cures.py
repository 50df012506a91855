"""Cures for a gradient that vanishes or explodes, and remedies for overfitting, each as a changed copy of
the network.

    apply("relu+he", spec)    # one behind the other: other activations, other first weights

A cure changes hidden layers alone: never a layer that the loss judges, nor one whose parameters others
share, nor what a recurrent layer does within a step.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from symbp.errors import InputError
from symbp.flow.rewiring import Rewiring, dropped, normed, with_activation, with_init, wrapped
from symbp.language.spec import Spec

CLIP = 1.0  # the norm that a gradient is clipped to
L2, L1, RATE = 3e-3, 1e-3, 0.5  # of the penalties, and of dropout

GRADIENT, STEPS, OVERFITTING = "gradient", "steps", "overfitting"

Change = Callable[[Spec], Spec]


@dataclass(frozen=True)
class Cure:
    """``what`` says what it does to a network, ``aim`` what it is for."""

    what: str
    change: Change
    aim: str = GRADIENT


def _clip(spec: Spec) -> Spec:
    if spec.train.clip_norm is not None:
        return spec
    return replace(spec, train=replace(spec.train, clip_norm=CLIP))


def _l2(spec: Spec) -> Spec:
    return spec if spec.l2 else replace(spec, l2=L2)


def _l1(spec: Spec) -> Spec:
    return spec if spec.l1 else replace(spec, l1=L1)


def _layers(rule: Rewiring) -> Change:
    return rule.network


CURES: Mapping[str, Cure] = {
    "relu": Cure("hidden activations become ReLU", _layers(with_activation("relu"))),
    "tanh": Cure("hidden activations become tanh", _layers(with_activation("tanh"))),
    "gelu": Cure("hidden activations become GELU", _layers(with_activation("gelu"))),
    "residual": Cure("layers that keep their width add their input", _layers(wrapped())),
    "layernorm": Cure("a layer norm before each hidden activation", _layers(normed("layernorm"))),
    "batchnorm": Cure("a batch norm before each hidden activation", _layers(normed("batchnorm"))),
    "clip": Cure(f"gradients longer than {CLIP:g} are shortened to {CLIP:g}", _clip, STEPS),
    "init": Cure("critical initialisation", _layers(with_init("critical"))),
    "glorot": Cure("normal after Glorot and Bengio", _layers(with_init("glorot_normal"))),
    "he": Cure("normal after He and others", _layers(with_init("he_normal"))),
    "lecun": Cure("normal after LeCun and others", _layers(with_init("lecun_normal"))),
    "l2": Cure(f"a penalty of {L2:g}/2 times the sum of squared weights", _l2, OVERFITTING),
    "l1": Cure(f"a penalty of {L1:g} times the sum of the weights' sizes", _l1, OVERFITTING),
    "dropout": Cure(
        f"dropout of {RATE:g} behind each hidden activation", _layers(dropped(RATE)), OVERFITTING
    ),
}


def names(text: str) -> tuple[str, ...]:
    """The cures that ``--compare`` lists, each a name or several joined by a plus.

    Raises InputError for a name that there is not.
    """
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for single in (part.strip() for word in found for part in word.split("+")):
        if single not in CURES:
            near = difflib.get_close_matches(single, CURES, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            known = ", ".join(CURES)
            raise InputError(f"unknown cure '{single}'{hint}; known are {known}, and relu+he")
    if not found:
        raise InputError(
            f"--compare needs cures, such as relu,residual; known are {', '.join(CURES)}"
        )
    return found


def what(name: str) -> str:
    """What the cures in a name do."""
    return ", ".join(CURES[part.strip()].what for part in name.split("+"))


def apply(name: str, spec: Spec) -> Spec:
    """The network with the cures in ``name``; itself where there is nothing for them to change."""
    for part in name.split("+"):
        spec = CURES[part.strip()].change(spec)
    return spec


def aims(names: Iterable[str]) -> set[str]:
    """What cures are for."""
    return {CURES[part.strip()].aim for name in names for part in name.split("+")}
