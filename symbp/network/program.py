"""The network as equations in the order in which they run: forward, loss, backward, buffer updates.

An adjoint equation sums what meets in its tensor (branches, residual paths, shared weights). Copies of
a `repeat` are one set of statements in a loop; backward the loop runs from the last copy to the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from symbp.calculus.equation import ADJOINT
from symbp.network import unit_text
from symbp.network.graph import Graph, Level, Node, Repeat, Tensor, flatten
from symbp.network.heads import Head, head, penalty
from symbp.network.identifiers import Identifiers
from symbp.network.unit_text import Items, UnitText
from symbp.printers.base import BATCH
from symbp.printers.finished import Finished

LOSS = "L"


@dataclass(frozen=True, eq=False)
class Piece:
    """A right-hand side with the tensors of this network in its slots; or, without a text, an alias:
    the value of ``source``."""

    finished: Finished | None
    names: Mapping[str, str]
    source: str = ""
    whole: bool = False  # parameters are read with all copies of a repeat at once

    def tensor(self, local: str) -> str:
        """The network's tensor for a local name; adjoint marks stay in front."""
        return local if local == BATCH else _tensor(self.names, local)

    @property
    def reads(self) -> tuple[str, ...]:
        if self.finished is None:
            return (self.source,)
        return tuple(self.tensor(local) for local in self.finished.reads)


@dataclass(frozen=True, eq=False)
class Statement:
    """``defines = sum of pieces``. ``mode`` is "training" or "inference" where it runs in one of them
    alone; ``kind`` "accumulate" adds to what earlier copies of a loop gave, "add" to what stands in an
    array already, "part" fills a part of an array that stands already."""

    id: str
    part: str  # forward | loss | backward | update
    layer: str
    defines: str
    pieces: tuple[Piece, ...]
    mode: str | None = None
    kind: str = "assign"
    more: tuple[str, ...] = ()  # what the arrays of its loop are made with

    @property
    def reads(self) -> tuple[str, ...]:
        found = [r for p in self.pieces for r in p.reads]
        return tuple(dict.fromkeys([*found, *self.more]))


@dataclass(frozen=True, eq=False)
class Noise:
    """A random mask: 0 with probability ``rate``, else 1/(1 - rate)."""

    id: str
    layer: str
    defines: str
    like: str
    rate: float
    mode: str | None = "training"
    part: str = "forward"


@dataclass(frozen=True, eq=False)
class Loop:
    """The copies of a repeat, first to last, or last to first."""

    repeat: Repeat
    reverse: bool
    body: tuple[Item, ...]
    also: tuple[Repeat, ...] = ()  # what else its copies hand on to each other


@dataclass(frozen=True, eq=False)
class Scan:
    """The steps of a recurrence: ``body`` for each step of the unit's scan."""

    scan: unit_text.Scan
    names: Mapping[str, str]
    body: tuple[Statement, ...]
    made: tuple[str, ...]  # local names of the arrays that stand before the loop
    mode: str | None = None
    defines: str = ""


@dataclass(frozen=True, eq=False)
class Zeros:
    """``defines`` is zero, an array like ``like``."""

    defines: str
    like: str
    mode: str | None = None


Item = Statement | Noise | Loop | Scan | Zeros


@dataclass(frozen=True, eq=False)
class Program:
    graph: Graph
    tensors: Mapping[str, Tensor]
    heads: tuple[Head, ...]
    targets: tuple[str, ...]  # tensor names, one an output
    forward: tuple[Item, ...]
    loss: tuple[Item, ...]
    backward: tuple[Item, ...]
    updates: tuple[Item, ...]


def statements(items: tuple[Item, ...]) -> Iterator[Statement]:
    """Every statement, those in loops too, in order; masks left out."""
    for item in items:
        if isinstance(item, (Loop, Scan)):
            yield from statements(item.body)
        elif isinstance(item, Statement):
            yield item


def loops(items: tuple[Item, ...]) -> Iterator[Loop]:
    """Every loop, outer ones first."""
    for item in items:
        if isinstance(item, Loop):
            yield item
            yield from loops(item.body)


def scans(items: tuple[Item, ...]) -> Iterator[Scan]:
    for item in items:
        if isinstance(item, Loop):
            yield from scans(item.body)
        elif isinstance(item, Scan):
            yield item


