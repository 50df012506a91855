"""What every ``Trainer`` on floats has around the body of its step."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.writers.layout import INDENT
from symbp.writers.lines import Line

START = '''class Trainer:
    """Owns the parameters, as plain floats, and moves them down their gradients: a network as
    small as this one would spend its time in calls of NumPy. The learning rate is in the first
    adjoint, so each d.. is the learning rate times a gradient."""

    def __init__(self, params, batch_size, learning_rate={rate}, seed=0):
        """A batch of any size will do; seed is for networks that draw noise."""
        self.batch_size, self.learning_rate = batch_size, learning_rate
        names = "{keys}".split()
        self.given = {{name: np.asarray(params[name]) for name in names}}
        self.weights = _floats(self.given)

    @property
    def params(self):
        """The parameters as arrays, of the dtypes that were given."""
        return {{name: a.astype(self.given[name].dtype) for name, a in self._arrays().items()}}

    def _arrays(self):
        ends = np.cumsum([a.size for a in self.given.values()])
        parts = np.split(np.array(self.weights, float), ends[:-1])
        return {{name: p.reshape(a.shape) for p, (name, a) in zip(parts, self.given.items())}}

    def _step_by_arrays(self, x, t):
        """A step where a float would overflow or divide by zero: arrays hand on inf and nan."""
        params = self._arrays()
        value, grads = loss_and_grads(params, x, {targets}, training=True)
        rate = self.learning_rate
        self.weights = _floats({{name: params[name] - rate * grads[name] for name in params}})
        return value

    def step(self, x, t):
        """One step with a batch x {x} and its targets t; returns its loss."""'''
END = '''

def _floats(params):
    """All entries in one list."""
    return [value for array in params.values() for value in array.ravel().tolist()]'''


def written(source: str) -> Iterator[Line]:
    """Lines with their depths."""
    for row in source.split("\n"):
        code = row.lstrip()
        yield Line(code, depth=(len(row) - len(code)) // len(INDENT))
