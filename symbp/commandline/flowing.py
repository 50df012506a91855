"""What ``symbp flow`` does."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import symbp
from symbp.api import Network
from symbp.commandline.progress import training
from symbp.commandline.screen import on_terminal, print_table, say
from symbp.commandline.verbs import title
from symbp.errors import InputError
from symbp.writers import files

WIDTH = 100


@dataclass(frozen=True)
class Asked:
    """The options of the verb."""

    train: bool
    epochs: int | None
    every: int | None
    compare: str | None
    steps: int | None
    seeds: int
    plot: Path | None
    form: str
    force: bool


def flow(network: str | None, asked: Asked) -> None:
    """The gradient of a network, layer by layer."""
    _check(network, asked)
    assert network is not None
    from symbp.flow.sites import sites

    loaded = symbp.load(network)
    if not sites(loaded.program):
        raise InputError("no layer has parameters: no gradient flows back", loaded.spec.file)
    if asked.compare is None:
        one(loaded, asked)
    else:
        several(loaded, asked, asked.compare)


def _check(network: str | None, asked: Asked) -> None:
    if network is None:
        raise InputError("flow needs a network; try: symbp flow deep_sigmoid")
    if (asked.epochs or asked.every) and not asked.train:
        raise InputError("--epochs and --every belong to --train; add it")
    if asked.steps and asked.compare is None:
        raise InputError("--steps belongs to --compare; add it")
    if asked.train and asked.compare is not None:
        raise InputError("--train and --compare do not go together; --compare trains each variant")
    if asked.plot is not None:
        from symbp.flow.figure import check_format

        check_format(str(asked.plot))
        files.check(asked.plot, force=asked.force)


def one(network: Network, asked: Asked) -> None:
    """The report, and the same along a training run."""
    from symbp.flow.as_json import as_json, moments_json
    from symbp.flow.measure import bench
    from symbp.flow.plot import plot
    from symbp.flow.product import Products
    from symbp.flow.report import reported
    from symbp.flow.text import sentences, table, training_table
    from symbp.flow.training import Moment, along

    made = bench(network.program)
    found = reported(Products(network.program), made, asked.seeds)
    epochs = asked.epochs or network.spec.train.epochs
    moments: tuple[Moment, ...] = ()
    if asked.train:
        with training(epochs) as watch:
            seed = network.spec.train.seed
            moments = along(made, epochs=epochs, every=asked.every, seed=seed, watch=watch)
    _write(asked, lambda form: plot(found, moments, form))
    if asked.form == "json":
        run: dict[str, Any] = {"training": moments_json(found, moments)} if moments else {}
        _json({**as_json(found), **run})
        return
    say(f"{title(network)}\n")
    print_table(table(found))
    say()
    _sentences(sentences(found))
    if moments:
        say("\nAlong training: the norm of ∂L/∂layer after so many epochs.\n")
        print_table(training_table(found, moments))


def several(network: Network, asked: Asked, listed: str) -> None:
    """Cures side by side."""
    from symbp.flow import cures
    from symbp.flow.compare import STEPS, compare
    from symbp.flow.compare_plot import plot_comparison
    from symbp.flow.compare_text import comparison_json, layers, sentences, summary

    names = cures.names(listed)
    steps = asked.steps or STEPS
    variants = compare(network.spec, names, seeds=asked.seeds, steps=steps, watch=_next)
    _write(asked, lambda form: plot_comparison(variants, form))
    if asked.form == "json":
        _json(comparison_json(network.name, variants))
        return
    say(f"{title(network)}\n")
    print_table(summary(variants))
    say()
    _sentences(sentences(variants))
    if cures.GRADIENT in cures.aims(names):
        say("\nThe norm of ∂L/∂layer, medians over initialisations:\n")
        print_table(layers(variants))


def _next(name: str) -> None:
    if on_terminal():
        say(f"measuring and training: {name}", err=True)


def _write(asked: Asked, draw: Callable[[str], bytes]) -> None:
    from symbp.flow.figure import check_format

    if asked.plot is not None:
        drawn = draw(check_format(str(asked.plot)))
        files.write({asked.plot: drawn}, force=asked.force)
        say(f"wrote {asked.plot}", err=True)


def _json(document: dict[str, Any]) -> None:
    say(json.dumps(document, ensure_ascii=False, indent=2))


def _sentences(found: Iterable[str]) -> None:
    for sentence in found:
        say(textwrap.fill(sentence, WIDTH, subsequent_indent="  "))
