"""A network as a Jupyter notebook: formula, code and check, one equation after the other.

    Path("xor.ipynb").write_text(notebook(symbp.load("article"), "en"))

It holds the generated module and its data; running it takes NumPy alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from symbp.lecture.notebook_cells import Cell, Cells, document, escaped
from symbp.lecture.notebook_code import Piece, head, pieces
from symbp.lecture.notebook_data import data_lines
from symbp.lecture.notebook_text import word
from symbp.lecture.notebook_update import update_check, update_lines
from symbp.lecture.numbers_run import few, run, spread
from symbp.lecture.page import Network
from symbp.lecture.passages import passages
from symbp.lecture.recording import affordable
from symbp.network.program import Program
from symbp.writers.document import Block, Formula, Text
from symbp.writers.environment import render
from symbp.writers.equations import Entry, equations
from symbp.writers.outline import interface
from symbp.writers.package import Package, package
from symbp.writers.render import markdown

NOISE = 0.1  # how far the parameters are moved from their initial values


def notebook(network: Network, lang: str = "en") -> str:
    """The ``.ipynb`` (nbformat 4.5) as text, with no outputs, in English or Chinese.

    Raises InputError where the network's data cannot be read or do not fit it.
    """
    return document(_Notebook(network.program, lang).all())


class _Notebook(Cells):
    def __init__(self, program: Program, lang: str) -> None:
        super().__init__()
        self.program = program
        self.lang = lang
        self.net = interface(program, "float64")
        self.made: Package = package(program)
        self.entries: dict[str, Entry] = {e.id: e for e in equations(program, self.made.module)}
        self.passages = passages(program, lang)
        step = run(program)
        self.names = {note.id: note.name for note in step.notes}  # of what training computes
        train = program.graph.spec.train
        self.epochs, self.samples = affordable(step, self.made, train)

    def all(self) -> Iterator[Cell]:
        yield from self.opening()
        part = ""
        for piece in pieces(self.made.module, tuple(self.entries.values())):
            if piece.part != part:
                part = piece.part
                yield self.text(part, f"## {self.word(part)}")
            yield from self.piece(piece)
        yield from self.update()
        yield from self.training()

    # -- what comes first -----------------------------------------------------------------------

    def opening(self) -> Iterator[Cell]:
        spec = self.program.graph.spec
        title = f"# {self.word('title', name=escaped(spec.name))}"
        parts = [title, escaped(spec.title), self.word("signature")]
        yield self.text("title", "\n\n".join(part for part in parts if part))
        arrays = spread(self.made.arrays, self.samples)
        total, kept, shown = len(self.made.arrays[0]), len(arrays[0]), len(few(arrays)[0])
        said = self.word("data_text", count=kept, few=shown)
        whole = "" if kept == total else self.word("part", count=kept, given=total)
        yield self.text("data", f"## {self.word('data')}\n\n{said} {whole}".rstrip())
        yield self.code("data", data_lines(arrays, shown, self.made.note), hidden=True)
        yield self.text("module", f"## {self.word('module')}\n\n{self.word('module_text')}")
        yield self.code("module", head(self.made.module.source), hidden=True)
        yield self.text("start", f"## {self.word('start')}\n\n{self.word('start_text')}")
        yield self.code("start", self.start())
        checks = {key: self.word(key) for key in ("same", "difference")}
        loss = self.word("loss_word")
        facts = {"seed": spec.train.seed, "loss": loss, "stops": self.net.stops}
        yield self.code("checks", render("notebook/checks.py.jinja", **facts, **checks))
        for part in ("symbols", "functions"):
            found = [b for p in self.passages if p.part == part for b in p.blocks]
            if found:
                body = _math(tuple(found), self.lang)
                yield self.text(part, f"## {self.word(part)}\n\n{body}")

    def start(self) -> str:
        moved = (
            f"params = {{name: value + {NOISE} * draw.standard_normal(value.shape) * "
            "(name not in BUFFERS)\n          for name, value in params.items()}"
        )
        return "\n".join([
            f"params = init_params({self.program.graph.spec.train.seed})",
            "draw = np.random.default_rng(0)",
            moved,
            "for name, value in params.items():",
            '    print(f"{name:8} {value.shape}")',
        ])  # fmt: skip

    # -- the passes -----------------------------------------------------------------------------

    def piece(self, piece: Piece) -> Iterator[Cell]:
        """The formulas of a piece of code, the code, and its check."""
        text = self.formulas(piece)
        if text:
            yield self.text(piece.part, text)
        begins = {
            "forward": "x, training, rng = np.asarray(_x), True, _rng()\n",
            "loss": f"t = {'_targets(_t)' if self.net.prepares_targets else '_t'}\n",
        }
        first = not self.has(f"{piece.part}-code")
        code = (begins.get(piece.part, "") if first else "") + piece.code
        yield self.code(piece.part, code)
        yield self.code(f"{piece.part}-check", self.check(piece))

    def formulas(self, piece: Piece) -> str:
        """The passages of the derivation that lead to these equations, and what else they are."""
        if not piece.ids:
            return self.word("gradients")
        own = [p for p in self.passages if set(p.ids) & set(piece.ids)]
        blocks = tuple(block for p in own for block in p.blocks)
        parts = [_math(blocks, self.lang)] if blocks else []
        told = {i for p in own for i in p.ids}
        more = [self.entries[i] for i in piece.ids if i not in told and i in self.names]
        if more:
            rows = tuple(_formula(entry) for entry in more)
            parts.append(f"{self.word('also')}\n\n{_math(rows, self.lang)}")
        return "\n\n".join(parts)

    def check(self, piece: Piece) -> str:
        if not piece.ids:
            return "\n".join([
                "assert grads.keys() == _grads.keys()",
                "for name in grads:",
                "    assert np.array_equal(grads[name], _grads[name], equal_nan=True)",
                f'print("{self.word("all_same")}")',
            ])  # fmt: skip
        if piece.part == "loss":
            own = "loss(params, _x, _t, training=True, rng=_rng())"
            return f"assert np.array_equal(_value, {own}, equal_nan=True)\nfloat(_value)"
        slopes = {f"d{p.name}": p.key for p in self.program.graph.parameters}
        made = [self.names[i] for i in piece.ids if i in self.names]
        return "\n".join(
            f'_slopes("{slopes[name]}", {name})' if name in slopes else f'_check("{name}", {name})'
            for name in dict.fromkeys(made)
        )

    # -- update and training --------------------------------------------------------------------

    def update(self) -> Iterator[Cell]:
        train = self.program.graph.spec.train
        found = [b for p in self.passages if p.part == "update" for b in p.blocks]
        moving = [e for e in self.entries.values() if e.defines.startswith("new_")]
        rows = tuple(_formula(e) for e in moving if e.part == "update")
        parts = [f"## {self.word('update')}", _math(tuple(found), self.lang)]
        parts += [f"{self.word('also')}\n\n{_math(rows, self.lang)}"] if rows else []
        yield self.text("update", "\n\n".join(parts))
        yield self.code("update", "\n".join(update_lines(train)))
        after = "loss(_new, _x, _t, training=True, rng=_rng())"
        said = f'print(f"{self.word("step")}: {{_value:.6g}}, {{{after}:.6g}}")'
        yield self.code("update-check", "\n".join([*update_check(train), said]))

    def training(self) -> Iterator[Cell]:
        planned = self.program.graph.spec.train.epochs
        key = "training_text" if self.epochs == planned else "shorter"
        said = self.word(key, epochs=self.epochs, planned=planned)
        yield self.text("training", f"## {self.word('training')}\n\n{said}")
        curve = render("notebook/curve.py.jinja", epochs=self.word("epochs"))
        yield self.code("curve", curve, hidden=True)
        series = [f'{self.word("loss_word")}=history["loss"]']
        if self.program.graph.spec.train.held_out:
            series.append(f'{self.word("held_out").replace(" ", "_")}=history["held_out_loss"]')
        lines = [
            f"params, history = train(_all_x, _all_t, epochs={self.epochs})",
            f"_Curves({', '.join(series)})",
        ]
        yield self.code("training", "\n".join(lines))
        yield self.text("predictions", self.word("predictions"))
        single = len(self.program.graph.outputs) == 1
        outputs = "np.round(forward(params, _x), 3)" if single else "forward(params, _x)"
        yield self.code("predictions", f"{outputs}, _t")

    def word(self, key: str, **fields: object) -> str:
        return word(key, self.lang, **fields)


def _math(blocks: tuple[Block, ...], lang: str) -> str:
    """Markdown whose formulas MathJax can set, too: it knows no commands inside of text."""
    return markdown(blocks, lang).replace(r"\text{\small (", r"\small \text{(")


def _formula(entry: Entry) -> Formula:
    """An equation of the map that the derivation does not show."""
    latex = entry.latex.get("matrix", entry.latex["index"])
    left, _, right = latex.partition(" = ")
    return Formula(Text(left, left), Text(right, right), "definition")
