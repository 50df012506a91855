"""Gradients of the article's network as a function with places to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Gradients = Callable[[Mapping[str, Any], Any, Any], dict[str, Any]]

SOURCE = """
def gradients(params, x, t):
    W1, b1, W2, b2 = (params[k] for k in ("W1", "b1", "W2", "b2"))
    z1 = x @ W1 + b1
    h = sigmoid(z1)
    z2 = h @ W2 + b2
    y = sigmoid(z2)
    dy = y - t
    dz2 = dy * y * (1 - y)
    dW2 = h.T @ dz2
    db2 = dz2.sum(axis=0)
    dh = dz2 @ W2.T
    dz1 = dh * h * (1 - h)
    dW1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""


def sigmoid(u: Any) -> Any:
    return 1 / (1 + np.exp(-u))


def answer(**edits: str) -> Gradients:
    """The function with other right sides: ``answer(dz2="dy")``."""
    lines = SOURCE.splitlines()
    for name, rhs in edits.items():
        (number,) = (k for k, line in enumerate(lines) if line.startswith(f"    {name} = "))
        lines[number] = f"    {name} = {rhs}"
    space: dict[str, Any] = {"sigmoid": sigmoid, "np": np}
    exec("\n".join(lines), space)  # our own text, with the edits of a test
    return space["gradients"]


ARTICLE = '''
import numpy as np


class NeuralNetwork:
    """Written anew with the article's two faults: no sigma' at the output, biases that never move."""

    def __init__(self, input_size, hidden_size, output_size):
        self.W1 = np.random.randn(input_size, hidden_size)
        self.b1 = np.zeros((1, hidden_size))
        self.W2 = np.random.randn(hidden_size, output_size)
        self.b2 = np.zeros((1, output_size))

    def forward(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        self.y = 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))
        return self.y

    def backward(self, X, y_true, learning_rate):
        dy = self.y - y_true
        dW2 = self.h.T @ dy
        dh = dy @ self.W2.T
        dz1 = dh * self.h * (1 - self.h)
        dW1 = X.T @ dz1
        self.W2 -= learning_rate * dW2
        self.W1 -= learning_rate * dW1
'''
