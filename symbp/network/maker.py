"""Tensors and statements of one program: each gets a name of its own, in the order of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby

from symbp.calculus.equation import ADJOINT
from symbp.network import unit_text
from symbp.network.depth import repeats
from symbp.network.graph import Graph, Node, Tensor
from symbp.network.identifiers import Identifiers
from symbp.network.items import Piece, Scan, Statement
from symbp.network.unit_text import UnitText
from symbp.printers.base import BATCH
from symbp.printers.finished import Finished


class Maker:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.repeats = repeats(graph)  # by the letters that count their copies
        self.tensors = dict(graph.tensors)
        self.names = Identifiers()
        self.names.taken |= {n for t in graph.tensors for n in (t, f"d{t}")}
        self.constants = dict(graph.constants)
        self.ids: Counter[str] = Counter()

    def tensor(self, wish: str, shape: tuple, role: str, latex: str | None) -> str:
        name = self.names.take(wish)
        self.tensors[name] = Tensor(name, shape, role, (), latex)
        return name

    def id(self, part: str, defines: str, mode: str | None = None) -> str:
        """Unique, and readable: ``backward.dW2``."""
        name = f"d{defines.removeprefix(ADJOINT)}" if defines.startswith(ADJOINT) else defines
        text = f"{part}.{name}" + (f".{mode}" if mode else "")
        self.ids[text] += 1
        return text if self.ids[text] == 1 else f"{text}.{self.ids[text]}"

    def statement(
        self,
        part: str,
        layer: str,
        finished: list[Finished],
        names: Mapping[str, str],
        mode: str | None,
        kind: str = "assign",
    ) -> Statement:
        pieces = tuple(Piece(f, names) for f in finished)
        defines = pieces[0].tensor(finished[0].defines)
        name = self.id(part, defines, mode if mode == "inference" else None)
        return Statement(name, part, layer, defines, pieces, mode, kind)

    def scan(
        self,
        scan: unit_text.Scan,
        names: Mapping[str, str],
        part: str,
        layer: str,
        mode: str | None,
        written: set[str],
    ) -> Scan:
        """The loop of a recurrence; arrays that are ``written`` already are added to."""
        body: list[Statement] = []
        whole = dict.fromkeys([*scan.stored.whole, *(h.base for h in scan.stored.histories)])
        for name, group in groupby(scan.body, key=lambda f: f.equation.name):
            members = list(group)
            kind = "assign"
            if name in whole:
                kind = "add" if name in written else "part"
            body.append(self.statement(part, layer, members, names, mode, kind))
        made = tuple(n for n in whole if n not in written)
        body[0] = replace(body[0], more=(BATCH,) if part == "backward" else ())
        return Scan(scan, names, tuple(body), made, mode)


def modes(node: Node) -> list[tuple[UnitText, str | None]]:
    """The texts of a layer, each with the mode that it is for, if it is for one alone."""
    template = node.template
    if template.training is template.inference:
        return [(template.training, None)]
    return [(template.training, "training"), (template.inference, "inference")]
