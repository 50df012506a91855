"""The one exception that a user meets, and where it points."""

from __future__ import annotations


class InputError(ValueError):
    """The input cannot be used: a network file, a formula, an option, or data.

    Raised for every mistake that a user can make; the command line prints it as
    ``FILE:LINE: what is wrong, and what would be right`` and exits with 2.
    """

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line) if part is not None]
        return ": ".join([":".join(place), self.message]) if place else self.message
