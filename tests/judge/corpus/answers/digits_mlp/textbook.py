import numpy as np


class MLP:
    """A perceptron with one hidden layer, after the lecture."""

    def __init__(self, n_in, n_hidden, n_out):
        rng = np.random.default_rng(1)
        self.W1 = rng.normal(0, 0.1, (n_in, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.W2 = rng.normal(0, 0.1, (n_hidden, n_out))
        self.b2 = np.zeros(n_out)

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.h = np.maximum(self.z1, 0)
        z2 = self.h @ self.W2 + self.b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, X, y_true, learning_rate):
        n = X.shape[0]
        delta2 = (self.p - y_true) / n
        grad_W2 = self.h.T @ delta2
        grad_b2 = delta2.sum(axis=0)
        delta1 = (delta2 @ self.W2.T) * (self.z1 > 0)
        grad_W1 = X.T @ delta1
        grad_b1 = delta1.sum(axis=0)
        self.W2 -= learning_rate * grad_W2
        self.b2 -= learning_rate * grad_b2
        self.W1 -= learning_rate * grad_W1
        self.b1 -= learning_rate * grad_b1
