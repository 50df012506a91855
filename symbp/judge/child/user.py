"""A user of the child's own, where the judge runs as the administrator, whom no limit on processes
holds."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from itertools import count
from pathlib import Path

FIRST, COUNT = 61_000, 4_000  # numbers that no system gives to anybody
ROUNDS = 50
TURN = count()
# from linux/prctl.h and linux/capability.h
KEEP_CAPABILITIES, CAPABILITIES_V3, READ_AND_SEARCH = 8, 0x20080522, 2


def spare() -> int | None:
    """The number of a user whom nobody is, another one each time, as what an answer leaves behind
    still counts against its user; None for anybody but the administrator of a Linux."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return None
    return FIRST + (os.getpid() + next(TURN)) % COUNT


def give(folder: Path, user: int) -> None:
    """Make a folder and its files the user's."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, user)


def become(user: int) -> None:
    """Be that user from now on, who may read what the administrator reads and no more; where the
    system does not allow it, nothing changes."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError):
        libc.prctl(KEEP_CAPABILITIES, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
        only = 1 << READ_AND_SEARCH
        libc.capset(header, (ctypes.c_uint32 * 6)(only, only, 0, 0, 0, 0))


def end_all(user: int) -> None:
    """End every process of the user, also those that left their group."""
    for _ in range(ROUNDS):
        found = [pid for pid in _processes() if _owner(pid) == user]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _owner(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if "\nState:\tZ" in status:  # it has ended already
        return None
    line = next((one for one in status.split("\n") if one.startswith("Uid:")), "")
    return int(line.split()[1]) if line else None
