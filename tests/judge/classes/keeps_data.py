import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


class NeuralNetwork:
    """Takes its data when it is made, and knows no learning rate."""

    def __init__(self, x, y):
        self.input = x
        self.weights1 = np.random.rand(self.input.shape[1], 3)
        self.weights2 = np.random.rand(3, 1)
        self.bias1 = np.zeros(3)
        self.bias2 = np.zeros(1)
        self.y = y
        self.output = np.zeros(self.y.shape)

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1) + self.bias1)
        self.output = sigmoid(np.dot(self.layer1, self.weights2) + self.bias2)
        return self.output

    def backprop(self):
        delta = (self.output - self.y) * self.output * (1 - self.output)
        hidden = np.dot(delta, self.weights2.T) * self.layer1 * (1 - self.layer1)
        self.weights1 -= np.dot(self.input.T, hidden)
        self.weights2 -= np.dot(self.layer1.T, delta)
        self.bias1 -= hidden.sum(axis=0)
        self.bias2 -= delta.sum(axis=0)
