"""Formulas -> statements: what is defined, and the chain of right sides that it equals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from symbp.judge.text.atoms import COMPARED
from symbp.judge.text.bars import placed
from symbp.judge.text.indices import beside
from symbp.judge.text.names import Names
from symbp.judge.text.parser import Parser
from symbp.judge.text.source import Piece, Source
from symbp.judge.text.tokens import Token, Unreadable
from symbp.judge.text.tree import Call, Node, Partial, Symbol, Transpose

EQUALS = ("=", ":=", "==", "coloneqq", "equiv", "triangleq", "≔", "doteq")
UPDATES = ("leftarrow", "gets", "mapsto", "longleftarrow")
FOLLOWS = ("implies", "Rightarrow", "therefore", "Longrightarrow", "iff", "Leftrightarrow", "to")
BLANK = ("_", ".", "?", "ldots", "dots", "cdots", "dotfill", "rule", "gap", "{", "}")  # to fill in
OPENERS, CLOSERS = ("(", "[", "{", "cases"), (")", "]", "}", "endcases")
OPERATORS = ("+", "-", "*", "/", "@", "odot", "cdot", "circ", "times", "^")


@dataclass(frozen=True)
class Target:
    """``kind`` is adjoint, delta, tensor, loss, partial, function, own (a name of the answer's) or
    size; ``key`` is how the answer spells it, ``name`` the network's tensor."""

    kind: str
    key: str
    name: str = ""
    indices: tuple[str, ...] = ()
    turned: bool = False
    argument: str = ""  # of a function

    @property
    def id(self) -> tuple[str, str]:
        if self.kind in ("adjoint", "tensor"):
            return (self.kind, self.name + beside(self.indices))
        return (self.kind, self.key)


@dataclass(frozen=True)
class Raw:
    """A statement whose right sides are still tokens; ``sure`` says that it cannot be prose."""

    target: Target
    sides: tuple[tuple[Token, ...], ...]
    start: int
    sure: bool


@dataclass(frozen=True)
class Statement:
    target: Target
    sides: tuple[Node, ...]
    start: int
    functions: frozenset[str] = field(default=frozenset())


def raw_statements(source: Source, piece: Piece, names: Names) -> Iterator[Raw]:
    """The statements of a piece. Raises Unreadable where a formula cannot be taken apart."""
    if piece.math:
        for chain in _chains(source.tokens(piece.start, piece.end)):
            raw = _statement(chain, names, True)
            if raw is not None:
                yield raw
        return
    found: list[Raw] = []
    fault: Unreadable | None = None
    for place, start in enumerate(piece.parts):
        try:
            raws = [_statement(c, names, False) for c in _chains(source.tokens(start, piece.end))]
        except Unreadable as unreadable:
            fault = fault or unreadable
            continue
        made = [raw for raw in raws if raw is not None]
        if made and (place == 0 or made[0].target.kind in ("adjoint", "delta")):
            found = made
            break
    if not found and fault is not None and _begins_gradient(source, piece, names):
        raise fault
    yield from found


def _begins_gradient(source: Source, piece: Piece, names: Names) -> bool:
    """Whether a line whose right side cannot be read has a gradient on its left."""
    end = source.text.find("=", piece.parts[0], piece.end)
    try:
        left = source.tokens(piece.parts[0], end)
        found = target(Parser(left, names, frozenset(), free=True).whole(), names)
    except Unreadable:
        return False
    return found is not None and found.kind == "adjoint"


def target(node: Node, names: Names) -> Target | None:
    """What a left side defines; None for anything but a name."""
    match node:
        case Transpose(body=body):
            found = target(body, names)
            return found and replace(found, turned=not found.turned)
        case Partial(upper=None, lower=lower):
            meaning = names.find(lower.key)
            known = meaning is not None and meaning.kind == "tensor"
            name = meaning.name if known and meaning else lower.key
            return Target("adjoint" if known else "own", f"d{lower.key}", name, lower.indices)
        case Partial(upper=Symbol() as upper, lower=lower):
            indices = tuple(dict.fromkeys((*upper.indices, *lower.indices)))
            return Target("partial", f"d{upper.key}/d{lower.key}", "", indices)
        case Symbol(key=key, indices=indices):
            meaning = names.find(key)
            if meaning is None:
                return Target("own", key, "", indices)
            return Target(meaning.kind, key, meaning.name, indices)
        case Call(key=key, primes=primes, arguments=(Symbol(key=argument),)):
            return Target("function", key + "'" * primes, argument=argument)
    return None


def parse(raw: Raw, names: Names, own: frozenset[str], functions: frozenset[str]) -> Statement:
    """The right sides as trees. Raises Unreadable."""
    argument = {raw.target.argument} if raw.target.kind == "function" else set()
    sides = []
    for side in raw.sides:
        letters = placed(side) | compared(side, raw.target.indices)
        parser = Parser(list(side), names, own | argument | letters)
        parser.functions = functions
        sides.append(parser.whole())
    return Statement(raw.target, tuple(sides), raw.start)


def compared(side: tuple[Token, ...], indices: tuple[str, ...]) -> frozenset[str]:
    """Indices of the left side that stand in a comparison, as the v of [x_n = v]."""
    near = {
        t.text
        for pair in pairwise(side)
        for t in pair
        if any(other.kind in ("sign", "command") and other.text in COMPARED for other in pair)
    }
    return frozenset(near & {*indices})


# -- taking a formula apart -----------------------------------------------------------------------


def _chains(line: list[Token]) -> Iterator[list[Token]]:
    """Rows and what gaps or commas separate in them; a row that begins with a sign goes on."""
    chains: list[list[Token]] = []
    for row in _cut(line, lambda t: t.kind == "row" or t.is_(*FOLLOWS)):
        row = _trimmed(row)
        if not row:
            continue
        if any(t.is_("scriptstyle", "scriptsize") for t in row):  # shapes below a formula
            continue
        goes_on = row[0].is_(*EQUALS, *OPERATORS) or not any(t.is_(*EQUALS) for t in _outside(row))
        if goes_on and chains and not any(t.is_(*UPDATES) for t in row):
            chains[-1] += row
            continue
        parts = _cut(row, lambda t: t.kind == "gap" or t.is_(",", ";"))
        for number, part in enumerate(parts):
            if number == 0 or any(t.is_(*EQUALS, *UPDATES) for t in _outside(part)):
                chains.append(_trimmed(part))
            elif part and part[0].is_(*EQUALS, *OPERATORS):
                chains[-1] += part
    yield from (chain for chain in chains if chain)


def _trimmed(row: list[Token]) -> list[Token]:
    """Without spacing and punctuation at its ends."""
    while row and (row[0].kind == "gap" or row[0].is_(",", ".", ";", ":")):
        row = row[1:]
    while row and (row[-1].kind == "gap" or row[-1].is_(",", ".", ";", ":", "square", "|")):
        row = row[:-1]
    return row


def _outside(line: list[Token]) -> Iterator[Token]:
    """The tokens outside all brackets."""
    depth = 0
    for token in line:
        depth -= token.is_(*CLOSERS)
        if depth <= 0:
            yield token
        depth += token.is_(*OPENERS)


def _cut(line: list[Token], at: Callable[[Token], bool]) -> list[list[Token]]:
    """Cut at tokens outside all brackets, which go."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in line:
        depth -= token.is_(*CLOSERS)
        if depth <= 0 and at(token):
            parts.append([])
        else:
            parts[-1].append(token)
        depth += token.is_(*OPENERS)
    return parts


def _letters(sides: list[list[Token]]) -> frozenset[str]:
    """Letters in scripts of right sides: those of indices are among them."""
    found: set[str] = set()
    for side in sides:
        for before, token in pairwise(side):
            inside = before.is_("_", "^", "{", "[", ",") or before.kind == "number"
            if token.kind == "word" and inside:
                found |= set(token.text)
    return frozenset(found)


def _statement(chain: list[Token], names: Names, math: bool) -> Raw | None:
    """One chain of equals signs; None for an update, a comparison, or what defines no name."""
    if any(t.is_(*UPDATES) for t in _outside(chain)):
        return None
    left, *sides = _cut(chain, lambda t: t.is_(*EQUALS))
    sides = [side for side in map(_trimmed, sides) if any(t.text not in BLANK for t in side)]
    if not sides or not left or left[-1].is_(*OPERATORS):
        return None
    try:
        parser = Parser(left, names, frozenset(), free=True)
        parser.indexing = _letters(sides)
        found = target(parser.whole(), names)
    except Unreadable:
        if math and any(t.is_("partial", "nabla") for t in left):
            raise
        return None
    if found is None or found.kind in ("size", "constant"):
        return None
    given = ("parameter", "buffer", "input", "target", "constant")
    if found.kind == "tensor" and names.program.tensors[found.name].role in given:
        return None  # w = w - alpha dw, x = ...
    sure = math or found.kind in ("adjoint", "delta")
    return Raw(found, tuple(tuple(side) for side in sides), chain[0].start, sure)
