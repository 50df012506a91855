"""Products of matrices, of entries, and with numbers, in the order that their shapes allow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symbp.judge.text.values import Misfit, Value, entrywise, matmul, outer

MATRIX = ("", "@", "cdot")
PYTHON = frozenset({"*", "@"})  # bind from the left, as Python has it


def product(values: list[Value], signs: list[str]) -> Value:
    """Factors bind as they are written, those without a sign first; where the shapes do not fit that
    way, matrix products come first, or products of entries, or what stands to the right.

    Raises Misfit where nothing fits.
    """
    first: Misfit | None = None
    for plan in (_as_written, _matrices_first, _entries_first, _from_the_right):
        try:
            return plan(values, signs)
        except Misfit as misfit:
            first = first or misfit
        if set(signs) <= PYTHON:
            break
    assert first is not None
    raise first


def _pair(a: Value, sign: str, b: Value) -> Value:
    if sign in MATRIX:
        return matmul(a, b)
    if sign == "odiv":
        return entrywise(np.divide, a, b, "a division")
    if sign == "outer":
        return outer(a, b)
    return entrywise(np.multiply, a, b, "a product of entries")


def _left(values: list[Value], signs: list[str]) -> Value:
    total, *rest = values
    for sign, value in zip(signs, rest, strict=True):
        total = _pair(total, sign, value)
    return total


def _tight(values: list[Value], signs: list[str], tight: Callable[[str], bool]) -> Value:
    """Products whose sign is tight first, then the others from the left."""
    groups, kept = [[values[0]]], []
    inner: list[list[str]] = [[]]
    for sign, value in zip(signs, values[1:], strict=True):
        if tight(sign):
            groups[-1].append(value)
            inner[-1].append(sign)
        else:
            groups.append([value])
            inner.append([])
            kept.append(sign)
    made = [_left(group, own) for group, own in zip(groups, inner, strict=True)]
    return _left(made, kept)


def _as_written(values: list[Value], signs: list[str]) -> Value:
    return _tight(values, signs, lambda sign: sign == "")


def _matrices_first(values: list[Value], signs: list[str]) -> Value:
    return _tight(values, signs, lambda sign: sign in MATRIX)


def _entries_first(values: list[Value], signs: list[str]) -> Value:
    return _tight(values, signs, lambda sign: sign not in MATRIX)


def _from_the_right(values: list[Value], signs: list[str]) -> Value:
    *rest, total = values
    for sign, value in zip(reversed(signs), reversed(rest), strict=True):
        total = _pair(value, sign, total)
    return total
