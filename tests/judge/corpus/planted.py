"""The words in which the corpus says what was planted, and the kinds of the judge that mean it.

One planted mistake can have several true names: ``y`` for ``y (1 - y)`` is sigma for sigma', and it
leaves out a factor. The corpus was written before the judge, in the words of a teacher.
"""

from __future__ import annotations

NAMES: dict[str, frozenset[str]] = {
    planted: frozenset(kinds.split())
    for planted, kinds in {
        "missing factor": "missing_factor",
        "doubled factor": "extra_factor",
        "z for h": "replaced_factor",
        "h for z": "replaced_factor",
        "sigma for sigma'": "replaced_factor missing_factor",
        "other factor": "replaced_factor",
        "term left out": "missing_term",
        "transpose": "transpose order",
        "order": "order transpose",
        "missing sum": "missing_sum",
        "additional sum": "extra_sum",
        "mean or 1/N": "batch_scale other_reduction",
        "mean over time": "extra_factor scale",
        "sign": "sign",
        "constant": "scale",
        "other loss": "other_loss",
        "regularisation": "regularization",
        "path left out": "missing_path",
        "truncated": "truncated",
        "bias forgotten": "bias_missing",
        "forgotten": "missing bias_missing",
        "updated weight": "updated_weight",
        "dropout scale": "dropout_scale",
        "softmax by entry": "softmax_elementwise",
    }.items()
}
