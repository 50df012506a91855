"""Every usual spelling of the quantities of one network.

Keys are names without accents, scripts and brackets: W_1, W^{(1)} and W1 are ``W1``, \\hat y is
``yhat``, y_{true} is ``ytrue``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from symbp.layers.activations import ACTIVATIONS
from symbp.network.graph import Node
from symbp.network.program import Program


@dataclass(frozen=True)
class Meaning:
    """``kind`` is tensor, adjoint (of the tensor ``name``), delta (the same, but only if the answer
    defines it), size, constant, or loss."""

    kind: str
    name: str


LOSS = ("L", "J", "E", "C", "loss", "Loss", "ell", "cost", "Cost", "l")
SIZES = ("N", "m", "n", "M", "B", "batch", "batchsize", "nsamples", "numsamples", "nbatch")
OUTPUT = ("yhat", "ypred", "y", "o", "out", "output", "outputs", "p", "phat", "pred", "prediction",
          "predictions", "probs", "ahat")  # fmt: skip
INPUT = ("x", "input", "inputs", "a0", "h0", "x0", "o0", "z0", "y0")
TARGET = ("t", "ytrue", "ystar", "target", "targets", "label", "labels", "truth", "tstar", "ytilde",
          "ytarget")  # fmt: skip
HIDDEN = ("h", "a", "hidden", "hiddenoutput", "hout", "hid")
FRONTS = (
    "dLd",
    "dJd",
    "dEd",
    "dCd",
    "dlossd",
    "dLossd",
    "dld",
    "d",
    "grad",
    "nabla",
    "gradient",
    "g",
)
BEHIND = ("grad", "gradient")

FUNCTIONS: Mapping[str, str] = {
    **{name.replace("_", ""): name for name in ACTIVATIONS if name != "identity"},
    "sigma": "sigmoid", "varsigma": "sigmoid", "logistic": "sigmoid", "sig": "sigmoid",
    "sigm": "sigmoid", "swish": "silu", "lrelu": "leaky_relu",
    "softmax": "softmax", "exp": "exp", "log": "log", "ln": "log", "sqrt": "sqrt", "abs": "abs",
    "sign": "sign", "sgn": "sign", "max": "max", "maximum": "max", "min": "min", "minimum": "min",
    "cos": "cos", "sinh": "sinh", "cosh": "cosh", "diag": "diag", "where": "where", "square": "square",
    "heaviside": "step", "step": "step", "dot": "dot", "matmul": "dot", "outer": "outer",
    "multiply": "multiply", "power": "power", "transpose": "transpose", "sum": "sum", "mean": "mean",
    "ones": "ones", "oneslike": "ones", "len": "len",
    "reciprocal": "reciprocal", "log1p": "log1p", "expm1": "expm1",
    "npsum": "npsum", "npmean": "npmean", "identity": "identity",
    "asarray": "identity", "array": "identity", "float": "identity",
    "sech": "sech",
}  # fmt: skip
GENERIC = ("f", "g", "phi", "varphi", "psi", "act", "activation")  # the layer's own activation
PRIMED = re.compile(r"d?(\w+?)(deriv|derivative|prime|grad|gradient|backward|der)$", re.IGNORECASE)


def plain(name: str) -> str:
    """The key of a name as code has it: ``z_x1`` is zx1."""
    return name.replace("_", "")


class Names:
    """The quantities of one network by their keys; ``used`` are the keys that the answer holds, which
    decide what y is, and whether layers count from the input."""

    def __init__(self, program: Program, used: frozenset[str] = frozenset()) -> None:
        self.program = program
        self.table: dict[str, Meaning] = {}
        self.nodes = [n for n in program.graph.nodes if n.kind == "dense"]
        self.shift = self._shift(used)
        self._fill(used)
        lower: dict[str, set[Meaning]] = {}
        for key, meaning in self.table.items():
            if meaning.kind == "tensor":
                lower.setdefault(key.lower(), set()).add(meaning)
        self.lower = {key: found.pop() for key, found in lower.items() if len(found) == 1}

    # -- looking up -----------------------------------------------------------------------------

    def find(self, key: str) -> Meaning | None:
        """What a key means; None for a name that only the answer itself can explain."""
        found = self._bare(key)
        if found is not None:
            return found
        if key.startswith("delta"):
            tensor = self.delta(key.removeprefix("delta"))
            return Meaning("delta", tensor) if tensor else None
        for rest in self._without_marks(key):
            found = self._bare(rest)
            if found is not None and found.kind == "tensor":
                return Meaning("adjoint", found.name)
        return None

    def _bare(self, key: str) -> Meaning | None:
        return self.table.get(key) or self.lower.get(key.lower())

    @staticmethod
    def _without_marks(key: str) -> Iterator[str]:
        yield from (key.removeprefix(front) for front in FRONTS if key.startswith(front))
        yield from (key.removesuffix(end) for end in BEHIND if key.endswith(end))
        if len(key) > 3 and key[1:4] == "bar":  # the adjoint's sign in automatic differentiation
            yield key[0] + key[4:]

    def delta(self, label: str) -> str | None:
        """The pre-activation whose adjoint a delta with this label usually is."""
        outputs = [self.after(n) for n in self.nodes]
        if label in ("", "L", "out", "o", "output", "y") and self.nodes:
            if label or len(self.nodes) == 1:
                return self.nodes[-1].output
        for number, node in enumerate(self.nodes, 1):
            if label == self.number(node) or label in (
                plain(node.output),
                plain(outputs[number - 1]),
            ):
                return node.output
        return None

    def tensor(self, key: str) -> str | None:
        found = self.find(key)
        return found.name if found is not None and found.kind == "tensor" else None

    def starts(self, text: str) -> bool:
        """Whether some known key begins with these letters, or the derivative by it."""
        rests = [text, *(text.removeprefix(f) for f in FRONTS if text.startswith(f) and text != f)]
        return any(key.startswith(rest) for key in self.table for rest in rests)

    # -- the table ------------------------------------------------------------------------------

    def number(self, node: Node) -> str:
        """The layer's number, as its answer counts: the k of W_k, or one more."""
        weight = next(iter(v for k, v in node.names.items() if k == "W"), "")
        digits = re.sub(r"\D", "", weight)
        return str(int(digits) + self.shift) if digits else ""

    def after(self, node: Node) -> str:
        """What comes out of a dense layer behind its activation."""
        readers = [n for n in self.program.graph.nodes if node.output in n.names.values()]
        readers = [n for n in readers if n.output != node.output]
        if len(readers) == 1 and readers[0].kind in ("activation", "softmax"):
            return readers[0].output
        return node.output

    def _shift(self, used: frozenset[str]) -> int:
        """1 where the answer calls the input layer 1, so that its last layer has a number too many."""
        self.shift = 0
        numbers = [int(self.number(n)) for n in self.nodes if self.number(n)]
        if not numbers:
            return 0
        beyond = str(max(numbers) + 1)
        lower = {key.lower() for key in used}
        return int(any(f"{base}{beyond}" in lower for base in ("delta", "z", "a")))

    def _fill(self, used: frozenset[str]) -> None:
        tensors = self.program.tensors
        own = [t for t in tensors.values() if t.role not in ("loss", "target", "constant")]
        for tensor in own:
            self.say(plain(tensor.name), tensor.name)
        if self.shift:  # z_2 is the first layer's
            for node in self.nodes:
                self._layer(node, replace=True)
        inputs = [t.name for t in own if t.role == "input"]
        self.say_all(INPUT, inputs[0])
        self._target(used)
        for node in self.nodes:
            self._layer(node)
        if len(self.program.graph.outputs) == 1:
            last = self.program.graph.outputs[0][1]
            self.say_all(OUTPUT, last)
        hidden = [self.after(n) for n in self.nodes[:-1]]
        if len(hidden) == 1:
            self.say_all(HIDDEN, hidden[0])
        stems = [re.sub(r"\d+$", "", plain(t.name)) for t in own]
        for tensor, stem in zip(own, stems, strict=True):
            if stems.count(stem) == 1 and stem != "d":  # the only W of a network needs no number
                self.say(stem, tensor.name)
        self._others()

    def _layer(self, node: Node, replace: bool = False) -> None:
        number, after = self.number(node), self.after(node)
        if not number:
            return
        if replace:
            for base in ("z", "a", "h", "o"):
                self.table.pop(f"{base}{number}", None)
        for base in ("z", "net", "s", "u", "v", "zeta"):
            self.say(f"{base}{number}", node.output)
        for base in ("a", "h", "o", "y", "x"):
            self.say(f"{base}{number}", after)

    def _target(self, used: frozenset[str]) -> None:
        """y is the target where the output has another name in the answer and t is not in it."""
        if len(self.program.targets) != 1:
            for target in self.program.targets:
                self.say(plain(target), target)
            return
        target, output = self.program.targets[0], self.program.graph.outputs[0][1]
        last = self.number(self.nodes[-1]) if self.nodes else ""
        others = {*OUTPUT, plain(output), f"a{last}", f"o{last}", "aL"} - {"y"}
        lower = {key.lower() for key in used}
        if "y" in lower and not lower & {*TARGET} and lower & {key.lower() for key in others}:
            self.table["y"] = Meaning("tensor", target)
        self.say_all(TARGET, target)

    def _others(self) -> None:
        for key in LOSS:
            self.table.setdefault(key, Meaning("loss", "loss"))
        for key in SIZES:
            self.table.setdefault(key, Meaning("size", "N"))
        spec = self.program.graph.spec
        for key, value in (("lambda", spec.l2 or spec.l1), ("lambda2", spec.l2), ("lambda1", spec.l1),
                           ("l2", spec.l2), ("l1", spec.l1), ("pi", 3.141592653589793)):  # fmt: skip
            self.table.setdefault(key, Meaning("constant", repr(value)))

    def say(self, key: str, tensor: str) -> None:
        self.table.setdefault(key, Meaning("tensor", tensor))

    def say_all(self, keys: Iterable[str], tensor: str) -> None:
        for key in keys:
            self.say(key, tensor)


def function(key: str) -> tuple[str, int] | None:
    """A function by its key, and how often its name says that it is derived."""
    small = key.lower()
    if small in FUNCTIONS:
        return FUNCTIONS[small], 0
    derived = PRIMED.fullmatch(small) or re.fullmatch(r"d(\w+)", small)
    if derived and derived[1] in FUNCTIONS:
        return FUNCTIONS[derived[1]], 1
    return ("f", 0) if key in GENERIC else None
