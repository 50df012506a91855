"""Minibatches that processes share: the same numbers each time, and no worker outlives its run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import symbp
from symbp.errors import InputError

DENSE = {"type": "dense", "units": 3, "activation": "tanh"}
RUN = """
import os, numpy as np, net
x = np.random.default_rng(0).standard_normal((9, 2)); t = x.sum(1, keepdims=True)
run = lambda **k: net.train(x, t, epochs=3, batch_size=4, **k)
one, two, again = run(processes=1), run(processes=2), run(processes=2)
assert two[1] == again[1] and all((two[0][k] == again[0][k]).all() for k in two[0])
assert all(np.allclose(one[0][k], two[0][k], rtol=1e-12) for k in one[0])
assert np.allclose(one[1]["loss"], two[1]["loss"], rtol=1e-12)
run(processes=2, callback=lambda *_: True)
def fails(*_): raise KeyboardInterrupt
for wrong, kind in ((dict(callback=fails), KeyboardInterrupt),
                    (dict(params={"W1": one[0]["W1"]}), RuntimeError)):
    try: run(processes=2, **wrong)
    except kind as error: print(f"{kind.__name__} {str(error)[-5:].strip()}".strip())
try: os.waitpid(-1, os.WNOHANG); print("a worker is left")
except ChildProcessError: print("none left")
"""


def network(*layers: dict[str, object], **tables: object) -> symbp.Network:
    chain = [*layers, {"type": "dense", "units": 1}]
    return symbp.Network(
        name="net", input={"shape": [2]}, layer=chain, **{"loss": {"type": "mse"}, **tables}
    )


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_two_processes_repeat_their_numbers_and_end(reduction: str, tmp_path: Path) -> None:
    tables = {"regularization": {"l2": 0.1, "l1": 0.01}} if reduction == "mean" else {}
    made = network(DENSE, loss={"type": "mse", "reduction": reduction}, **tables)
    (tmp_path / "net.py").write_text(made.generate(processes=True))
    done = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["KeyboardInterrupt", "RuntimeError 'b1'", "none left"], (
        done.stdout + done.stderr
    )


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (network({"type": "batchnorm"}), "whole batch"),
        (network(loss={"type": "mse", "reduction": "sum"}, regularization={"l2": 0.1}), "penalty"),
    ],
)
def test_samples_that_depend_on_each_other_are_not_shared(made: symbp.Network, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        made.generate(processes=True)


def test_a_module_without_the_switch_knows_no_processes() -> None:
    assert "process" not in network(DENSE).generate()
