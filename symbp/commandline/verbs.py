"""What the short verbs do: load a network, ask the engine, print or write."""

from __future__ import annotations

import json
from pathlib import Path

import symbp
from symbp import examples
from symbp.api import Network
from symbp.commandline.guard import Failed
from symbp.commandline.screen import print_table, say
from symbp.errors import InputError
from symbp.language.starter import starter
from symbp.writers import files
from symbp.writers.table import Column, Table


def new(name: str, *, force: bool) -> None:
    """Write NAME.toml. Its reader will make it his own, so it is never overwritten unasked."""
    text = starter(name)
    files.check_name(name)
    path = Path(f"{name}.toml")
    if path.exists() and not force:
        raise InputError("exists already; --force overwrites it", str(path))
    files.write({path: text.encode()}, force=force)
    say(f"wrote {path}; try: symbp build {path}")


def list_examples() -> None:
    """Name, one line, parameters and data of each."""
    from symbp.writers import show

    columns = (
        Column("name"),
        Column("what it is"),
        Column("parameters", right=True),
        Column("data"),
    )
    rows = []
    for name in examples.names():
        network = symbp.load(name)
        source = network.spec.data.source if network.spec.data else "made up"
        rows.append((name, network.spec.title, str(show.count(network.program)), source))
    print_table(Table(columns, tuple(rows)))


def show(network: str) -> None:
    """The table of layers, and what the loss compares."""
    from symbp.writers import show as writer

    loaded = symbp.load(network)
    say(title(loaded))
    say()
    print_table(writer.show(loaded.program))
    say()
    for line in writer.losses(loaded.program):
        say(line)


def generate(
    network: str,
    output: Path | None,
    *,
    style: str,
    dtype: str,
    hvp: bool,
    processes: bool,
    explain: bool,
    name: str,
    force: bool,
) -> None:
    """The module on stdout, or in a file with its data beside it."""
    from symbp.fast.styles import writer
    from symbp.writers.package import package

    if explain and style != "fast":
        raise InputError("--explain tells what the fast style did; expected --style fast with it")
    if name and not explain:
        raise InputError("--pass shows what one pass changed; expected --explain with it")
    if output is not None:
        files.check_module(output)
        files.check(output, force=force)
    program = symbp.load(network).program
    made = package(program, writer=writer(style), dtype=dtype, hvp=hvp, processes=processes)
    if explain:
        from symbp.fast.explain import explain as report

        batch = program.graph.spec.train.batch_size or len(made.arrays[0])
        say(report(program, dtype, batch, name))
        if output is None:
            return
    if output is None:
        say(made.module.source.removesuffix("\n"))
        if made.data:
            say(f"the data go beside it as {made.data_file}; -o FILE writes both", err=True)
        return
    wanted = {output: made.module.source.encode()}
    if made.data:
        wanted = {output.with_name(made.data_file): made.data, **wanted}
    files.write(wanted, force=force)


def title(network: Network) -> str:
    """``article: Two layers of sigmoid neurons learn XOR``"""
    return f"{network.name}: {network.spec.title}" if network.spec.title else network.name


def verify(network: str) -> None:
    """The table of gradients; Failed where one is wrong."""
    report = symbp.load(network).verify()
    say(report.table())
    if not report.ok:
        raise Failed


def map_(network: str, *, style: str, form: str) -> None:
    """Formulas beside code, or as JSON."""
    from symbp.fast.styles import writer
    from symbp.writers.equations import as_json, equations
    from symbp.writers.map import side_by_side
    from symbp.writers.package import package

    program = symbp.load(network).program
    module = package(program, writer=writer(style)).module
    if form == "json":
        say(json.dumps(as_json(program, module), ensure_ascii=False, indent=2))
    else:
        say(side_by_side(equations(program, module)))
