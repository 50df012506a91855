"""``symbp flow``: its options. What it does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

COUNT = click.IntRange(1, 10**6)
OF_NETWORKS = ("train", "epochs", "every", "compare", "steps", "plot")


@click.command()
@click.argument("network", required=False)
@click.option("--train", is_flag=True, help="Measure along a training run, too.")
@click.option(
    "--epochs", type=COUNT, metavar="N", help="Of that run, not those of the network file."
)
@click.option(
    "--every", type=COUNT, metavar="K", help="Measure every K epochs.  [default: a sixth]"
)
@click.option(
    "--compare",
    metavar="CURES",
    help="What each cure changes, such as relu,residual,layernorm,batchnorm,clip,init,relu+he.",
)
@click.option("--steps", type=COUNT, metavar="N", help="Of training, in --compare.  [default: 200]")
@click.option("--seeds", type=click.IntRange(1, 1000), default=12, show_default=True,
              metavar="N", help="Initialisations that are measured.")  # fmt: skip
@click.option("--plot", type=Path, metavar="FILE", help="Draw it, as .svg or .png.")
@click.option("--activation", metavar="NAME_OR_FORMULA",
              help="Mean-field theory of infinitely wide networks, in place of NETWORK.")  # fmt: skip
@click.option("--sigma-w2", type=float, metavar="A", help="Fan-in times the variance of a weight.")
@click.option("--sigma-b2", type=float, metavar="B", help="The variance of a bias.  [default: 0]")
@click.option("--critical", is_flag=True, help="Solve for the initialisation that keeps gradients.")
@click.option("--q", type=float, metavar="Q", help="The one whose variance settles at Q.")
@click.option("--scalar", "scalars", multiple=True, metavar="NAME=NUMBER",
              help="The value of a learnable scalar in the formula; may be repeated.")  # fmt: skip
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
@click.option("--force", is_flag=True, help="Overwrite a file that symbp did not write.")
def flow(
    network: str | None,
    activation: str | None,
    sigma_w2: float | None,
    sigma_b2: float | None,
    critical: bool,
    q: float | None,
    scalars: tuple[str, ...],
    **options: Any,
) -> None:
    """Say where the gradient vanishes or explodes, and why.

    For each layer of NETWORK, from output to input: the factor that the gradient is multiplied with,
    its bound, the gradient norm as predicted and as measured, and a verdict.

    With --activation: where the variance of an infinitely wide network settles (q*), how gradients
    fare there (chi), or with --critical the initialisation at which they keep their size.
    """
    import symbp.commandline.flow_theory as flow_theory

    others = tuple(k for k in OF_NETWORKS if options[k])
    asked = flow_theory.Asked(activation, sigma_w2, sigma_b2, critical, q, scalars, others)
    if asked.given:
        flow_theory.theory(network, asked, options["form"])
        return
    import symbp.commandline.flowing as flowing

    flowing.flow(network, flowing.Asked(**options))
