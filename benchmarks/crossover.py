"""Where a step in plain floats stops paying: measured against counted time over widths.

    python benchmarks/crossover.py

Prints, for networks of two layers, the measured step in floats and by NumPy, the operations and the
calls that the fast style counts for them, and the seconds for each: the two constants of
symbp/fast/scalars/cost.py.
"""

from __future__ import annotations

import timeit

import numpy as np

import symbp
from symbp.fast import scalars
from symbp.fast.scalars.cost import CALL, OPERATION, seconds
from symbp.proof.module import load
from symbp.writers.storage import plan

WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16)
ROUNDS = 15


def network(width: int, batch: int) -> symbp.Network:
    layers = [{"type": "dense", "units": u, "activation": "sigmoid"} for u in (width, 1)]
    return symbp.Network(
        name="net", input={"shape": [2]}, layer=layers, loss={"type": "mse"},
        train={"batch_size": batch},
    )  # fmt: skip


def measured(made: symbp.Network, batch: int) -> tuple[float, float]:
    """Median seconds of a step in floats, and of one by the plain NumPy of the lecture style."""
    lines = scalars.trainer_lines(made.program, plan(made.program))
    text = "\n".join(row.partition("\ue003")[0] for line in lines for row in line.render(""))
    module = load(f"import math\n{made.generate()}\n\n{text}\n")
    params, rng = module.init_params(0), np.random.default_rng(0)
    x, t = rng.standard_normal((batch, 2)), rng.random((batch, 1))
    trainer = module.Trainer(params, batch)

    def by_arrays() -> None:
        _, grads = module.loss_and_grads(params, x, t)
        for name, slope in grads.items():
            params[name] = params[name] - 0.01 * slope

    return _median(lambda: trainer.step(x, t)), _median(by_arrays)


def _median(step) -> float:  # type: ignore[no-untyped-def]
    number = max(1, int(0.002 / timeit.timeit(step, number=5) * 5))
    return float(np.median(timeit.repeat(step, number=number, repeat=ROUNDS))) / number


def main() -> None:
    print("batch width   floats     NumPy   operation     call  (us, us, ns, ns)   fits")
    for batch in (1, 4, 16):
        for width in WIDTHS:
            made = network(width, batch)
            floats, arrays = measured(made, batch)
            counted, calls = seconds(made.program)
            operation, call = floats / counted * OPERATION, arrays / calls * CALL
            print(
                f"{batch:5d} {width:5d} {floats * 1e6:8.1f} {arrays * 1e6:9.1f} "
                f"{operation * 1e9:11.1f} {call * 1e9:8.0f}"
                f"{'yes' if scalars.fits(made.program) else 'no':>26}"
            )


if __name__ == "__main__":
    main()
