"""The built-in sets. The same bytes every time: formulas and stored numbers, nothing random."""

from __future__ import annotations

import csv
import itertools
from importlib import resources

import numpy as np

from symbp.data.dataset import Dataset
from symbp.data.shapes import shapes
from symbp.errors import InputError

DECIMALS = 4  # computed numbers are rounded, so that no mathematical library shows in them
LINE = 32  # characters in a row of text
IMAGES = 600


def dataset(name: str) -> Dataset:
    """A built-in set by name; InputError for an unknown one."""
    if name not in SETS:
        raise InputError(f"unknown data set {name!r}; known: {', '.join(NAMES)}")
    return SETS[name]()


def _xor() -> Dataset:
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Dataset("xor", x, np.array([0, 1, 1, 0]), classes=2)


def _spirals() -> Dataset:
    """Two arms of 64 points that wind one and a half times around each other."""
    k = np.arange(64)
    radius, angle = 2 * (k + 4) / 67, 3 * np.pi * k / 63
    arm = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    x = np.round(np.concatenate([arm, -arm]), DECIMALS) + 0.0
    return Dataset("spirals", x, np.repeat([0, 1], 64), classes=2)


def _sine() -> Dataset:
    """One period, 64 points."""
    x = np.round(np.linspace(-np.pi, np.pi, 64), DECIMALS)[:, None]
    return Dataset("sine", x, np.round(np.sin(x), DECIMALS) + 0.0)


def _copy() -> Dataset:
    """All rows of four tokens from 1 to 4, then four blanks 0 in which to say them again."""
    words = np.array(list(itertools.product((1, 2, 3, 4), repeat=4)))
    blank = np.zeros_like(words)
    x, t = np.hstack([words, blank]), np.hstack([blank, words])
    return Dataset("copy", x, t, classes=5, vocabulary=5)


def _parity() -> Dataset:
    """All rows of eight bits; at each place, if the number of ones so far is odd."""
    x = np.array(list(itertools.product((0, 1), repeat=8)))
    return Dataset("parity", x, np.cumsum(x, axis=1) % 2, classes=2, vocabulary=2)


def _iris() -> Dataset:
    text = (resources.files("symbp.data") / "iris.csv").read_text(encoding="ascii")
    rows = list(csv.reader(text.splitlines()))[1:]
    species = sorted({row[4] for row in rows})
    return Dataset(
        "iris",
        np.array([[float(cell) for cell in row[:4]] for row in rows]),
        np.array([species.index(row[4]) for row in rows]),
        classes=3,
        source="R. A. Fisher (1936), UCI, doi:10.24432/C56C76",
        licence="CC BY 4.0",
    )


def _digits() -> Dataset:
    with (resources.files("symbp.data") / "digits.npz").open("rb") as file:
        stored = dict(np.load(file, allow_pickle=False))
    return Dataset(
        "digits",
        stored["x"] / 16.0,
        stored["t"].astype(np.int64),
        classes=10,
        source="E. Alpaydin and C. Kaynak (1998), UCI, doi:10.24432/C50P49",
        licence="CC BY 4.0",
    )


def _shapes() -> Dataset:
    """A square, a disc or a cross in an image: its kind, and the box around it."""
    x, kinds, boxes = shapes(IMAGES)
    return Dataset("shapes", x, {"kind": kinds, "box": boxes}, classes=3)


def _sonnets() -> Dataset:
    """The text in small letters, in rows; at each place, the character that comes next.

    A character is its place in the sorted alphabet of the text: line break, space, marks, letters.
    """
    text = (resources.files("symbp.data") / "sonnets.txt").read_text(encoding="ascii").lower()
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(character) for character in text])
    whole = (len(codes) - 1) // LINE * LINE
    return Dataset(
        "sonnets",
        codes[:whole].reshape(-1, LINE),
        codes[1 : whole + 1].reshape(-1, LINE),
        classes=len(alphabet),
        vocabulary=len(alphabet),
        source="W. Shakespeare (1609), Sonnets 1 to 32",
        licence="public domain",
    )


SETS = {
    "xor": _xor,
    "spirals": _spirals,
    "sine": _sine,
    "iris": _iris,
    "digits": _digits,
    "copy": _copy,
    "parity": _parity,
    "shapes": _shapes,
    "sonnets": _sonnets,
}
NAMES = tuple(SETS)
