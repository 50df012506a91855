import numpy as np


class Net:
    """One sample at a time, as column vectors (Nielsen's way)."""

    def __init__(self, sizes):
        self.sizes = sizes
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(sizes[l + 1], sizes[l]) for l in range(len(sizes) - 1)]

    def feedforward(self, a):
        a = a.reshape(self.sizes[0], 1)
        for b, w in zip(self.biases, self.weights, strict=True):
            a = 1 / (1 + np.exp(-(np.dot(w, a) + b)))
        return a

    def backprop(self, x, y):
        activation = x.reshape(self.sizes[0], 1)
        activations = [activation]
        for b, w in zip(self.biases, self.weights, strict=True):
            activation = 1 / (1 + np.exp(-(np.dot(w, activation) + b)))
            activations.append(activation)
        delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].T)
        for l in range(2, len(self.sizes)):
            prime = activations[-l] * (1 - activations[-l])
            delta = np.dot(self.weights[-l + 1].T, delta) * prime
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l - 1].T)
        return nabla_b, nabla_w
