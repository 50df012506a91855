"""Numbers exactly as written, and limits on what powers may be built from them."""

from __future__ import annotations

import re
from fractions import Fraction

from symbp.language.source import Source, shorten
from symbp.language.tree import Binary, Expr, Negative, Number
from symbp.language.walk import Node, children

MAX_DIGITS = 40
MAX_MAGNITUDE = 308  # decimal exponent: what a float64 holds
MAX_EXPONENT = 64
MAX_BITS = 2_200  # of an exact value's numerator and denominator


def number(text: str, source: Source) -> Number:
    """``1e-5`` -> 1/100000, with no float in between."""
    match = re.fullmatch(r"(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", text, re.ASCII)
    if match is None:
        source.fail(f"'{shorten(text)}' is no number; write digits, a point and an exponent")
    digits, exponent = (match[1] + match[2]).lstrip("0"), match[3] or "0"
    if len(digits) > MAX_DIGITS:
        source.fail(f"{shorten(text)} has {len(digits)} digits; at most {MAX_DIGITS}")
    if len(exponent) > 6 or abs(int(exponent)) > MAX_MAGNITUDE:
        source.fail(f"{shorten(text)} is beyond 1e-{MAX_MAGNITUDE} to 1e{MAX_MAGNITUDE}")
    return Number(Fraction(text))


def check_arithmetic(node: Binary, source: Source) -> None:
    """Refuse a division by a literal zero, a huge exponent, and a literal value beyond a float.

    Its parts must have passed. Nothing is computed before it is known to be small:
    ``9**(9**9)`` never ends.
    """
    left, right = value(node.left), value(node.right)
    if right is None:
        return
    if node.op == "**":
        for exponent in (right, right * growth(node.left)):
            if abs(exponent) > MAX_EXPONENT:
                shown = exponent if exponent.denominator == 1 else float(exponent)
                source.fail(f"exponent {shown} is too large; at most {MAX_EXPONENT}")
    zero = right if node.op == "/" else left if node.op == "**" and right < 0 else None
    if zero == 0:
        source.fail("a number is divided by 0; divide by another")
    result = None if left is None else _apply(node.op, left, right)
    if result and max(_bits(result.numerator), _bits(result.denominator)) > MAX_BITS:
        source.fail(f"a number is beyond 1e-{MAX_MAGNITUDE} to 1e{MAX_MAGNITUDE}")


def value(node: Expr) -> Fraction | None:
    """The exact value of an expression of literals alone; None where there is none."""
    match node:
        case Number(value=known):
            return known
        case Negative(body=body):
            inner = value(body)
            return None if inner is None else -inner
        case Binary(op=op, left=left, right=right):
            first, second = value(left), value(right)
            return None if first is None or second is None else _apply(op, first, second)
    return None


def growth(node: Node) -> Fraction:
    """The product of the literal exponents on top of each other: 4096 for ``(x**64)**64``."""
    below = max((growth(child) for child in children(node)), default=Fraction(1))
    exponent = value(node.right) if isinstance(node, Binary) and node.op == "**" else None
    return below * max(abs(exponent), Fraction(1)) if exponent is not None else below


def _apply(op: str, left: Fraction, right: Fraction) -> Fraction | None:
    if op == "**":
        return left**right.numerator if right.denominator == 1 else None
    if op == "/":
        return left / right
    return {"+": left.__add__, "-": left.__sub__, "*": left.__mul__}[op](right)


def _bits(integer: int) -> int:
    return integer.bit_length()
