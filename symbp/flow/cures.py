"""Cures for a gradient that vanishes or explodes, each as a changed copy of the network.

    apply("relu+he", spec)    # one behind the other: other activations, other first weights

A cure changes hidden layers alone: never a layer that the loss judges, nor one whose parameters others
share, nor what a recurrent layer does within a step.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from symbp.errors import InputError
from symbp.flow.rewiring import Rewiring, normed, with_activation, with_init, wrapped
from symbp.language.spec import Spec

CLIP = 1.0  # the norm that a gradient is clipped to

Change = Callable[[Spec], Spec]


@dataclass(frozen=True)
class Cure:
    """``what`` says what it does to a network."""

    what: str
    change: Change


def _clip(spec: Spec) -> Spec:
    if spec.train.clip_norm is not None:
        return spec
    return replace(spec, train=replace(spec.train, clip_norm=CLIP))


def _layers(rule: Rewiring) -> Change:
    return rule.network


CURES: Mapping[str, Cure] = {
    "relu": Cure("hidden activations become ReLU", _layers(with_activation("relu"))),
    "tanh": Cure("hidden activations become tanh", _layers(with_activation("tanh"))),
    "gelu": Cure("hidden activations become GELU", _layers(with_activation("gelu"))),
    "residual": Cure("layers that keep their width add their input", _layers(wrapped())),
    "layernorm": Cure("a layer norm before each hidden activation", _layers(normed("layernorm"))),
    "batchnorm": Cure("a batch norm before each hidden activation", _layers(normed("batchnorm"))),
    "clip": Cure(f"gradients longer than {CLIP:g} are shortened to {CLIP:g}", _clip),
    "init": Cure("critical initialisation", _layers(with_init("critical"))),
    "glorot": Cure("normal after Glorot and Bengio", _layers(with_init("glorot_normal"))),
    "he": Cure("normal after He and others", _layers(with_init("he_normal"))),
    "lecun": Cure("normal after LeCun and others", _layers(with_init("lecun_normal"))),
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
