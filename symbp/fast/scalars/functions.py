"""Named functions as trees of their stable formulas, read as those of arrays are."""

from __future__ import annotations

from functools import lru_cache

from symbp.arrays.lower import lower_value
from symbp.arrays.nodes import Node
from symbp.calculus.expression import Entry
from symbp.calculus.functions import U
from symbp.calculus.stabilise import stable_function
from symbp.fast.scalars.terms import Unfit
from symbp.network.template import named_bodies


@lru_cache(maxsize=64)
def body(function: str) -> Node:
    """A named function as the tree of its stable formula in u."""
    bodies = named_bodies()
    if function not in bodies:
        raise Unfit(f"{function} has no formula in floats")
    return lower_value(stable_function(bodies[function]).xreplace({U: Entry("u")}), {"u": 0})
