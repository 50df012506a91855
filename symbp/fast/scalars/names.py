"""Names of a step's locals: the tensor's, and the place of the entry."""

from __future__ import annotations

from symbp.fast.scalars.text import AGAIN

FUNCTIONS = (
    "acos", "asin", "atan", "cos", "cosh", "erf", "exp", "expm1", "inf", "isfinite", "log", "log1p",
    "pow", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
SAMPLES, RATE = "n", "rate"
OWN = ("self", "x", "t", SAMPLES, RATE, "zip", "list", "type", "max", "abs", "np", "math")


class Names:
    """Hands out names that are free. A tensor's variable is an identifier already; ``W1_0_1`` may be
    the entry of one tensor and the whole of another."""

    def __init__(self) -> None:
        self.taken = {*FUNCTIONS, *OWN, AGAIN, *(f"{AGAIN}{k}" for k in range(1, 20))}

    def entry(self, variable: str, place: tuple[int, ...]) -> str:
        return self.free("_".join([variable, *map(str, place)]))

    def free(self, wish: str) -> str:
        while wish in self.taken:
            wish += "_"
        self.taken.add(wish)
        return wish

    def common(self) -> str:
        """Of a value that several lines read."""
        number = 1
        while f"c{number}" in self.taken:
            number += 1
        return self.free(f"c{number}")
