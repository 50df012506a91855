"""An answer in text, Markdown or LaTeX: parsed, never executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from symbp.judge.evaluate_network import Chain
from symbp.judge.outcome import Answer, Network, Notation, Outcome, Point, Unusable
from symbp.judge.points import degenerate, points, scalar_twin
from symbp.judge.text.names import Names
from symbp.judge.text.run import fit, outcome
from symbp.judge.text.scene import Layout
from symbp.judge.text.source import Piece, source
from symbp.judge.text.statements import Raw, Statement, parse, raw_statements
from symbp.judge.text.tokens import Token, Unreadable
from symbp.network.program import Program

MOST = 2_000  # statements
DERIVATIVES = ("partial", "nabla", "frac", "dfrac", "tfrac", "(")  # begin a left side
NOTES = {
    "columns": ("read with samples as columns and z = W x + b; weights are transposed",),
    "mixed": ("read with samples as columns and z = W^T x + b",),
}
MATRIX = re.compile(  # what only matrices need: products of entries, transposes, vectors of ones
    r"\\odot|⊙|\^\s*\{?\s*\\?(?:top|T\b|mathsf|intercal)|ᵀ|⊤|\.T\b|@|axis|\.dot|diag"
    r"|[Ww](?:\^\{?\(\d\)\}?)?_\{\d*,?[a-z],?[a-z]\}|[Ww]\d*\[[a-z],"
    r"|(?:\\math(?:bf|bb)\s*(?:\{1\}|1)|𝟙|𝟏)(?!\s*(?:\\left|\\?[\[({]|_))"
)


def read(network: Network, path: Path, text: str) -> Answer:
    """The formulas of a text. Raises Unusable for a line that cannot be read."""
    try:
        return _Reader(network, path, text).answer()
    except RecursionError:
        raise Unusable("is nested too deeply for a formula", path) from None
    except Unreadable as fault:
        line = text.count("\n", 0, fault.start) + 1
        start = text.rfind("\n", 0, fault.start) + 1
        end = text.find("\n", fault.start)
        shown = text[start : end if end >= 0 else None]
        column = fault.start - start + 1
        raise Unusable(fault.reason, path, line, column, shown) from None


@dataclass(frozen=True, eq=False)
class _Way:
    """The statements of an answer in one layout."""

    layout: Layout
    names: Names
    chain: Chain
    statements: tuple[Statement, ...]
    line: Callable[[int], int]


def _evaluated(way: _Way, data: tuple[Point, ...]) -> tuple[Outcome, ...]:
    return tuple(
        outcome(way.statements, way.chain, way.names, point, layout=way.layout, line=way.line)
        for point in data
    )


@lru_cache(maxsize=16)
def _chain(program: Program) -> Chain:
    return Chain(program, False)


class _Reader:
    def __init__(self, network: Network, path: Path, text: str) -> None:
        self.network, self.path, self.text = network, path, text
        self.source = source(text)
        self.pieces = self.source.pieces
        if len(self.pieces) > MOST:
            raise Unusable(f"holds more than {MOST} formulas", path)
        self.used = frozenset(self._used())
        self.names = Names(network.program, self.used)

    def answer(self) -> Answer:
        raws = self._raws()
        if not any(raw.target.kind == "adjoint" for raw in raws):
            self._look_at_left_sides()
            first = self.network.program.graph.parameters
            shown = rf"\frac{{\partial L}}{{\partial {first[0].key}}} = ..." if first else "none"
            raise Unusable(f"holds no gradient; expected lines such as {shown}", self.path)
        statements = self._statements(raws)
        way = self._best([self._way(statements, layout) for layout in self._layouts()])
        notation: Notation = "scalar" if way.layout == "scalar" else "matrix"
        where, notes = self._where(way), NOTES.get(way.layout, ())
        return Answer(self.path.name, "text", notation, where, partial(_evaluated, way), notes)

    # -- reading --------------------------------------------------------------------------------

    def _used(self) -> set[str]:
        """Every name in the formulas as a key, to know which spellings the answer chose."""
        found: set[str] = set()
        for piece in self.pieces:
            try:
                line = self.source.tokens(piece.start, piece.end)
            except Unreadable:
                continue
            for k, token in enumerate(line):
                above = any(t.is_("^", ".") for t in line[max(0, k - 2) : k])
                if token.kind in ("word", "command") and not (token.text == "T" and above):
                    found |= {token.text, token.text + _scripts(line[k + 1 : k + 8])}
        return found

    def _raws(self) -> list[Raw]:
        found: list[Raw] = []
        for piece in self.pieces:
            found += self._of(piece)
            if len(found) > MOST:
                raise Unusable(f"holds more than {MOST} formulas", self.path)
        return found

    def _of(self, piece: Piece) -> list[Raw]:
        if r"\scriptstyle" in self.source.text[piece.start : piece.end] and not piece.math:
            return []
        try:
            return list(raw_statements(self.source, piece, self.names))
        except Unreadable:
            if "=" in self.source.text[piece.start : piece.end]:
                raise
            return []

    def _look_at_left_sides(self) -> None:
        """Raises Unreadable for the first derivative of the loss by what is no parameter."""
        known = ", ".join(p.key for p in self.network.program.graph.parameters[:8])
        for piece in self.pieces:
            end = self.text.find("=", piece.start, piece.end)
            line = self.source.tokens(piece.start, end) if end > 0 else []
            if line and line[0].is_(*DERIVATIVES):
                reason = (
                    f"expected the derivative by a parameter ({known}) with letters as indices; for a "
                    "row of an embedding E write the whole, dL/dE_{vd} = \\sum_n [x_n = v] .."
                )
                raise Unreadable(line[0].start, reason)

    def _statements(self, raws: list[Raw]) -> tuple[Statement, ...]:
        own = frozenset(r.target.key for r in raws if r.target.kind in ("own", "delta", "partial"))
        functions = frozenset(r.target.key.rstrip("'") for r in raws if r.target.kind == "function")
        statements = []
        for raw in raws:
            try:
                statements.append(parse(raw, self.names, own, functions))
            except Unreadable:
                if raw.sure and raw.target.kind in ("adjoint", "delta"):
                    raise
        return tuple(statements)

    def _way(self, statements: tuple[Statement, ...], layout: Layout) -> _Way:
        network = scalar_twin(self.network) if layout == "scalar" else self.network
        names = Names(network.program, self.used)
        return _Way(layout, names, _chain(network.program), statements, self.line)

    # -- layout ---------------------------------------------------------------------------------

    def _layouts(self) -> list[Layout]:
        """Layouts that may be meant, the likeliest first."""
        matrix: list[Layout] = ["rows", "columns", "mixed"]
        if degenerate(self.network):
            return matrix
        formulas = "\n".join(self.source.text[p.start : p.end] for p in self.pieces)
        if MATRIX.search(formulas):
            return matrix
        return [*matrix, "scalar"] if re.search(r"(?<![A-Za-z])d?W", formulas) else ["scalar"]

    def _best(self, ways: list[_Way]) -> _Way:
        """The way that fits best, of equal ones the first; no other is tried where all is true."""
        best, least = ways[0], (0, 0)
        for number, way in enumerate(ways if len(ways) > 1 else ()):
            misfit = self._misfit(way)
            if not number or misfit < least:
                best, least = way, misfit
            if misfit == (0, -sum(s.target.kind == "adjoint" for s in way.statements)):
                break
        return best

    def _misfit(self, way: _Way) -> tuple[int, int]:
        notation: Notation = "scalar" if way.layout == "scalar" else "matrix"
        (point,) = points(self.network, notation, count=1, seed=1)
        return fit(way.statements, way.chain, way.names, point, way.layout)

    def line(self, start: int) -> int:
        return self.text.count("\n", 0, start) + 1

    def _where(self, way: _Way) -> dict[str, tuple[int, str]]:
        lines = self.text.split("\n")
        params = {p.name: p.key for p in way.names.program.graph.parameters}
        found: dict[str, tuple[int, str]] = {}
        for statement in way.statements:
            target = statement.target
            number = self.line(statement.start)
            if target.kind in ("adjoint", "delta"):
                name = params.get(target.name, f"d{target.name}")
            elif target.kind in ("tensor", "loss"):
                name = target.name
            else:
                continue
            found[name] = (number, lines[number - 1].strip())
        return found


def _scripts(behind: list[Token]) -> str:
    """The letters and digits that a name carries, roughly."""
    if not behind or not (behind[0].is_("_", "^") or behind[0].kind == "mark"):
        return ""
    shown = ""
    for token in behind:
        if token.kind in ("word", "number", "mark"):
            shown += token.text
        elif not token.is_("_", "^", "{", "(", "["):
            break
    return shown
