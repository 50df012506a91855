"""The bar of a training run, on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from symbp.commandline.screen import on_terminal

Callback = Callable[[int, Any, dict[str, list[float]]], bool]
REDRAW = 0.05  # seconds; a small network runs thousands of epochs in that time


@contextmanager
def training(epochs: int) -> Iterator[Callback | None]:
    """A ``callback`` for ``train`` that draws the bar, or None where nobody looks on."""
    if not on_terminal():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        TextColumn("epoch {task.completed}/{task.total}"),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    drawn = [0.0]
    with Progress(*columns) as progress:
        task = progress.add_task("training", total=epochs, loss="")

        def callback(epoch: int, params: Any, history: dict[str, list[float]]) -> bool:
            now = time.monotonic()
            if now - drawn[0] >= REDRAW or epoch == epochs - 1:
                drawn[0] = now
                progress.update(task, completed=epoch + 1, loss=f"{history['loss'][-1]:.6f}")
            return False

        yield callback


@contextmanager
def steps(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """A function to call when a step is done, with what it was; it draws a bar on a terminal, on the
    error stream, as the output may go elsewhere."""
    if not total or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[name]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total, name="")
        yield lambda name: progress.update(task, advance=1, name=name[-40:])
