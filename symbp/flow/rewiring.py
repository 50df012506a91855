"""Changed copies of a network's tables: other activations, norms, residual blocks, other first weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from symbp.language.declared import freeze
from symbp.language.options import CRITICAL, LAYERS
from symbp.language.spec import Layer, Spec
from symbp.network.expansion import expand

WEIGHTED = ("dense", "conv1d", "conv2d")  # layers with an activation behind a linear map
NESTING = ("residual", "repeat")
GATED = ("lstm", "gru")  # of several activations: no initialisation is critical for all of them

Width = tuple[int, ...] | None  # the shape of one sample between two layers, where it is known
Rule = Callable[[Layer, Width], tuple[Layer, ...]]


@dataclass(frozen=True)
class Rewiring:
    """``rule`` gives what stands for a hidden layer; ``blocks`` says whether layers inside residual blocks
    are changed as well, ``judged`` whether those are whose output the loss reads."""

    rule: Rule
    blocks: bool = True
    judged: bool = False

    def network(self, spec: Spec) -> Spec:
        """The network with the rule applied to each layer that it may change."""
        kept = {o.source for o in spec.outputs} | set(_sharing(spec.layers))
        last = spec.layers[-1] if any(o.source is None for o in spec.outputs) else None
        if self.judged:
            kept, last = set(_sharing(spec.layers)), None
        layers = self.chain(spec.layers, kept, last, spec.input_shape)
        return spec if layers == spec.layers else replace(spec, layers=layers)

    def chain(
        self, layers: tuple[Layer, ...], kept: set[str | None], last: Layer | None, width: Width
    ) -> tuple[Layer, ...]:
        made: list[Layer] = []
        for layer in layers:
            width = None if layer.inputs else width
            if layer.type in NESTING and (self.blocks or layer.type == "repeat"):
                made.append(replace(layer, layers=self.chain(layer.layers, kept, None, width)))
            elif layer is last or layer.share or (layer.name is not None and layer.name in kept):
                made.append(layer)
            else:
                made += self.rule(layer, width)
            width = _after(layer, width)
        return tuple(made)


def _sharing(layers: tuple[Layer, ...]) -> Iterator[str]:
    """The layers whose parameters others use."""
    for layer in layers:
        yield from [layer.share] if layer.share else []
        yield from _sharing(layer.layers)


def _after(layer: Layer, width: Width) -> Width:
    """The shape behind a layer; None where it takes more than its table to know."""
    options = dict(layer.options)
    if layer.type == "dense":
        return (*width[:-1], options["units"]) if width else None
    if layer.type in ("conv1d", "conv2d"):
        steps = zip(*(options[k] for k in ("kernel", "stride", "padding", "dilation")), strict=True)
        sizes = zip(width[1:], steps, strict=True) if width else ()
        rest = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, (k, s, p, d) in sizes]
        return (options["filters"], *rest) if width else None
    keeps = layer.type in ("activation", "softmax", "dropout", "batchnorm", "layernorm", "rmsnorm")
    return width if keeps or layer.type in NESTING else None


# -- rules ------------------------------------------------------------------------------------------


def with_activation(name: str) -> Rewiring:
    """Another function in each hidden layer that has one, softmax aside."""

    def rule(layer: Layer, width: Width) -> tuple[Layer, ...]:
        options = dict(layer.options)
        if layer.type in WEIGHTED and options.get("activation") not in (None, "softmax"):
            return (replace(layer, options=freeze({**options, "activation": name})),)
        if layer.type == "activation":
            return (_activation(name, layer),)
        return (layer,)

    return Rewiring(rule)


def _activation(name: str, layer: Layer) -> Layer:
    return Layer("activation", layer.name, (("function", name),), layer.inputs, line=layer.line)


def normed(kind: str) -> Rewiring:
    """A norm between the linear map of a hidden layer and its activation (Ioffe and Szegedy 2015,
    sec. 3.2)."""

    def rule(layer: Layer, width: Width) -> tuple[Layer, ...]:
        suits = layer.type == "dense" or (layer.type == "conv2d" and kind == "batchnorm")
        if layer.type == "dense" and kind == "batchnorm":
            suits = width is not None and len(width) == 1
        parts = expand(layer) if suits else (layer,)
        if len(parts) < 2 or parts[1].type == "softmax":
            return (layer,)
        first, second = parts
        options = dict(first.options)
        first = replace(first, options=freeze({**options, "activation": None}))
        return first, Layer(kind, None, _defaults(kind), line=layer.line), second

    return Rewiring(rule)


def wrapped() -> Rewiring:
    """A hidden layer that keeps its width adds its input to its output (He and others 2016)."""

    def rule(layer: Layer, width: Width) -> tuple[Layer, ...]:
        if layer.type not in WEIGHTED or width is None or _after(layer, width) != width:
            return (layer,)
        inner = replace(layer, name=None, inputs=())
        return (
            Layer("residual", layer.name, _defaults("residual"), layers=(inner,), line=layer.line),
        )

    return Rewiring(rule, blocks=False)


def dropped(rate: float) -> Rewiring:
    """A dropout layer behind each hidden activation (Srivastava and others 2014); it takes the name."""

    def rule(layer: Layer, width: Width) -> tuple[Layer, ...]:
        active = layer.type in WEIGHTED and dict(layer.options).get("activation") is not None
        if not active and layer.type != "activation":
            return (layer,)
        noise = Layer("dropout", layer.name, (("rate", rate),), line=layer.line)
        return replace(layer, name=None), noise

    return Rewiring(rule)


def with_init(init: str | float) -> Rewiring:
    """Other first weights in every layer that takes them, the judged ones too."""

    def rule(layer: Layer, width: Width) -> tuple[Layer, ...]:
        solvable = init != CRITICAL or layer.type not in GATED
        if "init" not in LAYERS[layer.type] or layer.type == "formula" or not solvable:
            return (layer,)
        return (replace(layer, options=freeze({**dict(layer.options), "init": init})),)

    return Rewiring(rule, judged=True)


def _defaults(kind: str) -> tuple[tuple[str, object], ...]:
    return freeze({k: o.default for k, o in LAYERS[kind].items() if k != "layers"})