def split_marks(name: str) -> tuple[str, str]:
    """The adjoint marks in front of a name, and what is behind them."""
    bare = name.lstrip(ADJOINT)
    return name[: len(name) - len(bare)], bare


def _tensor(names: Mapping[str, str], local: str) -> str:
    """The network's tensor for a local name; adjoint marks stay in front."""
    marks, bare = split_marks(local)
    return marks + names.get(bare, bare)


def needed(items: tuple[Item, ...], wanted: set[str]) -> set[str]:
    """The tensors on which ``wanted`` depend."""
    reads: dict[str, set[str]] = {}
    for statement in statements(items):
        reads.setdefault(statement.defines, set()).update(statement.reads)
    for loop in loops(items):  # what one copy hands on to the next
        for own in (loop.repeat, *loop.also):
            same = {own.start, own.first, own.end, own.result}
            for group in (same | {own.source}, {ADJOINT + n for n in same}):
                for name in group:
                    reads.setdefault(name, set()).update(group)
    for scan in scans(items):  # what one step hands on to others
        for history in scan.scan.stored.histories:
            base, *starts = (_tensor(scan.names, n) for n in (history.base, *history.starts) if n)
            for view, _ in history.views:
                reads.setdefault(_tensor(scan.names, view), set()).update([base, *starts])
    found, edge = set(wanted), set(wanted)
    while edge:
        edge = {r for name in edge for r in reads.get(name, ())} - found
        found |= edge
    return found


def pruned(items: tuple[Item, ...], names: set[str]) -> tuple[Item, ...]:
    """The items that define one of these tensors."""

    def kept(items: tuple[Item, ...]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, Loop):
                body = tuple(kept(item.body))
                if body:
                    yield replace(item, body=body)
            elif isinstance(item, Scan):
                steps = tuple(s for s in item.body if s.defines in names)
                if steps:
                    yield replace(item, body=steps)
            elif item.defines in names:
                yield item

    return tuple(kept(items))


def build(graph: Graph) -> Program:
    """Order all equations of the network."""
    return _Builder(graph).run()


@dataclass(frozen=True, eq=False)
class _Term:
    """A contribution to an adjoint, from inside ``levels``."""

    piece: Piece
    mode: str | None
    levels: tuple[Level, ...]
    layer: str = ""


