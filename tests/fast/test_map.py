"""In the fast style, each formula stands beside the lines of the Trainer that compute it."""

from __future__ import annotations

import pytest

from symbp.fast.module import write
from symbp.writers.equations import equations
from tests.examples import example


@pytest.mark.parametrize("name", ["digits_mlp", "article"])
def test_every_equation_of_a_training_step_has_lines(name):
    program = example(name).program
    module = write(program)
    source = module.source.split("\n")
    for entry in equations(program, module):
        assert entry.code and entry.lines == (entry.numbers[0], entry.numbers[-1])
        for number, code in zip(entry.numbers, entry.code, strict=True):
            assert code in source[number - 1]


def test_the_lines_lie_in_the_trainer():
    module = write(example("digits_mlp").program)
    source = module.source.split("\n")
    assert module.trained
    first = source.index("    def step(self, x, t):")
    assert all(number > first + 1 for found in module.trained.values() for number in found)
