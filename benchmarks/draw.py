"""Draws networks of the sizes that people train on a CPU, by number: the tables of a network file.

Kinds come in turn. The last one is small: what the random networks of the tests draw, with formulas,
branches and shared weights, as far as one batch of real numbers is all that they need.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.task import Tables

ACTIVATIONS = ("relu", "tanh", "sigmoid", "gelu", "gelu_tanh", "silu", "elu", "softplus")
BATCHES = (1, 4, 16, 32, 64, 128, 256)
NEEDS_MORE = ("dropout", "batchnorm")  # a mask, running statistics: not the same step everywhere
RATES = {"cross_entropy": 0.05}  # the others sum over outputs: 1e-3


def drawn(number: int, seed: int) -> tuple[str, Tables, int]:
    """The kind, the tables and the batch size of a network."""
    random = Random(f"{seed} {number}")
    kind = tuple(KINDS)[number % len(KINDS)]
    tables, batch = KINDS[kind](random), random.choice(BATCHES)
    rate = RATES.get(tables["loss"]["type"], 1e-3)
    return kind, {**tables, "train": {"learning_rate": rate}}, batch


def dense(random: Random) -> Tables:
    width = random.choice((4, 16, 50, 128, 300, 512))
    layers = [
        {
            "type": "dense",
            "units": max(2, width + random.randint(-width // 4, width // 4)),
            "activation": random.choice(ACTIVATIONS),
        }
        for _ in range(random.randint(1, 8))
    ]
    return _network([random.choice((2, 13, 64, 784))], layers, random)


def images(random: Random) -> Tables:
    channels, side = random.choice((1, 3)), random.choice((8, 14, 20, 28))
    layers: list[Tables] = []
    shape = [channels, side, side]
    for _ in range(random.randint(1, 3)):
        kernel = random.choice([k for k in (1, 2, 3, 5) if k <= side])
        stride = random.choice((1, 1, 1, 2))
        padding = random.choice((0, kernel // 2))
        filters = random.choice((4, 8, 12, 16, 32))
        sizes = {"filters": filters, "kernel": kernel, "stride": stride, "padding": padding}
        layers.append({"type": "conv2d", **sizes, "activation": random.choice(("relu", "tanh"))})
        side = (side + 2 * padding - kernel) // stride + 1
        if side >= 4 and random.random() < 0.6:
            layers.append({"type": random.choice(("maxpool2d", "avgpool2d")), "kernel": 2})
            side //= 2
    return _network(shape, [*layers, {"type": "flatten"}], random)


def recurrent(random: Random) -> Tables:
    steps, width = random.choice((5, 12, 30, 80)), random.choice((3, 8, 20, 64))
    layers: list[Tables] = [
        {"type": random.choice(("rnn", "lstm", "gru")), "units": random.choice((8, 24, 64, 100))}
        for _ in range(random.choice((1, 1, 2)))
    ]
    if random.random() < 0.6:
        layers[-1]["return_sequences"] = False
    return _network([steps, width], layers, random)


def transformer(random: Random) -> Tables:
    heads, steps = random.choice((1, 2, 4)), random.choice((4, 10, 32, 64))
    width = heads * random.choice((4, 8, 16, 32))
    attention: Tables = {"type": "attention", "heads": heads, "causal": random.random() < 0.5}
    inner = {"units": random.choice((2, 4)) * width, "activation": random.choice(ACTIVATIONS)}
    mix: list[Tables] = [{"type": "dense", **inner}, {"type": "dense", "units": width}]
    block = [
        {"type": "residual", "layers": [{"type": "layernorm"}, attention]},
        {"type": "residual", "layers": [{"type": "layernorm"}, *mix]},
    ]
    times = random.choice((1, 2, 3))
    return _network([steps, width], [{"type": "repeat", "times": times, "layers": block}], random)


def small(random: Random) -> Tables:
    from tests.peer.random_networks import random_network
    from tests.peer.random_real_networks import numbered

    while True:
        seed = random.randrange(10**6)
        tables = random.choice((random_network, numbered))(seed)
        if "output" not in tables and not _types(tables["layer"]) & {*NEEDS_MORE, "embedding"}:
            return tables


def _types(layers: list[Tables]) -> set[str]:
    found = {layer["type"] for layer in layers}
    return found.union(*(_types(layer.get("layers", [])) for layer in layers))


def _network(shape: list[int], layers: list[Tables], random: Random) -> Tables:
    """A last dense layer, and classes or squares; of sequences always classes."""
    units = random.choice((1, 3, 10, 40)) if len(shape) != 2 else random.choice((3, 10, 40))
    last: Tables = {"type": "dense", "units": units}
    loss = "mse"
    if units > 1 and (len(shape) == 2 or random.random() < 0.6):
        loss, last["activation"] = "cross_entropy", "softmax"
    tables = {"name": "drawn", "input": {"shape": shape}, "layer": [*layers, last]}
    return {**tables, "loss": {"type": loss}}


KINDS: dict[str, Callable[[Random], Tables]] = {
    "dense": dense,
    "images": images,
    "recurrent": recurrent,
    "transformer": transformer,
    "small": small,
}


def words(tables: Tables) -> str:
    """A network in one line: ``[64] dense 32 tanh, dense 10 softmax; cross_entropy``."""
    shape = "x".join(map(str, tables["input"]["shape"]))
    layers = ", ".join(_layer(layer) for layer in tables["layer"])
    return f"[{shape}] {layers}; {tables['loss']['type']}"


def _layer(layer: Tables) -> str:
    if "layers" in layer:
        times = f" {layer['times']}" if "times" in layer else ""
        return f"{layer['type']}{times} ({', '.join(_layer(inner) for inner in layer['layers'])})"
    keys = ("units", "filters", "kernel", "heads", "function", "activation")
    return " ".join([layer["type"], *(str(layer[key]) for key in keys if key in layer)])
