"""What layers ask of the shapes of their inputs; each complaint says what would be right."""

from __future__ import annotations

import math

Shape = tuple[int, ...]  # of one sample


def needs_an_axis(kind: str, shape: Shape) -> None:
    if not shape:
        raise ValueError(f"{kind} needs an input with at least one axis, not one number a sample")


def needs_axes(kind: str, shape: Shape, *allowed: str) -> None:
    """``allowed`` are the shapes that the layer takes, as the letters of their axes."""
    if len(shape) not in map(len, allowed):
        listed = " or ".join(f"[{', '.join(letters)}]" for letters in allowed)
        raise ValueError(f"{kind} takes an input of shape {listed}, not {list(shape)}")


def window_fits(axis: str, size: int, kernel: int, dilation: int = 1, padding: int = 0) -> None:
    """A window of the kernel finds a place in an axis of the input, its padding included."""
    room, span = size + 2 * padding, dilation * (kernel - 1) + 1
    if span <= room:
        return
    spread = f" with dilation = {dilation}" if dilation > 1 else ""
    padded = " with its padding" if padding else ""
    raise ValueError(
        f"a kernel of {kernel}{spread} covers {span} positions, axis {axis} of the input has "
        f"{room}{padded}; write a kernel of at most {(room - 1) // dilation + 1}"
    )


def groups_divide(groups: int, channels: int, filters: int) -> None:
    if channels % groups or filters % groups:
        raise ValueError(
            f"groups = {groups} must divide the {channels} channels of the input and filters = "
            f"{filters}; write a divisor of both, such as {math.gcd(channels, filters)}"
        )


def heads_divide(heads: int, features: int) -> None:
    if features % heads:
        fewer = max(k for k in range(1, min(heads, features) + 1) if features % k == 0)
        raise ValueError(
            f"heads = {heads} does not divide the {features} features of the input; "
            f"write a divisor of {features}, such as {fewer}"
        )


def one_shape(kind: str, shapes: tuple[Shape, ...]) -> None:
    if len(set(shapes)) > 1:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise ValueError(f"{kind} needs inputs of one shape, not {listed}")


def joined_axis(axis: int, shapes: tuple[Shape, ...]) -> int:
    """The axis, counted from the front, along which alone the shapes may differ."""
    ranks = len(shapes[0])
    if not -ranks <= axis < ranks:
        raise ValueError(f"axis = {axis} does not exist in a sample of shape {list(shapes[0])}")
    axis %= ranks
    rest = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(rest) > 1 or len({len(s) for s in shapes}) > 1:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise ValueError(f"concat needs inputs that differ along axis {axis} alone, not {listed}")
    return axis


def same_entries(source: Shape, target: Shape) -> None:
    if math.prod(target) != math.prod(source):
        raise ValueError(
            f"cannot reshape {list(source)} ({math.prod(source)} entries) to {list(target)} "
            f"({math.prod(target)} entries)"
        )
