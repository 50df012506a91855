import numpy as np


class SoftmaxNet:
    """Classes as integers, rows of probabilities, the mean over the batch."""

    def __init__(self, n_x, n_h, n_y):
        self.params = {
            "W1": 0.1 * np.random.randn(n_x, n_h),
            "b1": np.zeros(n_h),
            "W2": 0.1 * np.random.randn(n_h, n_y),
            "b2": np.zeros(n_y),
        }

    def forward(self, X):
        p = self.params
        self.h = np.maximum(0, X @ p["W1"] + p["b1"])
        scores = self.h @ p["W2"] + p["b2"]
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def backward(self, X, y, learning_rate):
        n = X.shape[0]
        d = self.probs.copy()
        d[np.arange(n), y] -= 1
        d /= n
        p = self.params
        dh = d @ p["W2"].T
        dh[self.h <= 0] = 0
        grads = {"W2": self.h.T @ d, "b2": d.sum(0), "W1": X.T @ dh, "b1": dh.sum(0)}
        for k in grads:
            p[k] -= learning_rate * grads[k]
