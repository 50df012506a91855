"""What a data set is, before it is fitted to a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Target = np.ndarray | dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs ``x`` (n, ...) and targets ``t`` (n, ...), or a dict of targets by name.

    Class labels are integers from 0; ``classes`` is their number where it is known for sure.
    ``vocabulary`` is the number of tokens where ``x`` is integers. ``source`` and ``licence`` are
    empty for what is computed or the user's own.
    """

    name: str
    x: np.ndarray
    t: Target
    classes: int | None = None
    vocabulary: int | None = None
    source: str = ""
    licence: str = ""
    file: str | None = None  # where the user's own came from, for messages

    @property
    def note(self) -> str:
        """One line that says what the data are and whose."""
        return ", ".join(part for part in (self.name, self.source, self.licence) if part)
