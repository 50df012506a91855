"""``symbp derive``: the derivation in any notation, language and format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import symbp
from symbp.api import Network
from symbp.commandline.screen import say
from symbp.writers import files


@dataclass(frozen=True)
class Asked:
    """The options of ``derive``."""

    notation: str
    wrt: tuple[str, ...]
    form: str
    lang: str
    result_only: bool
    order: int


def derive(network: str, asked: Asked, output: Path | None, *, force: bool) -> None:
    """Print the derivation, or write it to a file."""
    if output is not None:
        files.check(output, force=force)
    loaded = symbp.load(network)
    text = _json(loaded, asked) if asked.form == "json" else _document(loaded, asked)
    if output is None:
        say(text.removesuffix("\n"))
    else:
        files.write({output: files.signed(text, asked.form).encode()}, force=force)


def _document(network: Network, asked: Asked) -> str:
    made = symbp.derive(
        network, notation=asked.notation, wrt=asked.wrt, lang=asked.lang, order=asked.order
    )
    return made.render(asked.form, asked.result_only)


def _json(network: Network, asked: Asked) -> str:
    """Every equation; with ``--wrt`` those that lead there, ``--result-only``: the last ones."""
    from symbp.network.second import second
    from symbp.writers.equations import as_json
    from symbp.writers.package import package

    program = network.program
    module = package(program, hvp=asked.order == 2).module
    document = as_json(second(program).program if asked.order == 2 else program, module)
    if asked.wrt or asked.result_only:
        made = symbp.derive(network, notation="index", wrt=asked.wrt, order=asked.order)
        kept = {result.id for result in made.results}
        if not asked.result_only:
            kept = _with_used(kept, document["equations"])
        document["equations"] = [e for e in document["equations"] if e["id"] in kept]
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _with_used(wanted: set[str], equations: list[dict[str, Any]]) -> set[str]:
    """The wanted equations and all that they use; later equations use earlier ones."""
    kept = set(wanted)
    for equation in reversed(equations):
        if equation["id"] in kept:
            kept |= set(equation["uses"])
    return kept
