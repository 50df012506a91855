"""What a user sees when something is wrong: one line, an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from symbp.errors import InputError

WRONG = 1  # a check failed
UNUSABLE = 2  # the input cannot be used
INTERRUPTED = 130
TRACEBACK = "SYMBP_TRACEBACK"  # an environment variable that shows where symbp itself failed


class Failed(Exception):
    """A check failed; the message says which, where that is not printed already."""


class Guarded(click.Group):
    """A group of commands that turns mistakes into messages and exit codes."""

    def list_commands(self, context: click.Context) -> list[str]:
        """In the order in which one uses them, which is that of the source."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        """Run a command and leave with 0, 1 or 2."""
        _use_utf8()
        try:
            super().invoke(context)
            sys.stdout.flush()
        except InputError as error:
            _leave(UNUSABLE, str(error))
        except Failed as error:
            _leave(WRONG, str(error))
        except KeyboardInterrupt:
            _leave(INTERRUPTED, "")
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        except (RecursionError, MemoryError):
            _leave(UNUSABLE, "the network is too large or too deeply nested for this machine")
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            _leave(
                UNUSABLE,
                f"symbp itself failed ({type(error).__name__}: {error}); this is a mistake in "
                f"symbp, not yours. {TRACEBACK}=1 shows where it happened",
            )


def one_line(message: str) -> str:
    """The message without what could move a terminal's cursor."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)


def _leave(code: int, message: str) -> None:
    if message:
        click.echo(one_line(message), err=True)
    sys.exit(code)


def _use_utf8() -> None:
    """Everything is UTF-8 in every locale; a terminal that lacks a sign shows its code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty():
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
