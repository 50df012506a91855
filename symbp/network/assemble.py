"""From a network file to its graph: every tensor gets a name, every layer its formula's template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symbp.calculus.equation import Link
from symbp.errors import InputError
from symbp.language.spec import Layer, Spec
from symbp.layers import activation_by_name, define
from symbp.layers.definition import Definition, Start
from symbp.network.expansion import expand, user_names
from symbp.network.graph import Graph, Level, Node, Repeat, Tensor
from symbp.network.identifiers import Identifiers
from symbp.network.starts import solved, starts
from symbp.network.template import Library, Place, Shape, Template

DEFAULT_NAMES = {"dense": "z", "activation": "a", "softmax": "p", "dropout": "d", "residual": "r",
                 "add": "s", "multiply": "m", "concat": "c", "flatten": "f", "reshape": "f",
                 "batchnorm": "u", "layernorm": "u", "rmsnorm": "u", "repeat": "h",
                 "conv1d": "z", "conv2d": "z", "maxpool2d": "p", "avgpool2d": "p",
                 "globalavgpool": "p", "embedding": "e", "positional": "e"}  # fmt: skip


def build(spec: Spec) -> Graph:
    """Name every tensor, infer every shape; raises InputError where shapes do not fit."""
    return _Builder(spec).run()


class _Builder:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.library = Library()
        self.names = Identifiers()
        self.tensors: dict[str, Tensor] = {}
        self.items: list[Node | Repeat] = []
        self.visible: dict[str, str] = {}  # the user's names -> tensors
        self.shared: dict[str, Mapping[str, str]] = {}  # layer name -> its parameters
        self.owned: Mapping[str, str] = {}  # the parameters of the latest layer
        self.regularized: list[str] = []
        self.constants: dict[str, object] = {}
        self.init: dict[str, Start] = {}
        self.kernels: set[str] = set()
        self.count = 0
        self.levels: tuple[Level, ...] = ()

    def run(self) -> Graph:
        spec = self.spec
        wanted = [spec.input_name, *(o.target for o in spec.outputs), *user_names(spec.layers)]
        self.names.promise(wanted)
        self.names.taken.add("t")  # what generated functions call the target
        source = self.tensor(spec.input_name, (None, *spec.input_shape), "input")
        self.visible[spec.input_name] = source
        last = self.chain(solved(spec.layers, spec.file), source, "y")
        outputs = []
        for output in spec.outputs:
            judged = last if output.source is None else self.visible[output.source]
            outputs.append((output, judged))
        return Graph(
            spec,
            self.library,
            self.tensors,
            tuple(self.items),
            tuple(outputs),
            tuple(dict.fromkeys(self.regularized)),
            self.constants,
            self.init,
            frozenset(self.kernels),
            self.visible,
        )

    def tensor(
        self, wish: str, shape: Shape, role: str, latex: str | None = None, key: str = ""
    ) -> str:
        name = self.names.take(wish)
        self.tensors[name] = Tensor(name, shape, role, self.levels, latex, key)
        return name

    def chain(self, layers: tuple[Layer, ...], source: str, final: str | None) -> str:
        """The output of a chain; ``final`` is the name of its last tensor where it has no other."""
        here = source
        steps = [(layer, step) for layer in layers for step in expand(layer)]
        for k, (layer, step) in enumerate(steps):
            last = k == len(steps) - 1
            inner = step.type == "repeat" and "." in (final or "")
            self.owned = {}
            here = self.layer(step, here, final if last and not inner else None)
            if layer.name is not None and self.owned:
                self.shared[layer.name] = self.owned
            if step.name is not None:
                self.visible[step.name] = here
        return here

    def layer(self, layer: Layer, here: str, final: str | None) -> str:
        sources = [self.visible[name] for _, name in layer.inputs] or [here]
        if layer.type == "residual":
            return self.residual(layer, sources[0], final)
        if layer.type == "repeat":
            return self.repeat(layer, sources[0], final)
        shapes = tuple(self.sample_shape(s) for s in sources)
        return self.node(layer, define(layer, shapes, self.spec.file), sources, final)

    def sample_shape(self, tensor: str) -> tuple[int, ...]:
        return tuple(s for s in self.tensors[tensor].shape[1:] if s is not None)

    def residual(self, layer: Layer, source: str, final: str | None) -> str:
        inner = self.chain(layer.layers, source, None)
        have, made = self.sample_shape(source), self.sample_shape(inner)
        if have != made:
            raise self.error(
                layer,
                f"the chain of a residual layer must give the shape of its input, {list(have)}, "
                f"not {list(made)}",
            )
        add = Layer("add", layer.name, line=layer.line)
        definition = define(add, (have, have), self.spec.file)
        return self.node(replace(add, type="residual"), definition, [source, inner], final)

    def repeat(self, layer: Layer, source: str, final: str | None) -> str:
        times = layer.option("times")
        assert isinstance(times, int)
        outer = self.levels
        level = Level(self.names.take_letter(), times)
        shape = self.tensors[source].shape
        wish = layer.name or final or self.default(layer)
        result = self.tensor(wish, shape, "activation")
        self.levels = (*outer, level)
        start = self.tensor(f"{result}.start", shape, "activation")
        first = f"{result}.first"
        self.tensors[first] = replace(self.tensors[start], name=first, levels=outer)
        before, around = dict(self.visible), self.items
        self.items = []
        end = self.chain(layer.layers, start, f"{result}.end")
        if self.items and isinstance(self.items[-1], Repeat):  # its result has a name of its own
            copy = Layer("activation", line=layer.line)
            end = self.node(copy, activation_by_name("identity"), [end], f"{result}.end")
        inner, self.items = tuple(self.items), around
        self.visible = before
        self.levels = outer
        if self.tensors[end].shape != shape or end == start:
            made = list(self.tensors[end].shape[1:])
            raise self.error(
                layer,
                f"the chain of a repeat layer must give the shape of its input, {list(shape[1:])}, "
                f"not {made}",
            )
        self.items.append(Repeat(level, source, first, start, end, result, outer, inner))
        return result

    def node(
        self, layer: Layer, definition: Definition, sources: list[str], final: str | None
    ) -> str:
        shapes = tuple(self.tensors[s].shape for s in sources)
        whole = {
            local
            for local, source in zip(definition.inputs, sources, strict=True)
            if self.tensors[source].role == "input"
        }
        place = Place(shapes, self.spec.file, frozenset(whole))
        template = self.library.template(definition, place)
        names = dict(zip(definition.inputs, sources, strict=True))
        names |= self.parameters(layer, definition, template)
        kind = self.kind_name(layer, definition)
        wish = layer.name or final or self.default(layer, kind)
        latex = definition.latex.get(definition.output)
        output = self.tensor(wish, template.output_shape, "activation", latex)
        names[definition.output] = output
        names |= self.inner(definition, template, names)
        self.items.append(
            Node(
                output.partition(".")[0],
                layer.type,
                template,
                names,
                output,
                self.levels,
                layer.line,
            )
        )
        return output

    def kind_name(self, layer: Layer, definition: Definition) -> str:
        if layer.type == "formula":
            return definition.output
        return DEFAULT_NAMES.get(layer.type, "y")

    def default(self, layer: Layer, kind: str | None = None) -> str:
        return f"{kind or DEFAULT_NAMES.get(layer.type, 'y')}{self.count or ''}"

    def parameters(
        self, layer: Layer, definition: Definition, template: Template
    ) -> dict[str, str]:
        """Local -> tensor names of parameters, buffers, noise and constants."""
        if layer.share is not None:
            owned = self.shared[layer.share]
            names = {**owned}
            self.check_shared(layer, definition, template, owned)
        else:
            names = {}
            declared = [*definition.parameters, *definition.buffers]
            self.count += bool(definition.parameters)
            init = starts(layer, definition)
            for local in declared:
                role = "parameter" if local in definition.parameters else "buffer"
                shape = template.shapes.get(local)
                if shape is None:
                    shape = self.buffer_shape(definition, template, local)
                wish = f"{local}{self.count}"
                latex = definition.latex.get(local)
                names[local] = self.tensor(wish, tuple(shape), role, latex, wish)
                if local in init:
                    self.init[names[local]] = init[local]
            self.kernels |= {names[local] for local in definition.kernels}
            self.regularized += [names[local] for local in definition.regularized]
            self.owned = dict(names)
        for local in definition.noise:
            shape = template.shapes[definition.inputs[0]]
            names[local] = self.tensor(f"{local}{self.count or ''}", shape, "noise")
        for local, value in definition.constants.items():
            shape = template.shapes[local]
            names[local] = self.tensor(local, shape, "constant", definition.latex.get(local))
            self.constants[names[local]] = value
        return names

    def buffer_shape(self, definition: Definition, template: Template, local: str) -> Shape:
        known = template.shapes[next(iter(definition.parameters))]
        return known

    def check_shared(
        self, layer: Layer, definition: Definition, template: Template, owned: Mapping[str, str]
    ) -> None:
        for local in definition.parameters:
            theirs, mine = self.tensors[owned[local]].shape, template.shapes[local]
            if theirs != mine:
                raise self.error(
                    layer,
                    f"layer '{layer.share}' has {local} of shape {list(theirs)}, this layer needs "
                    f"{list(mine)}; layers that share parameters have the same shapes",
                )
            levels = self.tensors[owned[local]].levels
            if levels != self.levels[: len(levels)]:
                raise self.error(
                    layer,
                    f"layer '{layer.share}' stands inside a repeat and cannot be shared outside",
                )

    def inner(
        self, definition: Definition, template: Template, names: Mapping[str, str]
    ) -> dict[str, str]:
        """Tensors that the formula defines on the way, in training or out of it."""
        made: dict[str, str] = {}
        mark = str(self.count or "")
        for text in dict.fromkeys((template.training, template.inference)):
            for equation in [*text.unit.equations, *text.updates]:
                local = equation.name
                if local in names or local in made:
                    continue
                shape = text.unit.shape_of(text.unit.letters.get(local, ()))
                latex = definition.latex.get(local)
                made[local] = self.tensor(f"{local}{mark}", shape, "activation", latex)
            for link in text.unit.links:
                base = {**names, **made}[link.base]
                made |= {local: self.share(local, base, link, mark) for local in link.shares}
        return made

    def share(self, local: str, base: str, link: Link, mark: str) -> str:
        """A delayed tensor, whose adjoint is that of its base along the path through one step."""
        letter = link.letter.name
        ahead = link.offset if local == link.name else -link.offset
        step = letter if local == link.name else f"{letter}{ahead:+d}"
        name = self.tensor(f"{local}{mark}", self.tensors[base].shape, "activation")
        self.tensors[name] = replace(self.tensors[name], part_of=base, through=step, delayed=True)
        return name

    def error(self, layer: Layer, message: str) -> InputError:
        return InputError(message, self.spec.file, layer.line or None)
