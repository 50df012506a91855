"""One table of a network file: reads its keys by kind, and knows where each of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symbp.errors import InputError
from symbp.language.kinds import REQUIRED, TABLE, Option
from symbp.language.toml_lines import MAX_DEPTH, Lines, Path
from symbp.language.wording import show, unknown

MAX_VALUES = 10**6


@dataclass(frozen=True)
class Origin:
    """Where tables come from; Python's have neither file nor lines."""

    file: str | None = None
    lines: Lines = field(default_factory=Lines)


@dataclass(frozen=True)
class Section:
    values: dict[str, object]
    what: str  # "a dense layer", "[train]"
    origin: Origin
    path: Path = ()

    def line(self, *keys: str) -> int | None:
        return self.origin.lines.of(self.path + keys)

    def error(self, message: str, *keys: str) -> InputError:
        """An error at a key, or at the table's head; without lines it names the table's path."""
        line = self.line(*keys)
        if line is None and self.path:
            parts = [str(part + 1) if isinstance(part, int) else part for part in self.path]
            message = f"{' '.join(parts)}: {message}"
        return InputError(message, self.origin.file, line)

    def only(self, known: Iterable[str]) -> None:
        """Refuse any key that is not known."""
        known = list(known)
        for key in self.values:
            if key not in known:
                raise self.error(unknown(f"key {{}} of {self.what}", key, known), key)

    def get(self, key: str, option: Option) -> object:
        """The value of a key in its normal form, or its default."""
        if key not in self.values:
            if option.default is REQUIRED:
                raise self.error(f"{self.what} needs {key}, {option.kind.description}")
            return option.default
        value = self.values[key]
        try:
            return option.kind.read(value)
        except ValueError:
            if option.kind.choices and isinstance(value, str):
                message = unknown(f"{key} {{}} of {self.what}", value, option.kind.choices)
            else:
                must = f"must be {option.kind.description}"
                message = f"{key} of {self.what} {must}, not {show(value)}"
            raise self.error(message, key) from None

    def read(self, options: Mapping[str, Option]) -> dict[str, object]:
        return {key: self.get(key, option) for key, option in options.items()}

    def table(self, key: str, what: str | None = None) -> Section:
        """A table inside; an empty one where the key is missing."""
        values = self.get(key, Option(TABLE, {}))
        assert isinstance(values, dict)
        return Section(values, what or f"{key} of {self.what}", self.origin, (*self.path, key))

    def tables(self, key: str, what: str) -> list[Section]:
        """The tables of an [[array]]; none where the key is missing."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(
                f"{key} of {self.what} must be a list of tables ([[{key}]]), not {show(values)}",
                key,
            )
        return [
            Section(value, what, self.origin, (*self.path, key, index))
            for index, value in enumerate(values)
        ]


def plain(tables: object, file: str | None = None) -> dict[str, object]:
    """Python's tables as TOML would give them: tuples and arrays as lists, NumPy numbers as
    Python's; a key whose value is None counts as not given."""
    budget = [MAX_VALUES]

    def convert(value: object, depth: int) -> object:
        budget[0] -= 1
        if depth > MAX_DEPTH or budget[0] < 0:
            raise InputError(
                f"tables nest at most {MAX_DEPTH} deep and hold at most {MAX_VALUES} values", file
            )
        if type(value) in (bool, int, float, str):
            return value
        if hasattr(value, "tolist"):
            entries = getattr(value, "size", 1)
            budget[0] -= entries if isinstance(entries, int) else 0
            value = value.tolist() if budget[0] >= 0 else None
        if isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    raise InputError(f"a key must be a string, not {show(key)}", file)
            return {k: convert(v, depth + 1) for k, v in value.items() if v is not None}
        if isinstance(value, list | tuple):
            return [convert(item, depth + 1) for item in value]
        return value

    converted = convert(tables, 0)
    if not isinstance(converted, dict):
        raise InputError(f"a network is a table of tables, not {show(converted)}", file)
    return converted
