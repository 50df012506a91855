"""Python answers run in a process of their own, and nothing that they do there reaches anybody."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from symbp.judge.answer import Unusable
from symbp.judge.child import process
from symbp.judge.child.process import Limits
from tests.judge.reading import network, right, told

FUNCTION = """
import numpy as np

def sig(z):
    return 1 / (1 + np.exp(-z))

def gradients(params, x, t):
    h = sig(x @ params["W1"] + params["b1"])
    y = sig(h @ params["W2"] + params["b2"])
    delta2 = (y - t) * y * (1 - y)
    delta1 = delta2 @ params["W2"].T * h * (1 - h)
    params["W1"] *= 0
    return {"w1": x.T @ delta1, "b1": delta1.sum(0, keepdims=True),
            "W2": h.T @ delta2, "b2": delta2.sum()}
"""
HEAD = "import os, sys\nimport numpy as np\n\ndef gradients(params, x, t):\n    "


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LIMITS", Limits(wall=3.0, processor=1, memory=600 << 20))


def test_a_function_is_called_at_every_point(tmp_path: Path) -> None:
    assert right(network("article"), tmp_path, "a.py", FUNCTION) == {"W1", "b1", "W2", "b2"}


def test_its_deltas_come_along(tmp_path: Path) -> None:
    answer, outcome = told(network("article"), tmp_path, "a.py", FUNCTION)
    assert outcome.others["dz2"].shape == (4, 1)
    assert answer.where["dz2"][1] == "delta2 = (y - t) * y * (1 - y)"


def test_a_gradient_of_another_shape_is_a_problem_of_its_own(tmp_path: Path) -> None:
    changed = FUNCTION.replace('"W2": h.T @ delta2', '"W2": delta2.T @ h')
    _, outcome = told(network("article"), tmp_path, "a.py", changed)
    assert outcome.problems["W2"].kind == "shape"
    assert set(outcome.gradients) == {"W1", "b1", "b2"}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(
    "body, reason",
    [
        ("while True: pass", "stopped|did not end"),
        ("return {'W1': np.ones(10**10)}", "MemoryError"),
        ("import time; time.sleep(100)", "did not end within 3 seconds"),
        ("os._exit(0)", "ended without a result"),
        ("open('result.npz', 'wb').write(b'PK'); os._exit(0)", "no readable result"),
        ("sys.exit(1)", "SystemExit"),
        ("return f()", "NameError: name 'f' is not defined"),
        ("return 3", "expected a dict"),
    ],
)
def test_a_hostile_answer_ends_within_its_limits(body: str, reason: str, tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Unusable, match=reason):
        told(network("article"), tmp_path, "a.py", HEAD + body)
    assert time.monotonic() - start < 20  # three, on a machine with nothing else to do


def test_an_exception_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as found:
        told(network("article"), tmp_path, "a.py", HEAD + "return 1 / 0")
    assert found.value.line == 5
    assert found.value.excerpt == "        return 1 / 0\n        ^"


def test_a_flood_of_output_goes_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    body = "print('x' * 1_000_000); os.system('echo y')\n    return {'b2': np.zeros(1)}"
    _, outcome = told(network("article"), tmp_path, "a.py", HEAD + body)
    assert set(outcome.gradients) == {"b2"}
    assert capfd.readouterr() == ("", "")


def test_an_answer_sees_an_empty_folder_and_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "1")
    body = (
        "files = os.listdir('.')\n    assert files == ['answer.py'] and 'SECRET' not in os.environ"
    )
    _, outcome = told(network("article"), tmp_path, "a.py", HEAD + body + "\n    return {}")
    assert outcome.gradients == {}


@pytest.mark.parametrize(
    "text, reason",
    [
        ("def gradients(params, x, t)\n    return {}", "expected ':'"),
        ("def grad(params):\n    return {}", "defines no gradient"),
        ("x = " + "(" * 100_000, "Python cannot read it"),
        ("x = a" + ".b" * 100_000, "Python cannot read it"),
    ],
)
def test_what_python_cannot_read_never_runs(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=reason):
        told(network("article"), tmp_path, "a.py", text)


def test_training_at_the_top_level_is_left_out(tmp_path: Path) -> None:
    text = FUNCTION + "\nwhile True:\n    pass\ndata = np.loadtxt('nowhere.csv')\n"
    assert len(right(network("article"), tmp_path, "a.py", text)) == 4
