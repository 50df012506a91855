"""The product of factors along which the gradient comes back, for each layer of a network.

``dL/dh_1 = dL/dy W_9^T diag(sigma'(z_8)) W_8^T ... diag(sigma'(z_2)) W_2^T``: where all paths from the
loss to a tensor pass through another one, the product goes on from there. Around a residual block two
paths meet, ``I + J``: the identity hands the gradient on as it is, whatever J does to its own share (He
and others 2016, *Identity Mappings in Deep Residual Networks*, eq. 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from symbp.calculus.equation import ADJOINT
from symbp.flow.bound import Bound, bound
from symbp.flow.factors import IDENTITY, JACOBIAN, SEED, Factor, Factors
from symbp.flow.sites import Site, sites
from symbp.network.graph import Node, Repeat
from symbp.network.items import statements
from symbp.network.program import Program
from symbp.printers.dialect import LATEX, PLAIN
from symbp.writers.document import Text
from symbp.writers.formulas import Formulas
from symbp.writers.storage import plan

PATHS = 16  # more of them through one block are not written out
LOSS = ""

Word = tuple[Factor, ...]  # one path, from the loss inwards


Block = tuple[Word, ...]  # paths that part and meet again, added up


@dataclass(frozen=True)
class Step:
    """What the adjoint of ``above`` is multiplied with to become that of a site: a product of blocks, each
    the sum of the paths through it; ``above`` is empty where the gradient starts at the loss."""

    above: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> Text:
        return Text(
            r" \, ".join(
                _added(b, r" \, ", lambda f: f.text.latex) for b in self.blocks if b != ((),)
            )
            or "I",
            " ".join(_added(b, " ", lambda f: f.text.plain) for b in self.blocks if b != ((),))
            or "I",
        )

    @property
    def bound(self) -> Bound | None:
        """What it multiplies the size of the adjoint with at most; None where that is not known."""
        return bound(self.blocks) if self.above else None

    @property
    def around(self) -> bool:
        """Whether a path through each block hands the gradient on as it is."""
        return all(() in block for block in self.blocks) and any(len(b) > 1 for b in self.blocks)


def _added(block: Block, gap: str, write: Callable[[Factor], str]) -> str:
    """The identity in front: ``I + J``."""
    words = [gap.join(map(write, word)) or "I" for word in sorted(block, key=len)]
    text = " + ".join(words)
    return f"({text})" if len(words) > 1 else text


@dataclass(frozen=True)
class _Edge:
    """From the adjoint of ``above`` to that of the tensor below."""

    above: str
    factor: Factor


class Products:
    """The factors of all sites of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.storage = plan(program)
        self.factors = Factors(self.storage)
        self.sites = sites(program)
        self.places = {s.tensor: k for k, s in enumerate(self.sites) if s.copy is None}
        self.ranks = {name: k for k, name in enumerate(program.tensors)}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """One for each site: from the nearest site through which all of its gradient comes."""
        return tuple(self._step(k, site) for k, site in enumerate(self.sites))

    def _step(self, place: int, site: Site) -> Step:
        copied = self.by_start.get(site.tensor) or self._last_copy_of(site.tensor)
        if copied is not None:
            first = site.copy == copied.level.times - 1
            blocks = self.blocks(copied.end, copied.start) or (((self._whole(copied),),),)
            return Step(copied.result if first else copied.start, blocks)
        for above in reversed(self.sites[:place]):
            words = None if above.copy is not None else self.words(above.tensor, site.tensor)
            if words is not None:
                return Step(above.tensor, (words,))
        return Step(LOSS, (self.words(LOSS, site.tensor) or (),))

    def blocks(self, above: str, tensor: str) -> tuple[Block, ...]:
        """The paths between two tensors, cut wherever all of them meet."""
        found: list[Block] = []
        places = sorted(self.edges, key=lambda name: self.ranks.get(name, 0))
        between = [n for n in places if self._below(n, above) and self._below(tensor, n)]
        for name in (*between, above):
            words = self.words(name, tensor)
            if words is not None and (name == above or self.words(above, name) is not None):
                found.insert(0, words)
                tensor = name
        return tuple(found) if tensor == above else ()

    def _last_copy_of(self, tensor: str) -> Repeat | None:
        """The repeat that starts at a tensor which nothing else reads."""
        edges = self.edges.get(tensor, [])
        alone = [r for r in self.by_start.values() if r.source == tensor and len(edges) == 1]
        return alone[0] if alone and edges[0].above == alone[0].result else None

    def words(self, above: str, tensor: str) -> tuple[Word, ...] | None:
        """All paths from one adjoint to another; None where some come from elsewhere, or where there are
        too many."""
        found: dict[str, tuple[Word, ...] | None] = {above: ((),)}
        waiting = [tensor]
        while waiting:  # a stack, for chains deeper than Python's
            name = waiting[-1]
            edges = self.edges.get(name, []) if self._below(name, above) else []
            missing = [e.above for e in edges if e.above not in found]
            if name not in found and not missing:
                found[name] = _joined(edges, found)
            waiting += missing
            if not missing:
                waiting.pop()
        return found[tensor]

    def _below(self, name: str, above: str) -> bool:
        return above == LOSS or self.ranks.get(name, 0) < self.ranks[above]

    @cached_property
    def by_start(self) -> dict[str, Repeat]:
        return {r.start: r for r in _repeats(self.program.graph.items)}

    @cached_property
    def edges(self) -> dict[str, list[_Edge]]:
        """By tensor: where its adjoint comes from."""
        made: dict[str, list[_Edge]] = {}
        joined = {id(h.node) for h in self.program.heads if h.node is not None}
        for head in self.program.heads:
            source = head.names[head.text.unit.inputs[0]]
            made.setdefault(source, []).append(_Edge(LOSS, Factor(SEED, self.symbol(source))))
        for node in self.program.graph.nodes:
            for local in node.template.definition.inputs if id(node) not in joined else ():
                factor = self.factors.factor(node, local)
                if factor is not None:
                    made.setdefault(node.names[local], []).append(_Edge(node.output, factor))
        for repeat in self.by_start.values():
            made.setdefault(repeat.source, []).append(_Edge(repeat.result, self._whole(repeat)))
        return made

    def _whole(self, repeat: Repeat) -> Factor:
        """A repeated chain that is not written out."""
        upper, lower = (self.storage.name(n) for n in (repeat.end, repeat.start))
        latex = rf"\frac{{\partial {upper.latex()}}}{{\partial {lower.latex()}}}"
        text = Text(latex, f"∂{upper.unicode()}/∂{lower.unicode()}")
        return Factor(JACOBIAN, text)

    # -- from the loss on ---------------------------------------------------------------------------

    def product(self, place: int) -> Text:
        """The adjoint of a site as the whole product from the loss on; copies of a repeat stand as one
        product over their letter."""
        chain: list[Text] = []
        here: int | None = place
        while here is not None:
            step, site = self.steps[here], self.sites[here]
            copied = self.by_start.get(step.above) or self.by_start.get(site.tensor)
            if copied is not None:
                chain.append(self._over_copies(copied, site.copy or 0, step))
                here = self.places.get(copied.result)
            elif step.above:
                chain += [step.text] if step.text.plain != "I" else []
                here = self.places[step.above]
            else:
                chain.append(self._start(site, step))
                here = None
        return Text(
            r" \, ".join(t.latex for t in reversed(chain)),
            " ".join(t.plain for t in reversed(chain)),
        )

    def _over_copies(self, repeat: Repeat, first: int, step: Step) -> Text:
        letter, last = repeat.level.letter, repeat.level.times - 1
        text = step.text
        if len(step.blocks) > 1 or len(step.blocks[0]) == 1:
            text = Text(rf"\left({text.latex}\right)", f"({text.plain})")
        return Text(
            rf"\prod_{{{letter}={last}}}^{{{first}}} {text.latex}",
            f"Π_{letter}={last}..{first} {text.plain}",
        )

    def _start(self, site: Site, step: Step) -> Text:
        """The derivative of the loss as its own equation writes it, where there is one."""
        own = [s for s in statements(self.program.backward) if s.defines == ADJOINT + site.tensor]
        (words,) = step.blocks
        if len(words) != 1 or len(words[0]) != 1 or len(own) != 1:
            return step.text
        formulas = Formulas(self.storage)
        latex, plain = (
            formulas.formula(own[0], d, "matrix").partition(" = ")[2] for d in (LATEX, PLAIN)
        )
        if not latex:
            return step.text
        return Text(rf"\left({latex}\right)", f"({plain})")

    def symbol(self, tensor: str) -> Text:
        """``dL/dh``"""
        name = self.storage.name(ADJOINT + tensor)
        return Text(name.latex(), name.unicode())


def _joined(
    edges: list[_Edge], found: dict[str, tuple[Word, ...] | None]
) -> tuple[Word, ...] | None:
    made: list[Word] = []
    for edge in edges:
        before = found[edge.above]
        if before is None:
            return None
        own = () if edge.factor.kind == IDENTITY else (edge.factor,)
        made += [(*word, *own) for word in before]
    return tuple(made) if edges and len(made) <= PATHS else None


def _repeats(items: tuple[Node | Repeat, ...]) -> Iterator[Repeat]:
    for item in items:
        if isinstance(item, Repeat):
            yield item
            yield from _repeats(item.items)
