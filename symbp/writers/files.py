"""Files on disk: all or nothing, never half a file, never over one that symbp did not write.

    write({Path("xor.py"): b"...", Path("xor_data.npz"): b"..."}, force=False)

Everything is checked before anything is written. A file appears whole under its own name or not at
all: its bytes go to a temporary name beside it, to the disk, and are then moved.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import stat
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from symbp.errors import InputError

SIGNATURE = "Written by symbp"
MEMBER = "written_by_symbp"  # the same, as a member of an .npz
HEAD = 1024  # bytes in which the signature stands
COMMENTS = {
    "latex": f"% {SIGNATURE}.\n",
    "tex": f"% {SIGNATURE}.\n",
    "markdown": f"<!-- {SIGNATURE}. -->\n",
    "text": f"{SIGNATURE}.\n\n",
}
# The first keys of our JSON, which knows no comments.
JSON = re.compile(rb'\s*\{\s*"network":\s*"\w+",\s*"(equations|answers?)":\s*["\[{]')
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can tell
SHADOWED = frozenset(sys.stdlib_module_names) | {"numpy", "symbp"}


def write(files: Mapping[Path, bytes], *, force: bool = False) -> None:
    """Write all of the files, or none.

    Raises InputError for a path that cannot be written, and, unless ``force``, for an existing file
    that symbp did not write. Whatever interrupts it, each file holds its old bytes or its new ones.
    """
    for path in files:
        check(path, force=force)
    moves: list[tuple[Path, Path]] = []
    here = None
    try:
        for here, content in files.items():
            temporary = here.with_name(f".symbp.{secrets.token_hex(8)}.tmp")
            moves.append((temporary, here))
            _write_temporary(temporary, here, content)
        for temporary, here in moves:
            os.replace(temporary, here)
        for folder in sorted({path.parent for path in files}):
            _sync_folder(folder)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", str(here)) from None
    finally:
        for temporary, _ in moves:
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """The folder, and those above it; InputError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError("is a file; give a folder", str(folder)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be made: {_reason(error)}", ascii_path(folder)) from None


def check(path: Path, *, force: bool = False) -> None:
    """Raise InputError where ``write`` would not write this file."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        _check_folder(path)
        return
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written: {_reason(error)}", ascii_path(path)) from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError("is a folder; give the name of a file in it", str(path))
    if stat.S_ISLNK(found.st_mode):
        raise InputError("is a link; give the file that it points to", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise InputError("is no file; leave out -o to print instead", str(path))
    if not force and not is_ours(path):
        raise InputError("exists, and symbp did not write it; --force overwrites it", str(path))


def check_module(path: Path) -> None:
    """Raise InputError for a module that Python would import in place of another one.

    A ``random.py`` would hide the standard library's from every program in its folder, its own
    ``import numpy`` included.
    """
    if path.suffix == ".py" and path.stem in SHADOWED:
        better = f"{path.stem}_network.py"
        raise InputError(f"a module of this name hides Python's own; write {better}", str(path))


def check_name(name: str, file: str | None = None) -> None:
    """The same for a network, whose module is called after it."""
    if name in SHADOWED:
        better = f"call the network {name}_network"
        raise InputError(f"its module, {name}.py, would hide Python's own; {better}", file)


def is_ours(path: Path) -> bool:
    """Whether symbp wrote this file; an empty one counts, as there is nothing to lose."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        if head.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(path) as archive:
                return MEMBER in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
    return not head or SIGNATURE.encode() in head or bool(JSON.match(head))


def signed(text: str, kind: str) -> str:
    """A document with our signature at its top; ``kind`` is latex, tex, markdown, text or json."""
    if SIGNATURE in text[: HEAD // 4] or kind not in COMMENTS:
        return text
    return COMMENTS[kind] + text


def signed_archive(archive: bytes) -> bytes:
    """An ``.npz`` with our signature as one more member; the same bytes at any time of day."""
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as container:
        container.writestr(zipfile.ZipInfo(MEMBER, EPOCH), b"")
    return file.getvalue()


def ascii_path(path: Path) -> str:
    """A path for a message, whatever bytes it holds."""
    return ascii(str(path))


def _check_folder(path: Path) -> None:
    if path.name in ("", ".", ".."):
        raise InputError("is no name of a file", ascii_path(path))
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}; make it first", str(path))


def _write_temporary(temporary: Path, path: Path, content: bytes) -> None:
    """With the permissions of the file that is there, or those that the user's mask leaves."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        shutil.copymode(path, temporary)


def _sync_folder(folder: Path) -> None:
    """Make the new names last, where the system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
