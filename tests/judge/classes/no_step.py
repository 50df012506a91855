import numpy as np


class Network:
    """backward only fills dW1 .. db2; nobody moves the weights."""

    def __init__(self, input_size, hidden_size, output_size, learning_rate):
        self.lr = learning_rate
        self.W1 = np.random.randn(input_size, hidden_size)
        self.b1 = np.zeros((1, hidden_size))
        self.W2 = np.random.randn(hidden_size, output_size)
        self.b2 = np.zeros((1, output_size))

    def forward(self, X):
        self.X = X
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        self.y = 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))
        return self.y

    def backward(self, y_true):
        dz2 = (self.y - y_true) * self.y * (1 - self.y)
        dz1 = dz2 @ self.W2.T * self.h * (1 - self.h)
        self.dW2, self.db2 = self.h.T @ dz2, dz2.sum(axis=0, keepdims=True)
        self.dW1, self.db1 = self.X.T @ dz1, dz1.sum(axis=0, keepdims=True)
