"""Every option of the network file in one table: its kind, and its default where it has one.

Layers, losses and [regularization] as the manual describes them; optimizers with the names and
defaults of ``torch.optim`` (``learning_rate`` is its ``lr``).
"""

from __future__ import annotations

from symbp.language.kinds import (
    FLAG,
    FORMULA,
    LINE,
    SHAPE,
    SIZE,
    TABLE,
    Kind,
    Option,
    each,
    either,
    integer,
    list_of,
    number,
    word,
)

Options = dict[str, Option]

POSITIVE = number(above=0)
NOT_NEGATIVE = number(at_least=0)
FRACTION = number(at_least=0, below=1)
STEPS = integer(1, 10**6)
FUNCTION = Kind("the name of an activation, or a formula", FORMULA.read)

INITIALISERS = (  # of arrays
    "zeros", "ones", "normal", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
    "lecun_normal", "orthogonal",
)  # fmt: skip
CRITICAL = "critical"  # solved from the activation behind the layer
INIT = Option(either(word(*INITIALISERS, CRITICAL), POSITIVE), None)  # None: the network's


# --- layers ---------------------------------------------------------------------------------------


def _convolution(axes: int) -> Options:
    return {
        "filters":    Option(SIZE),
        "kernel":     Option(each(SIZE, axes)),
        "stride":     Option(each(SIZE, axes), (1,) * axes),
        "padding":    Option(either(each(integer(0), axes), word("same")), (0,) * axes),
        "dilation":   Option(each(SIZE, axes), (1,) * axes),
        "groups":     Option(SIZE, 1),
        "bias":       Option(FLAG, True),
        "activation": Option(FUNCTION, None),
        "init":       INIT,
    }  # fmt: skip


DECLARED: Options = {  # beside the formula of a layer
    "parameters":  Option(TABLE, {}),
    "init":        Option(TABLE, {}),
    "constants":   Option(TABLE, {}),
    "sizes":       Option(TABLE, {}),
    "regularized": Option(list_of(LINE, "a list of parameter names"), ()),
    "latex":       Option(TABLE, {}),
}  # fmt: skip

POOL: Options = {
    "kernel": Option(each(SIZE, 2)),
    "stride": Option(each(SIZE, 2), None),  # None: the kernel
}
EPS = Option(POSITIVE, 1e-5)
UNITS = Option(SIZE)
SEQUENCES = Option(FLAG, True)

LAYERS: dict[str, Options] = {
    "dense":         {"units": UNITS, "bias": Option(FLAG, True),
                      "activation": Option(FUNCTION, None), "init": INIT},
    "activation":    {"function": Option(FUNCTION), "parameters": Option(TABLE, {}),
                      "latex": Option(TABLE, {})},
    "softmax":       {},
    "dropout":       {"rate": Option(FRACTION)},
    "flatten":       {},
    "reshape":       {"shape": Option(SHAPE)},
    "conv1d":        _convolution(1),
    "conv2d":        _convolution(2),
    "maxpool2d":     POOL,
    "avgpool2d":     POOL,
    "globalavgpool": {},
    "batchnorm":     {"eps": EPS, "momentum": Option(number(at_least=0, at_most=1), 0.1)},
    "layernorm":     {"eps": EPS},
    "rmsnorm":       {"eps": EPS},
    "embedding":     {"vocabulary": Option(SIZE), "dim": Option(SIZE)},
    "positional":    {"kind": Option(word("sinusoidal", "learned"), "sinusoidal")},
    "rnn":           {"units": UNITS, "activation": Option(FUNCTION, "tanh"),
                      "return_sequences": SEQUENCES, "init": INIT},
    "lstm":          {"units": UNITS, "return_sequences": SEQUENCES, "init": INIT},
    "gru":           {"units": UNITS, "return_sequences": SEQUENCES, "init": INIT},
    "attention":     {"heads": Option(integer(1, 10**4)), "causal": Option(FLAG, False),
                      "init": INIT},
    "residual":      {"layers": Option(list_of(TABLE, "a list of layers"))},
    "repeat":        {"times": Option(integer(1, 10**5)),
                      "layers": Option(list_of(TABLE, "a list of layers"))},
    "add":           {},
    "multiply":      {},
    "concat":        {"axis": Option(integer(-8, 7), -1)},  # of one sample
    "formula":       {"formula": Option(FORMULA), **DECLARED},
}  # fmt: skip


def has_weights(kind: str) -> bool:
    """Whether a type of layer has weights that ``init`` can start."""
    return LAYERS[kind].get("init") is INIT


