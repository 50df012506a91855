"""Small images with one shape each, to be named and found: what a detector learns."""

from __future__ import annotations

import numpy as np

KINDS = ("square", "disc", "cross")
SIDE = 12  # pixels
HALVES = (2, 3)  # a shape covers 2*half + 1 pixels each way
LEVELS = 16  # grey levels are sixteenths, which float16 holds exactly


def shapes(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(images (count, 1, 12, 12) from 0 to 1, kinds (count,), boxes (count, 4)).

    Each kind comes equally often, the squares first, at any place and in two sizes, brighter than
    the noise around it. A box is left, top, right and bottom, as fractions of the side. The numbers
    come from the raw stream of a bit generator, which NumPy keeps the same for ever.
    """
    stream = np.random.PCG64(0)
    images, boxes = [], []
    kinds = np.arange(count) * len(KINDS) // count
    for kind in kinds:
        half = HALVES[_below(stream, len(HALVES))]
        row, column = (half + _below(stream, SIDE - 2 * half) for _ in range(2))
        brightness = LEVELS // 2 + _below(stream, LEVELS // 2 + 1)
        noise = stream.random_raw((SIDE, SIDE)) % np.uint64(LEVELS // 4)
        image = noise.astype(np.int64)
        image[_covered(KINDS[kind], half, row, column)] = brightness
        images.append(image[None] / LEVELS)
        left_top = np.array([column - half, row - half])
        boxes.append(np.concatenate([left_top, left_top + 2 * half + 1]) / SIDE)
    return np.array(images), kinds, np.round(boxes, 4)


def _below(stream: np.random.PCG64, limit: int) -> int:
    return int(stream.random_raw()) % limit


def _covered(kind: str, half: int, row: int, column: int) -> np.ndarray:
    """The pixels of a shape (SIDE, SIDE)."""
    down, right = np.indices((SIDE, SIDE)) - np.array([row, column])[:, None, None]
    inside = (abs(down) <= half) & (abs(right) <= half)
    if kind == "disc":
        return inside & (down**2 + right**2 <= half**2 + 1)
    return inside & ((down == 0) | (right == 0)) if kind == "cross" else inside
