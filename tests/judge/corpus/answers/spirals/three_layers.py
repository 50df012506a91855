import numpy as np


class ThreeLayers:
    def __init__(self, d, h1, h2, k):
        self.W1, self.b1 = 0.1 * np.random.randn(d, h1), np.zeros((1, h1))
        self.W2, self.b2 = 0.1 * np.random.randn(h1, h2), np.zeros((1, h2))
        self.W3, self.b3 = 0.1 * np.random.randn(h2, k), np.zeros((1, k))

    def forward(self, X):
        self.a1 = np.tanh(X @ self.W1 + self.b1)
        self.a2 = np.tanh(self.a1 @ self.W2 + self.b2)
        self.a3 = 1 / (1 + np.exp(-(self.a2 @ self.W3 + self.b3)))
        return self.a3

    def backward(self, X, y_true, learning_rate):
        N = X.shape[0]
        d3 = (self.a3 - y_true) / N
        d2 = d3 @ self.W3.T * (1 - self.a2**2)
        d1 = d2 @ self.W2.T * (1 - self.a1**2)
        self.W3 -= learning_rate * self.a2.T @ d3
        self.b3 -= learning_rate * d3.sum(axis=0, keepdims=True)
        self.W2 -= learning_rate * self.a1.T @ d2
        self.b2 -= learning_rate * d2.sum(axis=0, keepdims=True)
        self.W1 -= learning_rate * X.T @ d1
        self.b1 -= learning_rate * d1.sum(axis=0, keepdims=True)
