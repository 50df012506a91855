"""``symbp flow``: its options. What it does is imported when it runs."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.argument("network", required=False)
@click.option("--seeds", type=click.IntRange(1, 1000), default=12, show_default=True,
              metavar="N", help="Initialisations that are measured.")  # fmt: skip
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def flow(network: str | None, **options: Any) -> None:
    """Say where the gradient vanishes or explodes, and why.

    For each layer of NETWORK, from output to input: the factor that the gradient is multiplied with,
    its bound, the gradient norm as predicted and as measured, and a verdict.
    """
    import symbp.commandline.flowing as flowing

    flowing.flow(network, **options)
