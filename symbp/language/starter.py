"""The file that `symbp new NAME` writes: valid, trainable, and explained line by line."""

from __future__ import annotations

from symbp.errors import InputError
from symbp.language.network_file import is_network_name

_TEXT = """\
# {name}: a network for symbp. Try, in this order:
#   symbp show FILE       layers, shapes, parameters
#   symbp derive FILE     the gradients, step by step
#   symbp verify FILE     the same gradients, compared with finite differences
#   symbp build FILE      all of it, and a training run

name = "{name}"                  # names the generated module

[input]
name = "x"
shape = [2]                      # of one sample; the batch axis is never written

[target]
name = "t"

# Layers form a chain, from top to bottom.

[[layer]]
type = "dense"                   # x W + b
name = "h"                       # optional: what the formulas call this layer's output
units = 8
activation = "tanh"              # a name, or a formula in x: "x*sigmoid(1.7*x)"
# init = "he_normal"             # how weights start: also "critical", solved from the activation

[[layer]]
type = "dense"
name = "p"
units = 1
activation = "sigmoid"           # one probability

[loss]
type = "binary_cross_entropy"    # or mse, mae, huber, cross_entropy, hinge
# formula = "(y - t)**2"         # or your own, instead of the type
# reduction = "mean"             # over the batch; or "sum"

# [regularization]               # adds l2/2 * sum(W**2) + l1 * sum(|W|)
# l2 = 1e-4

[train]
optimizer = "adam"               # sgd, momentum, nesterov, rmsprop, adam, adamw
learning_rate = 0.05
epochs = 300
# batch_size = 4                 # default: the whole data set
seed = 0

[data]
source = "xor"                   # spirals, sine, iris, digits, copy, .. or a file:
# source = "mine.csv"            #   .csv with target = ["column"], or .npz with x and t
"""


def starter(name: str) -> str:
    """The text of a commented network file of that name.

    Raises InputError where the name is no identifier of at most 32 characters.
    """
    if not is_network_name(name):
        raise InputError(
            f"a network's name is an identifier of at most 32 letters, digits and _, not {name!r}"
        )
    return _TEXT.replace("{name}", name)
