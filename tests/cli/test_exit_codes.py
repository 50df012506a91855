"""0 done, 1 a check failed, 2 unusable: one line on stderr, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbp.commandline import verbs
from symbp.commandline.guard import Failed
from symbp.errors import InputError
from tests.cli.conftest import Run


def test_mistake_is_told_by_file_and_line_and_nothing_is_written(symbp: Run, here: Path) -> None:
    symbp("new", "mine")
    path = here / "mine.toml"
    path.write_text(path.read_text().replace("units = 8", "unit = 8"))
    done = symbp("generate", "mine.toml", "-o", "mine.py")
    assert done.exit_code == 2
    assert done.stderr.startswith("mine.toml:21: unknown key 'unit' of a dense layer")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert [file.name for file in here.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["show"],
        ["show", "article", "more"],
        ["show", "no_such_example"],
        ["show", "no/such/file.toml"],
        ["show", "."],
        ["show", ""],
        ["show", "a\0b.toml"],
        ["derive", "article", "--notation", "greek"],
        ["derive", "article", "--wrt", "nothing"],
        ["derive", "article", "--order", "0"],
        ["derive", "article", "--order", "3"],
        ["generate", "article", "--style", "slow"],
        ["generate", "article", "--explain"],
        ["generate", "article", "-o", "random.py"],
        ["generate", "article", "-o", "missing/article.py"],
        ["map", "article", "--format", "html"],
    ],
)
def test_what_cannot_be_used_exits_with_2(symbp: Run, here: Path, arguments: list[str]) -> None:
    done = symbp(*arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert "symbp itself failed" not in done.output
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("wrong", "a.toml", 3), 2, "a.toml:3: wrong\n"),
        (InputError("a\nb\x1b[31m", "c\rd"), 2, "c\\rd: a\\nb\\x1b[31m\n"),
        (Failed("the gradient of W1 is wrong"), 1, "the gradient of W1 is wrong\n"),
        (KeyboardInterrupt(), 130, ""),
        (RecursionError(), 2, "too large or too deeply nested"),
        (MemoryError(), 2, "too large or too deeply nested"),
        (KeyError("z"), 2, "symbp itself failed (KeyError: 'z')"),
    ],
)
def test_every_end_has_its_code_and_its_line(
    symbp: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    def fail(network: str) -> None:
        raise error

    monkeypatch.setattr(verbs, "show", fail)
    done = symbp("show", "article")
    assert done.exit_code == code
    assert message in done.stderr
    assert done.stderr.count("\n") == bool(message)
