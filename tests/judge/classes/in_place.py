import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class MLP:
    """Works in arrays that are made once; nothing is returned by backward."""

    def __init__(self, n_in=2, n_hidden=2, n_out=1, seed=42):
        rng = np.random.RandomState(seed)
        self.weights_input_hidden = rng.randn(n_in, n_hidden)
        self.weights_hidden_output = rng.randn(n_hidden, n_out)
        self.bias_hidden = np.zeros(n_hidden)
        self.bias_output = np.zeros(n_out)
        self.output = None

    def feedforward(self, inputs):
        self.hidden = sigmoid(inputs @ self.weights_input_hidden + self.bias_hidden)
        self.output = sigmoid(self.hidden @ self.weights_hidden_output + self.bias_output)
        return self.output

    def backpropagate(self, inputs, targets, lr=0.1):
        error = targets - self.output
        d_out = error * self.output * (1 - self.output)
        d_hidden = d_out.dot(self.weights_hidden_output.T) * self.hidden * (1 - self.hidden)
        np.add(
            self.weights_hidden_output,
            lr * self.hidden.T.dot(d_out),
            out=self.weights_hidden_output,
        )
        self.bias_output += lr * d_out.sum(axis=0)
        self.weights_input_hidden[...] += lr * inputs.T.dot(d_hidden)
        self.bias_hidden += lr * np.sum(d_hidden, axis=0)
