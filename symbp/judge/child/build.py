"""Building an instance of somebody's class, whatever its constructor asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from symbp.judge.child.given import Given
from symbp.judge.child.loading import Refused
from symbp.judge.child.signatures import parameters, role


def build(
    kind: type,
    widths: Sequence[int],
    given: Given,
    rate: float,
    fit: Callable[[Any], int],
) -> Any:
    """The first instance that fits best: ``fit`` counts the parameters that it has a place for.

    Raises Refused, or what the constructor raised where no way of calling it works.
    """
    best, most = None, -1
    first: Exception | None = None
    for positional, named in _ways(kind, list(widths), given, rate):
        try:
            instance = kind(*positional, **named)
        except Exception as error:
            first = first or error
            continue
        if fit(instance) > most:
            best, most = instance, fit(instance)
    if best is None:
        raise first or Refused("its class could not be built")
    if most == 0:
        raise Refused("none of its attributes has the shape of a weight of the network")
    return best


def _ways(
    kind: type, widths: list[int], given: Given, rate: float
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments to try, the likeliest first."""
    yield (), _by_name(kind, widths, given, rate)
    yield tuple(widths), {}
    yield (list(widths),), {}
    yield (), {}
    _, x, t = given.copies()
    yield (x, t), {}


def _by_name(kind: type, widths: list[int], given: Given, rate: float) -> dict[str, Any]:
    """What the constructor's names ask for: widths in order, a list of them, a learning rate, data."""
    _, x, t = given.copies()
    asked = [p for p in parameters(kind) if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    left = list(widths)
    found: dict[str, Any] = {}
    for p in asked:
        match role(p.name, ("rate", "list", "seed", "width", "target", "input")):
            case "rate":
                found[p.name] = rate
            case "list" if p.default is p.empty or isinstance(p.default, (list, tuple)):
                found[p.name] = list(widths)
            case "seed":
                found[p.name] = 0
            case "target" if p.default is p.empty:
                found[p.name] = t
            case "input" if p.default is p.empty:
                found[p.name] = x
            case _:
                plain_width = p.default is p.empty or type(p.default) is int
                if plain_width and left:
                    hidden = left[:-1] if "hidden" in p.name and _lists(p.name) else None
                    found[p.name] = hidden or left[0]
                    del left[: len(hidden) if hidden else 1]
    return found


def _lists(name: str) -> bool:
    """``hidden_sizes`` and ``hidden_layers`` hold several."""
    return name.endswith("s")