MERGING = ("add", "multiply", "concat")
NESTING = ("residual", "repeat")
WITHOUT_PARAMETERS = (
    "softmax", "dropout", "flatten", "reshape", "maxpool2d", "avgpool2d", "globalavgpool",
    *MERGING, *NESTING,
)  # fmt: skip

# What a sharing layer takes over from the owner of the parameters, and may not change.
SHAPING = ("units", "bias", "filters", "kernel", "groups", "vocabulary", "dim", "kind", "heads")


# --- losses and regularization --------------------------------------------------------------------

REDUCTION = Option(word("mean", "sum"), "mean")

LOSSES: dict[str, Options] = {
    "mse":                  {},
    "mae":                  {},
    "huber":                {"delta": Option(POSITIVE, 1.0)},
    "binary_cross_entropy": {},
    "cross_entropy":        {},
    "hinge":                {},
    "formula":              {"formula": Option(FORMULA), "inputs": Option(TABLE, {}),
                             "constants": Option(TABLE, {}), "sizes": Option(TABLE, {}),
                             "latex": Option(TABLE, {})},
}  # fmt: skip

REGULARIZATION: Options = {"l2": Option(NOT_NEGATIVE, 0.0), "l1": Option(NOT_NEGATIVE, 0.0)}


# --- training -------------------------------------------------------------------------------------

MOMENTUM = Option(number(above=0, below=1), 0.9)
BETAS = Option(list_of(FRACTION, "two numbers of at least 0 and below 1", 2), (0.9, 0.999))
TINY = Option(POSITIVE, 1e-8)


def _rate(default: float) -> Option:
    return Option(POSITIVE, default)


def _decay(default: float) -> Option:
    return Option(NOT_NEGATIVE, default)


OPTIMIZERS: dict[str, Options] = {
    "sgd":      {"learning_rate": _rate(1e-3), "momentum": Option(FRACTION, 0.0),
                 "weight_decay": _decay(0.0)},
    "momentum": {"learning_rate": _rate(1e-3), "momentum": MOMENTUM, "weight_decay": _decay(0.0)},
    "nesterov": {"learning_rate": _rate(1e-3), "momentum": MOMENTUM, "weight_decay": _decay(0.0)},
    "rmsprop":  {"learning_rate": _rate(1e-2), "alpha": Option(FRACTION, 0.99), "eps": TINY,
                 "momentum": Option(FRACTION, 0.0), "weight_decay": _decay(0.0)},
    "adam":     {"learning_rate": _rate(1e-3), "betas": BETAS, "eps": TINY,
                 "weight_decay": _decay(0.0)},
    "adamw":    {"learning_rate": _rate(1e-3), "betas": BETAS, "eps": TINY,
                 "weight_decay": _decay(0.01)},
}  # fmt: skip

# The learning rate of epoch e = 0, 1, ..., with a = learning_rate and c = min_learning_rate:
#   step           a * gamma**(e // step_size)
#   cosine         c + (a - c)*(1 + cos(pi*min(e, t_max)/t_max))/2
#   warmup_cosine  a*(e + 1)/warmup_epochs in the first warmup_epochs, then
#                  cosine over the rest: e counts from there, t_max = epochs - warmup_epochs
SCHEDULES: dict[str, Options] = {
    "constant":      {},
    "step":          {"step_size": Option(STEPS), "gamma": Option(number(above=0, at_most=1), 0.1)},
    "cosine":        {"t_max": Option(STEPS, None),  # None: epochs
                      "min_learning_rate": Option(NOT_NEGATIVE, 0.0)},
    "warmup_cosine": {"warmup_epochs": Option(integer(0, 10**6), None),  # None: a tenth of epochs
                      "min_learning_rate": Option(NOT_NEGATIVE, 0.0)},
}  # fmt: skip

TRAIN: Options = {
    "optimizer":  Option(word(*OPTIMIZERS), "sgd"),
    "schedule":   Option(word(*SCHEDULES), "constant"),
    "epochs":     Option(STEPS, 100),
    "batch_size": Option(SIZE, None),  # None: the whole data set
    "clip_norm":  Option(POSITIVE, None),  # None: no clipping
    "held_out":   Option(FRACTION, 0.0),
    "seed":       Option(integer(0, 2**63 - 1), 0),
}  # fmt: skip


# --- data -----------------------------------------------------------------------------------------

DATA_SETS = (
    "xor", "spirals", "sine", "iris", "digits", "copy", "parity", "shapes", "sonnets",
)  # fmt: skip
