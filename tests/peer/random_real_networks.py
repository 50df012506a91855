"""Draws small networks of images, sequences and attention, by number or as a hypothesis strategy."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from tests.peer.random_real_layers import CHANGING, KEEPING, POOLS, RECURRENT, Chain, Table

# Each number draws around one of them, in turn. "ties" holds equal maxima, and wants whole numbers.
KINDS = (
    *("conv2d", "rnn", "attention", "lstm", "maxpool2d", "embedding", "gru", "conv1d", "ties"),
    *("avgpool2d", "positional", "globalavgpool", "tagger", "tower", "transformer"),
)
WITH_KINKS = ("maxpool2d", "ties")


class _Network(Chain):
    """A chain for a kind of network, and a loss behind it."""

    def images(self) -> None:
        self.input = {"shape": [self.size(2, 4), self.size(4, 7), self.size(4, 7)]}

    def sequences(self) -> None:
        self.input = {"shape": [self.size(3, 6), self.size(2, 6)]}

    def tokens(self) -> None:
        self.input = {"shape": [self.size(3, 6)]}
        width = {"dim": self.size(2, 6)}
        self.layers.append({"type": "embedding", "vocabulary": self.size(3, 7), **width})

    def around(self, kind: str) -> None:
        """A layer of this kind, behind another one or not, before up to two others."""
        (self.images if kind in CHANGING[3] else self.pick(self.sequences, self.tokens))()
        if kind in (*POOLS, "globalavgpool"):
            self.grow("conv2d")
        elif kind == "positional" and not self.layers:
            self.grow("dense")
        elif self.pick(True, False):
            self.layers += self.wrapped(self.layer(self.pick(*KEEPING[len(self.shape)]), True))
        self.grow(kind)
        for _ in range(self.pick(0, 1, 2)):
            self.any()

    def embedding(self) -> None:
        """Rows looked up twice in one table: at the bottom, and again to be added further up."""
        self.tokens()
        (bottom,) = self.layers
        again = {**bottom, "share": "rows", "inputs": ["x"], "name": "again"}
        bottom["name"] = "rows"
        if self.pick(True, False):
            body = {**self.layer("dense", True), "name": "body"}
            merge = {"type": self.pick("add", "multiply"), "inputs": ["body", "again"]}
            self.layers += [body, again, merge]
        self.any()

    def tower(self) -> None:
        """Convolution, activation, pool; flattened, dense."""
        self.images()
        self.layers.append(self.convolution(self.shape, False))
        if self.pick(True, False):
            self.layers.append({"type": "batchnorm"})
        relu = {"type": "activation", "function": "silu" if self.smooth else "relu"}
        self.layers += [relu, self.pool("avgpool2d" if self.smooth else "maxpool2d", self.shape)]
        self.layers += [{"type": "flatten"}, {"type": "dense", "units": 3, "activation": "tanh"}]

    def transformer(self) -> None:
        """Radford et al. 2018: a stack of residual attention and residual dense layers."""
        self.tokens()
        dim = self.shape[-1]
        attention = {"type": "attention", "heads": self.pick(*(h for h in (1, 2) if dim % h == 0))}
        inner = {"type": "dense", "units": self.size(2, 7), "activation": "gelu"}
        attend = [{"type": "layernorm"}, attention | self.maybe(causal=True)]
        mix = [{"type": "layernorm"}, inner, {"type": "dense", "units": dim}]
        blocks = [{"type": "residual", "layers": layers} for layers in (attend, mix)]
        self.layers += [self.layer("positional", True), self.repeat(blocks), {"type": "rmsnorm"}]

    def tagger(self) -> None:
        """One recurrent layer on another, and a dense one."""
        self.pick(self.tokens, self.sequences)()
        self.layers.append(self.recurrent(self.pick(*RECURRENT), self.shape, True))
        self.grow(self.pick(*RECURRENT))
        self.layers.append(self.layer("dense", False))

    def ties(self) -> None:
        """Maxima of whole numbers, many of them equal, and smooth layers behind."""
        self.images()
        for _ in range(self.pick(1, 1, 2)):
            table = self.convolution(self.shape, self.pick(True, False))
            table.pop("activation", None)
            self.layers.append(table | self.maybe(activation="relu"))
            self.layers.append(self.pool("maxpool2d", self.shape))
        self.smooth = True
        self.any()

    # -- the loss ------------------------------------------------------------------------------

    def head(self) -> Table:
        """A loss, and the last layer that it wants."""
        kind = self.pick("mse", "formula", "cross_entropy", "binary_cross_entropy")
        reduction = self.maybe(reduction="sum")
        if kind in ("mse", "formula"):
            text = {"formula": "(y - t)**2/2 + 0.3*y*t"} if kind == "formula" else {}
            return {"type": kind, **text}
        if len(self.shape) == 3:
            self.layers.append({"type": "flatten"})
        squash = "softmax" if kind == "cross_entropy" else "sigmoid"
        self.layers.append({"type": "dense", "units": self.size(2, 5), "activation": squash})
        return {"type": kind, **reduction}

    def tables(self, kind: str) -> Table:
        own = {"tower", "transformer", "tagger", "ties", "embedding"}
        getattr(self, kind)() if kind in own else self.around(kind)
        name = "ties" if kind == "ties" else "net"
        penalty = {"regularization": {"l2": 0.1}} if self.pick(False, False, True) else {}
        loss = self.head()
        return {"name": name, "input": self.input, "layer": self.layers, "loss": loss, **penalty}


def real_network(kind: str, random: Random, smooth: bool = False) -> Table:
    """The tables of a network around a layer, or an architecture, of ``KINDS``."""
    return _Network(random, smooth).tables(kind)


def numbered(number: int) -> Table:
    """Network ``number``: its kind goes round ``KINDS``, and every second round is smooth."""
    kind = KINDS[number % len(KINDS)]
    return real_network(kind, Random(number), is_smooth(number))


def is_smooth(number: int) -> bool:
    """Whether network ``number`` has no kink."""
    return number // len(KINDS) % 2 == 1 and KINDS[number % len(KINDS)] not in WITH_KINKS


def real_networks(smooth: bool = False) -> st.SearchStrategy[Table]:
    """All of them; layers and sizes shrink."""
    kinds = [kind for kind in KINDS if not smooth or kind not in WITH_KINKS]
    randoms = st.randoms(use_true_random=False)
    return st.builds(real_network, st.sampled_from(kinds), randoms, st.just(smooth))
