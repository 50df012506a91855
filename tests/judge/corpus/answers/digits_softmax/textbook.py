import numpy as np


class SoftmaxRegression:
    def __init__(self, features, classes):
        self.W = np.zeros((features, classes))
        self.b = np.zeros(classes)
        self.reg = 1e-4

    def forward(self, X):
        scores = X @ self.W + self.b
        scores -= scores.max(axis=1, keepdims=True)
        exp = np.exp(scores)
        self.probs = exp / exp.sum(axis=1, keepdims=True)
        return self.probs

    def backward(self, X, y_true, learning_rate):
        dscores = (self.probs - y_true) / len(X)
        dW = X.T @ dscores + self.reg * self.W
        db = dscores.sum(axis=0)
        self.W -= learning_rate * dW
        self.b -= learning_rate * db
