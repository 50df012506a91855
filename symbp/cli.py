"""The command line: ``symbp VERB NETWORK [OPTIONS]``.

Here are the verbs and their options. What they do is imported when they run, so that ``--help`` is
immediate.
"""

from __future__ import annotations

from pathlib import Path

import click

from symbp import __version__
from symbp.commandline.flow_options import flow
from symbp.commandline.guard import Guarded

FORCE = click.option("--force", is_flag=True, help="Overwrite files that symbp did not write.")
OUTPUT = click.option("-o", "--output", type=Path, metavar="FILE", help="Write to FILE.")
NETWORK = click.argument("network")
STYLE = click.option(
    "--style",
    type=click.Choice(["lecture", "fast"]),
    default="lecture",
    show_default=True,
    help="Code to read, or code to run.",
)


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symbp", message="%(prog)s %(version)s")
def main() -> None:
    """Derives backpropagation, writes the NumPy code of it, and proves the two equal.

    NETWORK is a network file (.toml), or the name of a built-in example. Try this first:

    \b
      symbp build article            derivation, code, proof and a training run
      symbp derive article --notation scalar
      symbp new mine                 a network file of your own to start from

    Exit codes: 0 done, 1 a gradient is wrong, 2 the input cannot be used.
    """


@main.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Overwrite NAME.toml if there is one.")
def new(name: str, force: bool) -> None:
    """Write a commented network file to start from, NAME.toml."""
    from symbp.commandline import verbs

    verbs.new(name, force=force)


@main.command()
def examples() -> None:
    """List the built-in examples."""
    from symbp.commandline import verbs

    verbs.list_examples()


@main.command()
@NETWORK
def show(network: str) -> None:
    """Show layers, shapes and parameter counts."""
    from symbp.commandline import verbs

    verbs.show(network)


@main.command()
@NETWORK
@click.option(
    "--notation",
    type=click.Choice(["scalar", "matrix", "index"]),
    default="matrix",
    show_default=True,
    help="One neuron and one sample as in a textbook, a whole batch, or sums over indices.",
)
@click.option(
    "--wrt",
    multiple=True,
    metavar="NAME",
    help="Only the gradient by this parameter or intermediate; may be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["latex", "markdown", "tex", "text", "json"]),
    default="latex",
    show_default=True,
    help="tex is a fragment for \\input.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the sentences between the formulas.",
)
@click.option("--result-only", is_flag=True, help="Only the results, one a line.")
@click.option("--order", type=click.IntRange(1, 2), default=1, metavar="1|2", help="2: Hessians.")
@OUTPUT
@FORCE
def derive(
    network: str,
    notation: str,
    wrt: tuple[str, ...],
    form: str,
    lang: str,
    result_only: bool,
    order: int,
    output: Path | None,
    force: bool,
) -> None:
    """Print the derivation of the gradients, step by step."""
    import symbp.commandline.deriving as deriving

    asked = deriving.Asked(notation, wrt, form, lang, result_only, order)
    deriving.derive(network, asked, output, force=force)


@main.command()
@NETWORK
@OUTPUT
@STYLE
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="Of new parameters.",
)
@click.option("--hvp", is_flag=True, help="With Hessian-vector products.")
@click.option("--processes", is_flag=True, help="Training can share minibatches between processes.")
@click.option("--explain", is_flag=True, help="With --style fast: what each pass changed.")
@click.option("--pass", "name", metavar="NAME", help="With --explain: before and behind one pass.")
@FORCE
def generate(
    network: str,
    output: Path | None,
    style: str,
    dtype: str,
    hvp: bool,
    processes: bool,
    explain: bool,
    name: str | None,
    force: bool,
) -> None:
    """Write the network as a standalone NumPy module."""
    from symbp.commandline import verbs

    verbs.generate(
        network,
        output,
        style=style,
        dtype=dtype,
        hvp=hvp,
        processes=processes,
        explain=explain,
        name=name or "",
        force=force,
    )


@main.command()
@NETWORK
def verify(network: str) -> None:
    """Compare every gradient with finite differences."""
    from symbp.commandline import verbs

    verbs.verify(network)


@main.command("map")
@NETWORK
@STYLE
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def map_(network: str, style: str, form: str) -> None:
    """Show each formula beside the code that computes it."""
    from symbp.commandline import verbs

    verbs.map_(network, style=style, form=form)


@main.command()
@NETWORK
@click.option("-o", "--output", type=Path, metavar="DIR", help="Write into DIR, not into ./NAME.")
@FORCE
def build(network: str, output: Path | None, force: bool) -> None:
    """Do all of it: derivation, module, gradient check, training run."""
    import symbp.commandline.building as building

    building.build(network, output, force=force)


main.add_command(flow)


@main.command()
@NETWORK
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "notebook", "slides"]),
    default="html",
    show_default=True,
    help="A page that opens offline, a notebook that runs, or Beamer slides.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the text.",
)
@OUTPUT
@FORCE
def lecture(network: str, form: str, lang: str, output: Path | None, force: bool) -> None:
    """Write a page that links picture, formulas and code; or a notebook, or slides."""
    import symbp.commandline.lecturing as lecturing

    lecturing.lecture(network, output, form=form, lang=lang, force=force)


@main.command()
@NETWORK
@click.argument("answer", type=Path)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
)
@click.option(
    "--hints",
    type=click.IntRange(1, 3),
    default=3,
    show_default=True,
    help="1: which equation, 2: which factor, 3: the right formula and its code.",
)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--csv", "table", type=Path, metavar="FILE", help="Points for each parameter.")
@OUTPUT
@FORCE
def check(
    network: str,
    answer: Path,
    form: str,
    hints: int,
    lang: str,
    table: Path | None,
    output: Path | None,
    force: bool,
) -> None:
    """Judge a hand-written gradient: which factor is wrong, in which equation.

    ANSWER is a Python file with gradients(params, x, t) or a class, a text, Markdown or LaTeX file
    with formulas, or a folder of such files. Python answers run in a child process with limits on
    time, memory and output: no security boundary.
    """
    from symbp.commandline import judging

    judging.check(network, answer, judging.Asked(form, hints, lang, output, table, force))


@main.command()
@NETWORK
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Other numbers.")
@click.option("--faulty", is_flag=True, help="Filled in, with one wrong step to be found.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("-o", "--output", type=Path, metavar="DIR", help="Write into DIR.")
@FORCE
def exercise(
    network: str, seed: int, faulty: bool, lang: str, output: Path | None, force: bool
) -> None:
    """Write a worksheet to fill in by hand, and its solution."""
    from symbp.commandline import exercising

    exercising.exercise(network, output, seed=seed, faulty=faulty, lang=lang, force=force)
