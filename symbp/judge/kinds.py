"""The closed vocabulary of mistakes, and of verdicts.

A diagnosis names one of these kinds and the equation of the formula-to-code map at which it stands
(``where``, such as ``backward.dz2``).
"""

from __future__ import annotations

from typing import Final

RIGHT: Final = "right"
WRONG: Final = "wrong"
MISSING: Final = "missing"
UNUSABLE: Final = "unusable"
VERDICTS: Final = (RIGHT, WRONG, MISSING, UNUSABLE)

# Where a kind stands: at the equation whose right side is changed. What a mistake of the loss, of a
# reduction or of its scale changes first is the first equation of the backward pass.
KINDS: Final = {
    "missing_factor": "a factor of a product is left out, as sigma'(z)",
    "extra_factor": "a factor too many, or one that stands there twice",
    "replaced_factor": "another factor in its place: z for h, sigma for sigma', sigma'(h) for sigma'(z)",
    "missing_term": "a summand left out of what a function is taken of: b in sigma'(w x + b)",
    "transpose": "a matrix that should be transposed, or should not; a kernel not turned around",
    "order": "the factors of a matrix product in another order",
    "missing_sum": "an index that should be summed over is not, or only its first or last value counts",
    "extra_sum": "a sum or a mean over an index that should stay",
    "batch_scale": "1/N or N: a mean over the batch instead of a sum, or a sum instead of a mean",
    "sign": "plus instead of minus",
    "scale": "a constant factor, such as 2, or the 1/T of a mean over T steps",
    "other_loss": "the gradient of another loss",
    "other_reduction": "the gradient of the same loss with the other reduction over the batch",
    "regularization": "the penalty's share is left out, doubled, divided or given to other parameters",
    "missing_path": "a summand of the chain rule is left out: a residual, a shared weight, a statistic",
    "truncated": "the path through the next step of a recurrence is left out",
    "bias_missing": "the gradient of a bias is not there, or the bias never moves",
    "updated_weight": "a weight that the same step has updated already is used in the backward pass",
    "dropout_scale": "the dropout mask without its factor 1/(1 - rate)",
    "softmax_elementwise": "only the diagonal of a Jacobian, as if the function worked entry by entry",
    "shape": "an array of another shape than the parameter, with no known mistake behind it",
    "missing": "the gradient of a parameter that is no bias is not there, or it never moves",
    "unknown": "none of the above",
}  # fmt: skip
