"""Printing: rich where a person looks on, plain text in a pipe."""

from __future__ import annotations

import sys

import click

from symbp.writers.table import WIDTH, Table


def on_terminal() -> bool:
    """Whether a person looks on."""
    return sys.stdout.isatty()


def say(text: str = "", *, err: bool = False) -> None:
    """A line as it is: nothing in it is markup."""
    click.echo(text, err=err)


def print_table(table: Table) -> None:
    """Ruled on a terminal, aligned in a pipe; at most 100 columns in either."""
    if not on_terminal():
        say(table.text())
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table as Ruled
    from rich.text import Text

    ruled = Ruled(box=box.SIMPLE_HEAD, show_footer=bool(table.footer), show_edge=False)
    for k, column in enumerate(table.columns):
        footer = Text(table.footer[k]) if table.footer else ""
        ruled.add_column(
            Text(column.title), footer, justify="right" if column.right else "left", overflow="fold"
        )
    for row in table.rows:
        ruled.add_row(*map(Text, row))
    console = Console()
    console.print(ruled, width=min(console.width, WIDTH))
