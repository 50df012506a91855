"""The tables [train], [regularization] and [data]."""

from __future__ import annotations

import itertools
import re
from typing import Any

from symbp.language.declared import freeze
from symbp.language.kinds import LINE, Option, either, list_of
from symbp.language.options import DATA_SETS, OPTIMIZERS, REGULARIZATION, SCHEDULES, TRAIN
from symbp.language.sections import Section
from symbp.language.spec import Data, Train
from symbp.language.wording import show, unknown

COLUMNS = either(LINE, list_of(LINE, "a list of column names"))


def read_train(top: Section) -> Train:
    """[train] with the defaults of its optimizer and schedule filled in."""
    section = top.table("train", "[train]")
    optimizer = str(section.get("optimizer", TRAIN["optimizer"]))
    schedule = str(section.get("schedule", TRAIN["schedule"]))
    _refuse_foreign(section, "optimizer", optimizer, OPTIMIZERS)
    _refuse_foreign(section, "schedule", schedule, SCHEDULES)
    section.only([*TRAIN, *OPTIMIZERS[optimizer], *SCHEDULES[schedule]])
    values: dict[str, Any] = section.read({**TRAIN, **OPTIMIZERS[optimizer]})
    options = _complete(section, section.read(SCHEDULES[schedule]), values)
    return Train(**values, schedule_options=freeze(options))


def _refuse_foreign(section: Section, what: str, chosen: str, table: dict[str, Any]) -> None:
    """A key of another optimizer or schedule gets a clearer answer than an unknown one."""
    for key in section.values:
        owners = [name for name, options in table.items() if key in options]
        if owners and chosen not in owners:
            raise section.error(
                f"{key} belongs to the {what} {' or '.join(owners)}, not to {chosen}", key
            )


def _complete(section: Section, options: dict[str, Any], train: dict[str, Any]) -> dict[str, Any]:
    """Schedule options that depend on others: t_max, warmup_epochs, min_learning_rate."""
    epochs, rate = train["epochs"], train["learning_rate"]
    if "t_max" in options:
        options["t_max"] = options["t_max"] or epochs
    if "warmup_epochs" in options:
        if options["warmup_epochs"] is None:
            options["warmup_epochs"] = epochs // 10
        if options["warmup_epochs"] >= epochs:
            raise section.error(
                f"warmup_epochs must be below epochs = {epochs}, not {options['warmup_epochs']}",
                "warmup_epochs",
            )
    if options.get("min_learning_rate", 0.0) > rate:
        raise section.error(
            f"min_learning_rate must be at most learning_rate = {rate:g}", "min_learning_rate"
        )
    return options


def read_regularization(top: Section) -> dict[str, Any]:
    """``{"l2": ..., "l1": ...}``"""
    section = top.table("regularization", "[regularization]")
    section.only(REGULARIZATION)
    return section.read(REGULARIZATION)


def read_data(top: Section) -> Data | None:
    if "data" not in top.values:
        return None
    section = top.table("data", "[data]")
    section.only(["source", "target"])
    source = section.get("source", Option(LINE))
    assert isinstance(source, str)
    if source not in DATA_SETS:
        _check_path(section, source)
    columns = section.get("target", Option(COLUMNS, ()))
    target = columns if isinstance(columns, tuple) else (str(columns),)
    if source.endswith(".csv") and not target:
        raise section.error('a .csv file needs target = ["column", ...], the columns to learn')
    if target and not source.endswith(".csv"):
        raise section.error(f"target names columns of a .csv file, not of {source}", "target")
    if len(set(target)) < len(target):
        raise section.error("target names a column twice", "target")
    return Data(source, target, section.line() or 0)


def _check_path(section: Section, source: str) -> None:
    """A file beside the network file or in a folder below it."""
    if not source.endswith((".npz", ".csv")):
        message = unknown("data source {}", source, DATA_SETS)
        raise section.error(f"{message}, or a path that ends in .npz or .csv", "source")
    if "\\" in source or re.match(r"[A-Za-z]:", source) or source.startswith(("/", "~")):
        raise section.error(
            f"{show(source)} is no relative path; write data/file.npz, seen from the network file",
            "source",
        )
    depth = [1 if part not in ("", ".", "..") else -(part == "..") for part in source.split("/")]
    if min(itertools.accumulate(depth)) < 0:
        raise section.error(
            f"{show(source)} leaves the folder of the network file; put the data beside it",
            "source",
        )
