import numpy as np


class NN:
    """Forward, backward and update in one method that trains."""

    def __init__(self, input_nodes, hidden_nodes, output_nodes, learning_rate=0.3):
        self.wih = np.random.normal(0, 0.1, (hidden_nodes, input_nodes))
        self.who = np.random.normal(0, 0.1, (output_nodes, hidden_nodes))
        self.bias_h = np.zeros((hidden_nodes, 1))
        self.bias_o = np.zeros((output_nodes, 1))
        self.lr = learning_rate

    def predict(self, inputs):
        hidden = 1 / (1 + np.exp(-(self.wih @ inputs + self.bias_h)))
        return 1 / (1 + np.exp(-(self.who @ hidden + self.bias_o)))

    def fit(self, inputs, targets, epochs=100):
        for _ in range(epochs):
            hidden = 1 / (1 + np.exp(-(self.wih @ inputs + self.bias_h)))
            final = 1 / (1 + np.exp(-(self.who @ hidden + self.bias_o)))
            errors = (targets - final) * final * (1 - final)
            back = (self.who.T @ errors) * hidden * (1 - hidden)
            self.who += self.lr * errors @ hidden.T
            self.bias_o += self.lr * errors.sum(axis=1, keepdims=True)
            self.wih += self.lr * back @ inputs.T
            self.bias_h += self.lr * back.sum(axis=1, keepdims=True)
