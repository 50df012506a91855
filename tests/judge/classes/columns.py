import numpy as np


def sigma(z):
    return 1.0 / (1.0 + np.exp(-z))


class NeuralNet:
    """Samples are columns; weights and biases live in a dict, as in an online course."""

    def __init__(self, layer_dims):
        self.parameters = {}
        for l in range(1, len(layer_dims)):
            self.parameters["W" + str(l)] = np.random.randn(layer_dims[l], layer_dims[l - 1])
            self.parameters["b" + str(l)] = np.zeros((layer_dims[l], 1))

    def forward(self, X):
        p = self.parameters
        assert X.shape[0] == p["W1"].shape[1]
        A1 = sigma(p["W1"] @ X + p["b1"])
        A2 = sigma(p["W2"] @ A1 + p["b2"])
        return A2, (X, A1, A2)

    def backward(self, AL, Y, cache):
        X, A1, A2 = cache
        p = self.parameters
        dZ2 = (AL - Y) * A2 * (1 - A2)
        dZ1 = p["W2"].T @ dZ2 * A1 * (1 - A1)
        return {
            "dW2": dZ2 @ A1.T,
            "db2": dZ2.sum(axis=1, keepdims=True),
            "dW1": dZ1 @ X.T,
            "db1": dZ1.sum(axis=1, keepdims=True),
        }
