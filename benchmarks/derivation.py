"""How the cost of derivation grows with depth, beside SymPy's own derivative of the composed loss.

    python benchmarks/derivation.py             # under two minutes
    python benchmarks/derivation.py --sympy 32  # up to which depth SymPy is asked

Everything is timed in one run on one machine; read the ratios, not the seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import sympy as sp

import symbp
from symbp.network import template


def chain(depth: int, units: int = 8) -> dict[str, object]:
    """``depth`` dense layers written out one by one."""
    layer = [{"type": "dense", "units": units, "activation": "sigmoid"} for _ in range(depth)]
    return {"name": "deep", "input": {"shape": [units]}, "layer": layer, "loss": {"type": "mse"}}


def repeat(times: int, units: int = 8) -> dict[str, object]:
    """The same layers as one ``repeat``."""
    inner = [{"type": "dense", "units": units, "activation": "sigmoid"}]
    layer = [{"type": "repeat", "times": times, "layers": inner}]
    return {"name": "deep", "input": {"shape": [units]}, "layer": layer, "loss": {"type": "mse"}}


def derive_and_generate(tables: dict[str, object]) -> tuple[int, int]:
    """Lines of the module, and characters of the derivation in matrix form."""
    network = symbp.Network(**tables)
    lines = len(network.generate().splitlines())
    return lines, len(network.derive(notation="matrix").render("latex"))


def sympy_gradients(depth: int) -> int:
    """All gradients of the composed loss of a scalar chain, by sympy.diff; their operations."""
    x, t = sp.symbols("x t")
    weights, biases = sp.symbols(f"w1:{depth + 1}"), sp.symbols(f"b1:{depth + 1}")
    y: sp.Expr = x
    for w, b in zip(weights, biases, strict=True):
        y = 1 / (1 + sp.exp(-(w * y + b)))
    loss = (y - t) ** 2 / 2
    return sum(sp.count_ops(sp.diff(loss, p)) for p in (*weights, *biases))


def timed(job: Callable[[], object]) -> tuple[float, object]:
    """Seconds and result, with nothing derived before."""
    template.DERIVED.clear()
    start = time.perf_counter()
    result = job()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sympy", type=int, default=16, help="greatest depth for sympy.diff")
    deepest = parser.parse_args().sympy
    derive_and_generate(chain(1))  # imports and caches
    print(f"{'depth':>6} {'repeat':>22} {'written out':>22} {'sympy.diff, scalar':>30}")
    base: dict[str, float] = {}
    for depth in (2, 4, 8, 10, 16, 32, 100, 1000):
        cells = [f"{depth:>6}"]
        for name, tables in (("repeat", repeat(depth)), ("chain", chain(depth))):
            seconds, result = timed(lambda t=tables: derive_and_generate(t))
            base.setdefault(name, seconds)
            if depth == 10:
                base[f"{name} 10"] = seconds
            if depth == 1000:
                base[f"{name} 1000"] = seconds
            lines = result[0] if isinstance(result, tuple) else 0
            cells.append(f"{seconds:>9.3f} s {lines:>5} lines")
        if depth <= deepest:
            seconds, operations = timed(lambda d=depth: sympy_gradients(d))
            cells.append(f"{seconds:>9.3f} s {operations:>9} operations")
        print(" ".join(cells))
    for name in ("repeat", "chain"):
        ten, thousand = base[f"{name} 10"], base[f"{name} 1000"]
        print(
            f"{name}: 1000 layers take {thousand / ten:.1f} times as long as 10 ({thousand - ten:+.2f} s)"
        )


if __name__ == "__main__":
    main()
