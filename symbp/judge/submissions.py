"""A folder or an archive of answers, one after the other, each alone.

with submissions(Path("answers")) as found:
    for submission in found:
        submission.read(network)
"""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from symbp.errors import InputError
from symbp.judge.answer import LARGEST, Answer, Network, Unusable, read

MOST = 5_000  # files of a folder
MEMBERS = 200  # files of an archive
UNPACKED = 20_000_000  # bytes of an archive's files together
SKIPPED = ("__pycache__", "__MACOSX")


@dataclass(frozen=True, eq=False)
class Submission:
    """One answer; ``problem`` says why there is nothing to read."""

    name: str
    path: Path | None = None
    problem: Unusable | None = None

    def read(self, network: Network) -> Answer:
        """The answer under its own name. Raises Unusable."""
        if self.problem is not None or self.path is None:
            raise self.problem or Unusable("is empty", self.name)
        try:
            return replace(read(network, self.path), name=self.name)
        except Unusable as error:
            raise error.of(self.name) from None


@contextmanager
def submissions(path: Path) -> Iterator[tuple[Submission, ...]]:
    """The answers of a folder, of an archive, or of one file, sorted by name; archives in a folder
    are opened, too. What cannot be opened is one submission with a problem.

    Raises InputError for a path that does not exist, or a folder of more than ``MOST`` files.
    """
    if not path.exists():
        raise InputError("does not exist; expected an answer, or a folder of answers", str(path))
    with tempfile.TemporaryDirectory(prefix="symbp-") as room:
        yield tuple(_found(path, Path(room)))


def _found(path: Path, room: Path) -> Iterator[Submission]:
    if not path.is_dir():
        yield from _file(path, path.name, room)
        return
    files = []
    for file in path.rglob("*"):
        own = file.relative_to(path)
        if any(part.startswith(".") or part in SKIPPED for part in own.parts) or file.is_dir():
            continue
        files.append(own)
        if len(files) > MOST:
            raise InputError(f"holds more than {MOST} files; judge it in parts", str(path))
    for own in sorted(files, key=lambda one: one.as_posix()):
        yield from _file(path / own, own.as_posix(), room)


def _file(path: Path, name: str, room: Path) -> Iterator[Submission]:
    if path.is_symlink() or not path.is_file():
        yield Submission(name, problem=Unusable("is a link or a device, no file", name))
    elif path.suffix.lower() == ".zip":
        try:
            yield from _members(path, name, room)
        except Unusable as problem:
            yield Submission(name, problem=problem)
        except (
            OSError,
            zipfile.BadZipFile,
            RuntimeError,
            NotImplementedError,
            ValueError,
            EOFError,
        ):
            yield Submission(name, problem=Unusable("cannot be opened as a zip archive", name))
    else:
        yield Submission(name, path)


def _members(path: Path, name: str, room: Path) -> list[Submission]:
    """The files of an archive, written into a folder of ours under names of ours."""
    found: list[Submission] = []
    total = 0
    if path.stat().st_size > UNPACKED:
        raise Unusable("is larger than an archive of answers needs", name)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS:
            reason = f"holds {len(members)} files; at most {MEMBERS} are read"
            raise Unusable(reason, name)
        for member in sorted(members, key=lambda one: one.filename):
            parts = PurePosixPath(member.filename).parts
            hidden = any((p.startswith(".") and p != "..") or p in SKIPPED for p in parts)
            if member.is_dir() or hidden or stat.S_ISLNK(member.external_attr >> 16):
                continue
            with archive.open(member) as stored:
                content = stored.read(LARGEST + 1)  # whatever its header says
            total += len(content)
            if total > UNPACKED or len(content) > LARGEST:
                raise Unusable("unpacks to more than an answer needs", name)
            own = Path(tempfile.mkdtemp(dir=room)) / f"answer{PurePosixPath(parts[-1]).suffix}"
            own.write_bytes(content)
            found.append(Submission(f"{name}/{member.filename}", own))
    if not found:
        raise Unusable("holds no files", name)
    return found
