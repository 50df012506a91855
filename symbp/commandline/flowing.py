"""What ``symbp flow`` does."""

from __future__ import annotations

import json
import textwrap

import symbp
from symbp.commandline.screen import print_table, say
from symbp.commandline.verbs import title
from symbp.errors import InputError

WIDTH = 100


def flow(network: str | None, *, seeds: int, form: str) -> None:
    """The gradient of a network, layer by layer."""
    if network is None:
        raise InputError("flow needs a network; try: symbp flow deep_sigmoid")
    from symbp.flow.as_json import as_json
    from symbp.flow.report import report
    from symbp.flow.text import sentences, table

    loaded = symbp.load(network)
    found = report(loaded.program, seeds=seeds)
    if form == "json":
        say(json.dumps(as_json(found), ensure_ascii=False, indent=2))
        return
    say(title(loaded))
    say()
    print_table(table(found))
    say()
    for sentence in sentences(found):
        say(textwrap.fill(sentence, WIDTH, subsequent_indent="  "))
