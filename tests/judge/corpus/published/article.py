import numpy as np


class TwoLayerNetwork:
    """As published code goes: the error of the output is taken for its delta, and biases stay."""

    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.W1 = np.random.randn(n_inputs, n_hidden)
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_outputs)
        self.b2 = np.zeros((1, n_outputs))

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def sigmoid_prime(x):
        s = 1 / (1 + np.exp(-x))
        return s * (1 - s)

    def forward(self, X):
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        return self.sigmoid(self.z2)

    def backward(self, X, y_true, learning_rate):
        y_hat = self.forward(X)
        delta_output = y_hat - y_true
        delta_hidden = np.dot(delta_output, self.W2.T) * self.sigmoid_prime(self.z1)
        self.W2 -= learning_rate * np.dot(self.a1.T, delta_output)
        self.W1 -= learning_rate * np.dot(X.T, delta_hidden)
