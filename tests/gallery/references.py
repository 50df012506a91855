"""The layers and losses of the gallery once more, in PyTorch, and where it has them, by its own.

A layer takes the tensors and parameters that its block names, with the batch in front, and returns
its output; a loss takes ``y``, ``t`` and what else it reads, and returns one number.
"""

from __future__ import annotations

from tests.gallery.reference_layers import LAYERS
from tests.gallery.reference_losses import LOSSES
from tests.gallery.reference_sequences import SEQUENCES

REFERENCES = LAYERS | SEQUENCES | LOSSES
