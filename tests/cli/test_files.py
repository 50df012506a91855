"""Writing files: whole or not at all, and never over what symbp did not write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from symbp.data import npz_bytes
from symbp.errors import InputError
from symbp.writers.files import check_module, is_ours, signed, signed_archive, write

OURS = b"# Written by symbp.\n"


def left_over(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".tmp"))


def test_new_file_is_written_and_nothing_else_remains(tmp_path: Path) -> None:
    write({tmp_path / "a.py": OURS})
    assert (tmp_path / "a.py").read_bytes() == OURS
    assert os.listdir(tmp_path) == ["a.py"]


def test_new_file_has_the_permissions_of_the_users_mask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write({tmp_path / "a.py": OURS})
    finally:
        os.umask(before)
    assert (tmp_path / "a.py").stat().st_mode & 0o777 == 0o640


def test_overwritten_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(OURS)
    path.chmod(0o755)
    write({path: OURS + b"x = 1\n"})
    assert path.stat().st_mode & 0o777 == 0o755


def test_own_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(OURS)
    write({path: OURS + b"x = 1\n"})
    assert path.read_bytes() == OURS + b"x = 1\n"


def test_foreign_file_is_overwritten_only_with_force(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"print('mine')\n")
    with pytest.raises(InputError, match="--force overwrites it"):
        write({path: OURS})
    assert path.read_bytes() == b"print('mine')\n"
    write({path: OURS}, force=True)
    assert path.read_bytes() == OURS


def test_one_foreign_file_keeps_all_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_bytes(b"mine")
    with pytest.raises(InputError):
        write({tmp_path / "a.py": OURS, tmp_path / "b.py": OURS})
    assert os.listdir(tmp_path) == ["b.py"]


def test_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(OURS)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write({path: b"new", tmp_path / "b.py": b"new"})
    assert path.read_bytes() == OURS
    assert os.listdir(tmp_path) == ["a.py"]


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_file_is_never_overwritten(tmp_path: Path, force: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (("folder", "folder"), ("link", "link"), ("pipe", "no file")):
        with pytest.raises(InputError, match=reason):
            write({tmp_path / name: OURS}, force=force)
    assert sorted(os.listdir(tmp_path)) == ["folder", "link", "pipe"]


@pytest.mark.parametrize("name", ["a\0b.py", "", ".", "..", "missing/a.py", "x" * 300, "file/a.py"])
def test_path_that_cannot_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        write({Path(name): OURS}, force=True)
    assert os.listdir(tmp_path) == ["file"]


def test_archives_are_told_apart_by_a_member(tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(3, 2)
    ours, foreign = tmp_path / "ours.npz", tmp_path / "foreign.npz"
    ours.write_bytes(signed_archive(npz_bytes(x, x)))
    foreign.write_bytes(npz_bytes(x, x))
    assert is_ours(ours)
    assert not is_ours(foreign)
    with np.load(ours, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["x"], x)


@pytest.mark.parametrize("kind", ["latex", "tex", "markdown", "text"])
def test_documents_are_recognised(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "document"
    path.write_text(signed("text\n", kind))
    assert is_ours(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"\x00\xff" * 800, b"{}", b"text"])
def test_anything_else_is_foreign(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not is_ours(path)


@pytest.mark.parametrize("name", ["random.py", "numpy.py", "json.py", "symbp.py"])
def test_module_that_would_hide_another_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"write {name.removesuffix('.py')}_network.py"):
        check_module(Path("folder") / name)
    check_module(Path(name.replace(".py", "_.py")))


WRITER = """
import itertools, sys
from pathlib import Path
from symbp.writers.files import write
for k in itertools.count():
    content = b"# Written by symbp.\\n" + bytes([48 + k % 10]) * 300_000
    write({Path(sys.argv[1]): content})
    if k == 3:
        print("ready", flush=True)
"""


def test_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    for wait in (0.0, 0.003, 0.007, 0.013):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == len(OURS) + 300_000
        assert len(set(content[len(OURS) :])) == 1
