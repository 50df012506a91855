"""What the language can say and symbp does not derive yet is refused by name, with its place."""

from __future__ import annotations

import pytest

import symbp
from tests.peer import random_formulas

LATER = [f for f in random_formulas.LAYERS if f.later]


@pytest.mark.parametrize("formula", LATER, ids=lambda f: f.text[:24])
def test_formulas_of_a_later_version_are_refused_by_name(formula) -> None:
    shape = [4, 6] if formula.rank == 2 else [2, 4, 5]
    layer = [{**formula.table()}, {"type": "dense", "units": 2}]
    with pytest.raises(symbp.InputError, match="understood but not derived by this version"):
        symbp.Network(name="n", input={"shape": shape}, layer=layer, loss={"type": "mse"})