LONG = 60  # characters of code; a longer share of a sum gets a line of its own


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tensors = dict(graph.tensors)
        self.names = Identifiers()
        self.names.taken |= {n for t in graph.tensors for n in (t, f"d{t}")}
        self.terms: dict[str, list[_Term]] = {}
        self.carried: set[str] = set()  # adjoints that the loop hands from copy to copy
        self.done: set[str] = set()  # tensors whose adjoint has its statement
        self.ids: Counter[str] = Counter()
        self.head_names: dict[int, dict[str, str]] = {}  # of a head's tensors, by its id
        self.constants = dict(graph.constants)

    def run(self) -> Program:
        graph = self.graph
        targets, heads = [], []
        single = len(graph.outputs) == 1
        for output, source in graph.outputs:
            target = self.tensor(output.target, graph.tensors[source].shape, "target", None)
            suffix = "" if single else f"_{output.target}"
            written = output.target.replace("_", r"\_")
            latex = rf"{LOSS}_{{\mathit{{{written}}}}}"
            value = "loss" if single else self.tensor(f"loss{suffix}", (), "loss", latex)
            self.tensors.setdefault(value, Tensor(value, (), "loss", (), LOSS))
            targets.append(target)
            heads.append(head(graph, output, source, target, value))
        forward = self.forward(graph.items)
        loss = self.loss(heads)
        backward = self.backward(heads)
        updates = self.updates(graph.items)
        graph = replace(graph, constants=self.constants)
        return Program(
            graph, self.tensors, tuple(heads), tuple(targets), forward, loss, backward, updates
        )

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

    # -- forward --------------------------------------------------------------------------------

    def forward(self, items: tuple[Node | Repeat, ...]) -> tuple[Item, ...]:
        made: list[Item] = []
        for item in items:
            if isinstance(item, Repeat):
                made.append(Loop(item, False, self.forward(item.items)))
                continue
            for text, mode in self.modes(item):
                made += self.noise(item, mode)
                made += self.placed(text.forward_items, item.names, "forward", item.layer, mode)
        return tuple(made)

    def placed(
        self, items: Items, names: Mapping[str, str], part: str, layer: str, mode: str | None
    ) -> list[Item]:
        """A unit's equations as statements, in their loops."""
        made: list[Item] = []
        for _, group in groupby(items, key=_defined_by):
            members = list(group)
            first = members[0]
            if isinstance(first, unit_text.Scan):
                made.append(self.scan(first, names, part, layer, mode, set()))
            else:
                finished = [f for f in members if isinstance(f, Finished)]
                made.append(self.statement(part, layer, finished, names, mode))
        return made

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
        whole = {*scan.stored.whole, *(h.base for h in scan.stored.histories)}
        for name, group in groupby(scan.body, key=lambda f: f.equation.name):
            members = list(group)
            kind = "assign"
            if name in whole:
                kind = "add" if name in written else "part"
            body.append(self.statement(part, layer, members, names, mode, kind))
        made = tuple(n for n in whole if n not in written)
        body[0] = replace(body[0], more=(BATCH,) if part == "backward" else ())
        return Scan(scan, names, tuple(body), made, mode)

    def modes(self, node: Node) -> list[tuple[UnitText, str | None]]:
        template = node.template
        if template.training is template.inference:
            return [(template.training, None)]
        return [(template.training, "training"), (template.inference, "inference")]

    def noise(self, node: Node, mode: str | None) -> list[Item]:
        definition = node.template.definition
        if mode == "inference":
            return []
        like = node.names[definition.inputs[0]]
        return [
            Noise(self.id("forward", node.names[m]), node.layer, node.names[m], like, rate)
            for m, rate in sorted(definition.noise.items())
        ]

    def equation(self, part: str, node: Node, finished: Finished, mode: str | None) -> Statement:
        return self.statement(part, node.layer, [finished], node.names, mode)

    # -- loss -----------------------------------------------------------------------------------

    def loss(self, heads: list[Head]) -> tuple[Item, ...]:
        made: list[Item] = []
        total: list[Piece] = []
        penalties = self.penalties()
        for h in heads:
            names = self.head_names[id(h)] = self.with_constants(h)
            if penalties and len(heads) == 1:
                names["L"] = self.tensor("data_loss", (), "loss", r"L_{\mathrm{data}}")
            for finished in h.forward:
                local = finished.equation.name
                if local not in names:
                    shape = h.text.unit.shape_of(finished.equation.target.indices)
                    names[local] = self.tensor(_loss_name(local, h), shape, "activation", None)
                made.append(
                    Statement(
                        self.id("loss", names[local]), "loss", "loss", names[local],
                        (Piece(finished, names),),
                    )
                )  # fmt: skip
            total.append(Piece(None, {}, names["L"]))
        if len(heads) > 1 or penalties:
            self.tensors["loss"] = Tensor("loss", (), "loss", (), LOSS)
            made.append(
                Statement(self.id("loss", "loss"), "loss", "loss", "loss", (*total, *penalties))
            )
        return tuple(made)

    def with_constants(self, h: Head) -> dict[str, str]:
        """The names of a head's tensors; constants declared beside its formula become tensors."""
        names = dict(h.names)
        for local, value in dict(h.output.loss.options).get("constants", ()):  # type: ignore[call-overload]
            shape = tuple(h.text.unit.sizes[i.name] for i in h.text.unit.letters[local])
            names[local] = self.tensor(local, shape, "constant", None)
            self.constants[names[local]] = value
        return names

    def penalties(self) -> list[Piece]:
        spec, made = self.graph.spec, []
        if not spec.l2 and not spec.l1:
            return []
        for name in self.graph.regularized:
            tensor = self.tensors[name]
            rank = len(tensor.shape) + len(tensor.levels)
            text, local = penalty(self.graph.library, rank, spec.l2, spec.l1, spec.file)
            names = {local: name, "R": "loss"}
            made += [Piece(f, names, whole=True) for f in text.forward if f.equation.name == "R"]
        return made

    # -- backward -------------------------------------------------------------------------------

    def backward(self, heads: list[Head]) -> tuple[Item, ...]:
        self.users = Counter(t for n in flatten(self.graph.items) for t in set(n.names.values()))
        made: list[Item] = []
        for h in heads:
            inner = self.fresh_inner(h.text, self.head_names[id(h)])
            made += self.unit(h.text, inner, "loss", None, ())
        spec = self.graph.spec
        if spec.l2 or spec.l1:
            self.add_penalties()
        made += self.backward_items(self.graph.items, ())
        for parameter in self.graph.parameters:
            made += self.total(parameter.name, parameter.levels)
        wanted = {ADJOINT + p.name for p in self.graph.parameters}
        return pruned(tuple(made), needed(tuple(made), wanted))

    def fresh_inner(self, text: UnitText, names: Mapping[str, str]) -> dict[str, str]:
        """Tensor names for internal adjoints of a head."""
        own = dict(names)
        for adjoint in text.derivation.adjoints:
            if adjoint.name not in own:
                shape = tuple(text.unit.sizes[i.name] for i in text.unit.letters[adjoint.name])
                own[adjoint.name] = self.tensor(adjoint.name, shape, "activation", None)
        return own

    def add_penalties(self) -> None:
        spec = self.graph.spec
        for name in self.graph.regularized:
            tensor = self.tensors[name]
            text, local = penalty(
                self.graph.library, len(tensor.shape), spec.l2, spec.l1, spec.file
            )
            for _, finished in text.backward:
                for f in finished:
                    self.add(name, Piece(f, {local: name}), None, tensor.levels)

    def add(
        self,
        tensor: str,
        piece: Piece,
        mode: str | None,
        levels: tuple[Level, ...],
        layer: str = "",
    ) -> None:
        self.terms.setdefault(tensor, []).append(_Term(piece, mode, levels, layer))

    def backward_items(
        self, items: tuple[Node | Repeat, ...], levels: tuple[Level, ...]
    ) -> list[Item]:
        made: list[Item] = []
        for item in reversed(items):
            if isinstance(item, Repeat):
                made += self.backward_repeat(item, levels)
                continue
            made += self.total(item.output, levels)
            if item.output not in self.carried and item.output not in self.done:
                continue
            for text, mode in self.modes(item):
                made += self.unit(text, item.names, item.layer, mode, levels)
            self.users.subtract(set(item.names.values()))
            for name in sorted(set(item.names.values())):
                tensor = self.tensors[name]
                if tensor.role == "parameter" and self.users[name] == 0:
                    made += self.total(name, tensor.levels)
        return made

    def backward_repeat(self, repeat: Repeat, levels: tuple[Level, ...]) -> list[Item]:
        before = self.total(repeat.result, levels)
        if repeat.result not in self.done:
            return before
        inside = (*levels, repeat.level)
        self.carried.add(repeat.end)
        body = self.backward_items(repeat.items, inside)
        body += self.accumulate(levels, inside)  # reads what the next line hands on
        body += self.total(repeat.start, inside)
        self.add(repeat.source, Piece(None, {}, ADJOINT + repeat.first), None, levels)
        return [*before, Loop(repeat, True, tuple(body))]

    def accumulate(self, levels: tuple[Level, ...], inside: tuple[Level, ...]) -> list[Item]:
        """What copies of a loop add to a tensor that stands outside the loop."""
        made: list[Item] = []
        for name, terms in self.terms.items():
            mine = [
                t
                for t in terms
                if t.levels == inside and len(self.tensors[name].levels) < len(inside)
            ]
            if not mine or name.endswith(".start"):
                continue
            total = self.tensor(f"{name}_sum", self.tensors[name].shape, "activation", None)
            self.tensors[total] = Tensor(
                total, self.tensors[name].shape, "accumulated", levels, self.tensors[name].latex,
                like=name,
            )  # fmt: skip
            made += self.joined(total, name, mine, "accumulate")
            self.terms[name] = [t for t in terms if t not in mine]
            self.add(name, Piece(None, {}, ADJOINT + total), None, levels)
        return made

    def unit(
        self,
        text: UnitText,
        names: Mapping[str, str],
        layer: str,
        mode: str | None,
        levels: tuple[Level, ...],
    ) -> list[Item]:
        """The adjoints of one unit: internal ones become statements, the others wait in ``terms``."""
        made: list[Item] = []
        outside = {*text.unit.inputs, *text.unit.parameters}
        written: set[str] = set()
        for _, group in groupby(text.backward_items, key=_adjoint_of):
            members = list(group)
            first = members[0]
            if isinstance(first, unit_text.Scan):
                made.append(self.scan(first, names, "backward", layer, mode, written))
                continue
            finished = [f for f in members if isinstance(f, Finished)]
            local = finished[0].equation.name
            written.add(local)
            if local.removeprefix(ADJOINT) in outside:
                for f in finished:
                    piece = Piece(f, names)
                    self.add(names[local.removeprefix(ADJOINT)], piece, mode, levels, layer)
            else:
                made.append(self.statement("backward", layer, finished, names, mode))
        return made

    def total(self, name: str, levels: tuple[Level, ...]) -> list[Item]:
        """The statement that sums all terms of one adjoint, if there are any."""
        terms = self.terms.pop(name, [])
        deep = [t for t in terms if len(t.levels) > len(levels)]
        if deep:
            self.terms[name] = terms
            return []
        if not terms or name in self.done or self.tensors[name].role == "input":
            return []
        self.done.add(name)
        return self.joined(name, name, terms, "assign")

    def joined(self, defines: str, layer: str, terms: list[_Term], kind: str) -> list[Item]:
        modes = ["training", "inference"] if any(t.mode for t in terms) else [None]
        made: list[Item] = []
        for mode in modes:
            mine = [t for t in terms if t.mode in (None, mode)]
            if len(mine) > 1:
                mine = [self.on_its_own(t, defines, mode, made) for t in mine]
            pieces = tuple(t.piece for t in mine)
            made.append(
                Statement(
                    self.id("backward", ADJOINT + defines, mode if mode == "inference" else None),
                    "backward", layer, ADJOINT + defines, pieces, mode, kind,
                )
            )  # fmt: skip
        return made

    def on_its_own(self, term: _Term, defines: str, mode: str | None, made: list[Item]) -> _Term:
        """A long share of an adjoint as a statement before the sum: ``dh_u = ..``, ``dh = dy + dh_u``."""
        finished = term.piece.finished
        if finished is None or not term.layer or finished.additions:
            return term
        if len(finished.code[0]) <= LONG:
            return term
        whole = self.tensors[defines]
        name = self.tensor(
            f"{defines.partition('.')[0]}_{term.layer}", whole.shape, "activation", None
        )
        self.tensors[name] = replace(
            self.tensors[name], levels=whole.levels, part_of=defines, through=term.layer
        )
        made.append(
            Statement(
                self.id("backward", ADJOINT + name, mode if mode == "inference" else None),
                "backward", term.layer, ADJOINT + name, (term.piece,), mode,
            )
        )  # fmt: skip
        return replace(term, piece=Piece(None, {}, ADJOINT + name))

    # -- buffers --------------------------------------------------------------------------------

    def updates(self, items: tuple[Node | Repeat, ...]) -> tuple[Item, ...]:
        made: list[Item] = []
        for item in items:
            if isinstance(item, Repeat):
                body = self.updates(item.items)
                made += [Loop(item, False, body)] if body else []
                continue
            for finished in item.template.training.moves:
                made.append(self.equation("update", item, finished, None))
        return tuple(made)


def _defined_by(item: Finished | unit_text.Scan) -> object:
    return item.equation.name if isinstance(item, Finished) else item


def _adjoint_of(item: Finished | unit_text.Scan) -> object:
    return item.adjoint if isinstance(item, Finished) else item


def _loss_name(local: str, h: Head) -> str:
    """``log_y`` of a loss over an output named p is ``log_p``."""
    others = (("", f"_others{end}") for end in ("", "_max", "_exp", "_sum"))
    for prefix, suffix in (("log_", ""), ("log_not_", ""), ("", "_max"), ("", "_sum"), *others):
        if local == f"{prefix}y{suffix}":
            return f"{prefix}{h.names['y'].rstrip('_')}{suffix}"
    return local
