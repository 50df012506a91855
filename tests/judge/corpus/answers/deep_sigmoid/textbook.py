import numpy as np


class DeepNetwork:
    def __init__(self, layers):
        self.W = [np.random.randn(layers[k], layers[k + 1]) for k in range(len(layers) - 1)]
        self.b = [np.zeros((1, layers[k + 1])) for k in range(len(layers) - 1)]

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def forward(self, X):
        self.h = [X]
        for k in range(8):
            self.h.append(self.sigmoid(self.h[-1] @ self.W[k] + self.b[k]))
        self.out = self.h[-1] @ self.W[8] + self.b[8]
        return self.out

    def backward(self, X, y_true, learning_rate):
        delta = (self.out - y_true) / len(X)
        for k in range(8, -1, -1):
            dW = self.h[k].T @ delta
            db = delta.sum(axis=0, keepdims=True)
            if k > 0:
                delta = (delta @ self.W[k].T) * self.h[k] * (1 - self.h[k])
            self.W[k] -= learning_rate * dW
            self.b[k] -= learning_rate * db
