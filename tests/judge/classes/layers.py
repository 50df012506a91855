import numpy as np


class Layer:
    def __init__(self, n_in, n_out):
        self.weight = np.random.randn(n_out, n_in)
        self.bias = np.zeros(n_out)
        self.grad_weight = np.zeros_like(self.weight)

    def forward(self, x):
        self.x = x
        self.a = 1 / (1 + np.exp(-(x @ self.weight.T + self.bias)))
        return self.a

    def backward(self, grad, lr):
        grad = grad * self.a * (1 - self.a)
        back = grad @ self.weight
        self.weight -= lr * grad.T @ self.x
        self.bias -= lr * grad.sum(axis=0)
        return back


class Model:
    """Layers that are objects of their own, weights (out, in)."""

    def __init__(self, input_dim, hidden_dim, output_dim):
        self.layers = [Layer(input_dim, hidden_dim), Layer(hidden_dim, output_dim)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, x, y, lr):
        grad = self.layers[-1].a - y
        for layer in reversed(self.layers):
            grad = layer.backward(grad, lr)
