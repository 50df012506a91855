import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Net:
    """The mistake: W2 is moved before the hidden layer's gradient reads it."""

    def __init__(self, a, b, c):
        self.W1, self.b1 = np.random.randn(a, b), np.zeros(b)
        self.W2, self.b2 = np.random.randn(b, c), np.zeros(c)

    def forward(self, X):
        self.h = sigmoid(X @ self.W1 + self.b1)
        self.y = sigmoid(self.h @ self.W2 + self.b2)
        return self.y

    def backward(self, X, y_true, learning_rate):
        delta = (self.y - y_true) * self.y * (1 - self.y)
        self.W2 -= learning_rate * self.h.T @ delta
        self.b2 -= learning_rate * delta.sum(0)
        hidden = delta @ self.W2.T * self.h * (1 - self.h)
        self.W1 -= learning_rate * X.T @ hidden
        self.b1 -= learning_rate * hidden.sum(0)
