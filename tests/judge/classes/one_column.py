import numpy as np


class Net:
    """One output as a flat array, and targets as one."""

    def __init__(self, sizes):
        self.W1 = np.random.randn(sizes[0], sizes[1])
        self.b1 = np.zeros(sizes[1])
        self.W2 = np.random.randn(sizes[1], 1)
        self.b2 = 0.0

    def forward(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        self.y = 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))
        return self.y[:, 0]

    def backward(self, X, y_true, learning_rate):
        e = self.y[:, 0] - y_true
        delta = (e * self.y[:, 0] * (1 - self.y[:, 0]))[:, None]
        hidden = delta @ self.W2.T * self.h * (1 - self.h)
        self.W2 = self.W2 - learning_rate * self.h.T @ delta
        self.b2 = self.b2 - learning_rate * delta.sum()
        self.W1 = self.W1 - learning_rate * X.T @ hidden
        self.b1 = self.b1 - learning_rate * hidden.sum(axis=0)
