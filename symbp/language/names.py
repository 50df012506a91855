"""The words of the formula language, and the names that a user may choose."""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
from collections.abc import Iterable

from symbp.errors import InputError

REDUCTIONS = ("sum", "mean", "max", "min", "softmax")
ACTIVATIONS = (
    "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu",
    "gelu", "gelu_tanh", "hardtanh", "sin",
)  # fmt: skip
FUNCTIONS = (
    "exp", "log", "sqrt", "abs", "sign", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "erf", "erfc", "minimum", "maximum",
)  # fmt: skip
CONSTANTS = ("pi", "inf")
FORMS = ("where", "pad", "size", "stop_gradient")
RESERVED = frozenset(REDUCTIONS + ACTIVATIONS + FUNCTIONS + CONSTANTS + FORMS)

MAX_NAME = 32
INSTEAD = {
    "if": "use where(condition, a, b)",
    "else": "use where(condition, a, b)",
    "not": "turn the comparison round",
    "lambda": "write lam",
    "True": "write 1",
    "False": "write 0",
    "None": "write 0",
}


def arity(function: str) -> int:
    """How many arguments a function or an activation takes."""
    return 2 if function in ("minimum", "maximum") else 1


def reserved(name: str) -> str | None:
    """The complaint about a word of Python or of the language; None where the name is free."""
    if not (keyword.iskeyword(name) or hasattr(builtins, name) or name in RESERVED):
        return None
    return f"'{name}' is reserved; {INSTEAD.get(name, f'write {name}_')}"


def check_name(name: str, what: str, file: str | None = None, line: int | None = None) -> str:
    """The name, if a user may give it; ``what`` says what is named: ``layer``, ``index``, ...

    Raises InputError for anything but an ASCII word of at most 32 characters that is not reserved.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        shown = ascii(name)[:MAX_NAME]
        problem = f"{what}: {shown} is no name; use ASCII letters, digits and _, a letter first"
    elif len(name) > MAX_NAME:
        problem = f"{what}: '{name[:MAX_NAME]}...' is too long; use at most {MAX_NAME} characters"
    elif "__" in name:
        problem = f"'{name}' has two underscores together; write {re.sub('__+', '_', name)}"
    else:
        problem = reserved(name) or ""
    if problem:
        raise InputError(problem, file, line)
    return name


def unknown_name(name: str, known: Iterable[str]) -> str:
    """The complaint about a name that nothing has."""
    choices = sorted(known)
    return f"unknown name '{name}'; known here: {', '.join(choices)}{did_you_mean(name, choices)}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean W?)``, or nothing: the closest known name, or the only capital."""
    choices = sorted(known)
    close = [other for other in choices if sorted(other.lower()) == sorted(name.lower())]
    close = close[:1] or difflib.get_close_matches(name, choices, n=1)
    if not close and len(name) == 1:
        close = [
            other for other in choices if len(other) == 1 and other.isupper() == name.isupper()
        ]
    return f" (did you mean {close[0]}?)" if len(close) == 1 else ""
