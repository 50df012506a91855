"""What only a process of its own shows: imports, pipes, signals, hash seeds, locales."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SYMBP = [sys.executable, "-m", "symbp"]
ROOT = Path(__file__).resolve().parents[2]

LONG = """
name = "long"
[input]
shape = [2]
[[layer]]
type = "dense"
units = 1
[loss]
type = "mse"
[train]
epochs = 1000000
"""


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["derive", "--help"]])
def test_help_imports_no_engine(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from symbp.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'sympy', 'numpy', 'rich', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, env=environment()
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
def test_reader_that_leaves_early_is_no_mistake() -> None:
    command = f"{sys.executable} -m symbp generate digits_mlp | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, env=environment())
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert done.stdout.count(b"\n") == 1


def test_reader_that_left_before_the_first_line_is_no_mistake() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*SYMBP, "show", "article"], stdout=write, stderr=subprocess.PIPE, env=environment()
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


# A test run in the background of a shell hands on that interrupts are ignored. The child itself heeds
# them again: code between fork and exec may wait for ever for a lock of a thread that was not copied.
HEEDS_INTERRUPTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from symbp.cli import main
main(sys.argv[1:])
"""


def test_interrupt_ends_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(LONG)
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDS_INTERRUPTS, "build", "long.toml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, b"")


EVERYTHING = """
import sys
from pathlib import Path
import symbp
from symbp.cli import main
from symbp.writers.build import plan
for name in ("article", "deep_repeat", "iris_residual", "digits_mlp"):
    for file, content in plan(symbp.load(name).program).files:
        sys.stdout.buffer.write(file.encode() + content)
main(["map", "swish", "--format", "json"], standalone_mode=False)
main(["derive", "bilinear", "--lang", "zh"], standalone_mode=False)
main(["generate", "spirals", "-o", "module.py"], standalone_mode=False)
sys.stdout.buffer.write(Path("module.py").read_bytes())
"""


@pytest.mark.slow
def test_bytes_do_not_depend_on_hash_seed_locale_or_folder(tmp_path: Path) -> None:
    found = set()
    for seed in range(10):
        folder = tmp_path / f"folder {seed % 2}"
        folder.mkdir(exist_ok=True)
        changes = {
            "PYTHONHASHSEED": str(seed),
            "LC_ALL": ("C", "C.UTF-8")[seed // 2 % 2],
            "PYTHONIOENCODING": ("utf-8", "latin-1")[seed // 4 % 2],
            "PYTHONCOERCECLOCALE": "0",
        }
        command = [sys.executable, "-c", EVERYTHING]
        done = subprocess.run(command, cwd=folder, capture_output=True, env=environment(**changes))
        assert done.returncode == 0, done.stderr.decode()
        found.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(found) == 1
