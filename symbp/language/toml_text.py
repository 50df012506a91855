"""A file -> its TOML tables, with line numbers; any other content is an error of the user's."""

from __future__ import annotations

import os
import re
import stat
import tomllib

from symbp.errors import InputError
from symbp.language.toml_lines import Lines, Scanner

MAX_BYTES = 256 * 1024
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def read_text(file: str) -> str:
    """The text of a regular file in UTF-8, of limited size; InputError for anything else."""
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            raise InputError("this is no file; give a network file (.toml)", file)
        with open(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError("no such file", file) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file) from None
    except ValueError:
        raise InputError("this is no file name", ascii(file)) from None
    if len(data) > MAX_BYTES:
        raise InputError(f"a network file has at most {MAX_BYTES} bytes", file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("not valid TOML: the text is not UTF-8", file, line) from None


def read_toml(text: str, file: str | None) -> tuple[dict[str, object], Lines]:
    """Tables and line numbers of a TOML text; InputError with its line where it is no TOML."""
    text = text.replace("\r\n", "\n")
    scanner = Scanner(text, file)
    try:
        lines = scanner.scan()
        return tomllib.loads(text), lines
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        line = int(place[1]) if place and place[1] else text.rstrip().count("\n") + 1
        reason = _PLACE.sub("", message)[:200]
        raise InputError(f"not valid TOML: {reason[:1].lower()}{reason[1:]}", file, line) from None
    except (ValueError, RecursionError):
        reason = "a value is too large or nested too deeply"
        raise InputError(f"not valid TOML: {reason}", file, scanner.line) from None
