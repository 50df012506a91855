"""What a mistake is: changed equations, with the words' material beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.calculus.equation import Equation
from symbp.judge.evaluate import Array
from symbp.judge.evaluate_network import Changes
from symbp.judge.evaluate_parts import Part
from symbp.judge.mutations_right import Edit
from symbp.language.spec import Loss

PerPoint = Mapping[str, tuple[Array, ...]]  # by tensors


@dataclass(frozen=True, eq=False)
class Mutation:
    """A mistake of a ``kind`` at ``where`` in the map; ``changes`` make it.

    ``equation`` is the right one, in the local names of ``part``; ``raw`` where it is a contribution of
    the chain rule that the map shows in a shorter form. ``loss`` is the loss whose gradient it is.
    """

    kind: str
    where: str
    part: Part
    changes: Changes
    rank: int
    equation: Equation | None = None
    edit: Edit | None = None
    raw: bool = False
    loss: Loss | None = None
    before: Mutation | None = (
        None  # the other mistake in the same equation, which the changes make too
    )
    forward: Changes = field(default_factory=dict)
    moved: PerPoint = field(default_factory=dict)  # what is added to weights for the backward pass
    added: PerPoint = field(default_factory=dict)  # and to gradients, at every point
    pinned: PerPoint = field(
        default_factory=dict
    )  # adjoints of activations, as the answer has them
