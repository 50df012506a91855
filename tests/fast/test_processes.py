"""Minibatches that processes share: the same numbers each time, and no worker outlives its run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import symbp
from symbp.errors import InputError
from symbp.proof.module import load
from symbp.writers.work import executed, walked

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


def chosen(made: symbp.Network, rows: int, samples: int, folder: Path) -> int:
    """The processes that a module takes by itself, where there are two cores."""
    file = folder / "net.py"
    file.write_text(made.generate(processes=True))
    module = load(file.read_text(), "net")
    vars(module)["__file__"] = str(file)
    return module._processes(None, rows, samples)


def test_a_second_process_is_taken_where_minibatches_and_the_run_are_large_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    kernel = {"type": "conv2d", "filters": 8, "kernel": 3, "activation": "relu"}
    images = symbp.Network(
        name="net", input={"shape": [1, 28, 28]}, loss={"type": "mse"},
        layer=[kernel, {"type": "flatten"}, {"type": "dense", "units": 1}],
    )  # fmt: skip
    cases = [(64, 60_000), (2, 60_000), (64, 64)]
    assert [chosen(images, *case, tmp_path) for case in cases] == [2, 1, 1]
    assert chosen(network(DENSE), 64, 60_000, tmp_path) == 1


def test_the_entries_of_a_dense_layer_are_counted() -> None:
    """The product, the bias, tanh and its slope, each per unit; every unit costs the same."""
    counts = [walked(network({**DENSE, "units": units}).program) for units in (10, 20, 40)]
    assert counts[2] - counts[1] == 2 * (counts[1] - counts[0]) > 0


def test_a_scan_counts_its_statements_once_a_step() -> None:
    def steps(length: int) -> int:
        layers = [{"type": "rnn", "units": 3}, {"type": "dense", "units": 1}]
        return executed(
            symbp.Network(
                name="net", input={"shape": [length, 2]}, layer=layers, loss={"type": "mse"}
            ).program
        )

    assert steps(9) - steps(5) == 4 * (steps(6) - steps(5)) > 0


@pytest.mark.slow
def test_classes_adam_and_a_clipped_norm_are_shared_as_well(tmp_path: Path) -> None:
    made = symbp.Network(
        name="net", input={"shape": [2]}, layer=[DENSE, {**DENSE, "activation": "softmax"}],
        loss={"type": "cross_entropy"},
        train={"optimizer": "adam", "clip_norm": 0.5},
    )  # fmt: skip
    (tmp_path / "net.py").write_text(made.generate(style="fast", processes=True))
    code = """
import numpy as np, net
x = np.random.default_rng(0).standard_normal((9, 2)); t = (x[:, 0] > 0).astype(int)
run = lambda k: net.train(x, t, epochs=3, batch_size=4, processes=k)[0]
one, two, again = run(1), run(2), run(2)
assert all((two[k] == again[k]).all() and np.allclose(one[k], two[k], rtol=1e-12) for k in one)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
