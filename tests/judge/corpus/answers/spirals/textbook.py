import numpy as np


class Network:
    """Any number of tanh layers and a sigmoid at the end."""

    def __init__(self, *sizes):
        self.weights = [np.random.randn(m, n) * 0.3 for m, n in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros((1, n)) for n in sizes[1:]]

    def forward(self, X):
        self.a = [X]
        for W, b in zip(self.weights[:-1], self.biases[:-1]):
            self.a.append(np.tanh(self.a[-1] @ W + b))
        z = self.a[-1] @ self.weights[-1] + self.biases[-1]
        self.a.append(1 / (1 + np.exp(-z)))
        return self.a[-1]

    def backward(self, X, y_true, learning_rate):
        m = len(X)
        delta = (self.a[-1] - y_true) / m
        grads = []
        for k in reversed(range(len(self.weights))):
            grads.append((self.a[k].T @ delta, delta.sum(axis=0, keepdims=True)))
            if k > 0:
                delta = (delta @ self.weights[k].T) * (1 - self.a[k] ** 2)
        for k, (dW, db) in enumerate(reversed(grads)):
            self.weights[k] -= learning_rate * dW
            self.biases[k] -= learning_rate * db
