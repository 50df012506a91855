"""The folder ``generated/`` of a checkout: what symbp writes for the built-in examples.

python -m symbp.writers.generated            # regenerates it, and deletes what is stale
python -m symbp.writers.generated --check    # exits with 1 where it differs
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from symbp import examples
from symbp.language import network_file
from symbp.network import assemble, program
from symbp.writers.build import plan
from symbp.writers.environment import PACKAGE
from symbp.writers.files import make_folder, write

FOLDER = PACKAGE.parent / "generated"


@cache
def wanted() -> dict[Path, bytes]:
    """Every file that belongs there, relative to the folder, with its bytes."""
    files: dict[Path, bytes] = {}
    for name in examples.names():
        spec = network_file.load(examples.locate(name))
        made = plan(program.build(assemble.build(spec)))
        files[Path(name) / f"{name}.md"] = made.document("markdown")
        files |= {Path(name) / file: content for file, content in made.package.files}
    return files


def differences(folder: Path = FOLDER) -> list[str]:
    """One line for each file that is missing, stale or different; none where all is well."""
    expected = wanted()
    found = _files(folder)
    lines = [f"{path}: missing" for path in sorted(expected.keys() - found)]
    lines += [f"{path}: stale, nothing generates it" for path in sorted(found - expected.keys())]
    for path in sorted(found & expected.keys()):
        if (folder / path).read_bytes() != expected[path]:
            lines.append(f"{path}: differs from what is generated now")
    return lines


def regenerate(folder: Path = FOLDER) -> None:
    """Write every file, and delete what nothing generates any more."""
    expected = wanted()
    for path in sorted(_files(folder) - expected.keys()):
        (folder / path).unlink()
    for name in sorted({path.parent for path in expected}):
        make_folder(folder / name)
    write({folder / path: content for path, content in expected.items()}, force=True)
    for inner in folder.iterdir():
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()


def _files(folder: Path) -> set[Path]:
    """The files that are there; what Python left when it ran a module does not count."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder) for path in found if "__pycache__" not in path.parts}


def main(arguments: list[str]) -> int:
    """Exit code 1 where ``--check`` finds a difference."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m symbp.writers.generated [--check]", file=sys.stderr)
        return 2
    if not (FOLDER.parent / "pyproject.toml").is_file():
        print("there is no checkout of symbp here, so no folder generated/", file=sys.stderr)
        return 2
    if not arguments:
        regenerate()
        return 0
    lines = differences()
    print("\n".join(lines) or "generated/ is up to date")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
