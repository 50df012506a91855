"""Running somebody's code in a process of its own, with limits.

This is no security boundary: the code can read what its user can read. It keeps an endless loop, a
lack of memory or a flood of output from reaching anybody but the answer itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from symbp.judge.child import exchange, user
from symbp.judge.child.exchange import Array

START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from symbp.judge.child.driver import main; main(sys.argv[2])"
)
JOB, RESULT, ANSWER = "job.npz", "result.npz", "answer.py"


@dataclass(frozen=True)
class Limits:
    """Seconds of wall-clock and of processor time, bytes of memory and of one file, processes."""

    wall: float = 8.0
    processor: int = 3
    memory: int = 1 << 30
    file: int = 64 << 20
    processes: int = 32


LIMITS = Limits()


class Stopped(Exception):
    """The child ended without a result; the message says why, for people."""


def run(
    source: str,
    table: Mapping[str, Any],
    arrays: Mapping[str, Array],
    limits: Limits | None = None,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """What the child found out about the answer's ``source``.

    It runs in an empty folder, without the environment, in a process group that is killed with all
    that belongs to it. Raises Stopped.
    """
    limits = limits or LIMITS
    folder = Path(tempfile.mkdtemp(prefix="symbp-"))
    try:
        (folder / ANSWER).write_text(source, encoding="utf-8")
        own = user.spare()
        exchange.save(folder / JOB, {**table, "limits": asdict(limits), "user": own}, arrays)
        if own is not None:
            user.give(folder, own)
        code = _wait(_start(folder), limits, own)
        if code is None:
            raise Stopped(f"it did not end within {limits.wall:g} seconds")
        if not (folder / RESULT).is_file():
            raise Stopped(_reason(code, limits))
        return exchange.load(folder / RESULT)
    except ValueError:
        raise Stopped("it left no readable result") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).parents[3])  # where symbp lies
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")}
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return subprocess.Popen(
        [sys.executable, "-I", "-c", START, home, str(folder)],
        cwd=folder,
        env={**kept, **dict.fromkeys(threads, "1"), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(child: subprocess.Popen[bytes], limits: Limits, own: int | None) -> int | None:
    """The exit status, None where time ran out; afterwards nothing of the group is left, nor of the
    child's own user."""
    try:
        return child.wait(limits.wall)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        child.wait()
        if own is not None:
            user.end_all(own)


def _reason(code: int, limits: Limits) -> str:
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return f"it was stopped after {limits.processor} seconds of computing"
    if code < 0:
        return f"it was ended by signal {signal.Signals(-code).name}"
    return f"it ended without a result (exit code {code})"
