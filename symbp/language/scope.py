"""The names of a network, as far as the file has been read."""

from __future__ import annotations

from dataclasses import dataclass, field

from symbp.errors import InputError
from symbp.language.names import check_name
from symbp.language.sections import Section
from symbp.language.spec import Layer
from symbp.language.wording import show, unknown

MAX_LAYERS = 10_000
MAX_COPIES = 10**6  # of one layer, under repeat in repeat


@dataclass
class Scope:
    """Every name so far, and which of them a layer can refer to from where it stands."""

    input_name: str = "x"
    init: object = None  # of all weights whose layer says nothing
    taken: dict[str, str] = field(default_factory=dict)  # name -> what it names
    layers: dict[str, Layer] = field(default_factory=dict)  # the visible ones
    tables: dict[str, Section] = field(default_factory=dict)  # what was written for them
    count: int = 0
    copies: int = 1

    def name(self, section: Section, name: object, what: str, key: str = "name") -> str:
        """Take a new name for ``what`` (input, layer, target)."""
        if not isinstance(name, str):
            raise section.error(f"{key} of {section.what} must be a name, not {show(name)}", key)
        try:
            check_name(name, what)
        except InputError as error:
            raise section.error(error.message, key) from None
        if name in self.taken:
            raise section.error(
                f"the name '{name}' belongs to {self.taken[name]} already; use a new name", key
            )
        self.taken[name] = f"the {what}" if what == "input" else f"a {what}"
        return name

    def source(self, section: Section, name: object, *keys: str) -> str:
        """The name of an earlier layer, or of the network input."""
        if isinstance(name, str) and (name == self.input_name or name in self.layers):
            return name
        if isinstance(name, str) and name in self.taken:
            raise section.error(
                f"'{name}' is made inside a repeat, once a turn, and cannot be read outside; "
                "name the repeat itself",
                *keys,
            )
        message = unknown("earlier layer {}", name, [self.input_name, *self.layers])
        raise section.error(message, *keys)

    def owner(self, section: Section, kind: str) -> Layer:
        """The layer that ``share`` names: earlier, and of the same type."""
        name = section.values["share"]
        same = [other for other, layer in self.layers.items() if layer.type == kind]
        if isinstance(name, str) and name in same:
            return self.layers[name]
        if isinstance(name, str) and name in self.layers:
            other = self.layers[name].type
            raise section.error(
                f"'{name}' is of type {other}; {section.what} shares parameters with its own "
                "type only",
                "share",
            )
        raise section.error(unknown(f"earlier {kind} layer {{}}", name, same), "share")

    def enter(self, section: Section, times: int = 1) -> None:
        """Count a layer, of ``times`` turns where it is a repeat."""
        self.count += 1
        if self.count > MAX_LAYERS:
            raise section.error(f"a network has at most {MAX_LAYERS} layers; use a repeat layer")
        if self.copies * times > MAX_COPIES:
            raise section.error(f"repeats in repeats make at most {MAX_COPIES} turns", "times")
