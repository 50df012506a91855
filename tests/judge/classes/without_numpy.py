"""Lists of numbers, one sample at a time."""

import math
import random


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


class NeuralNetwork:
    def __init__(self, num_inputs, num_hidden, num_outputs):
        self.w1 = [[random.random() for _ in range(num_hidden)] for _ in range(num_inputs)]
        self.b1 = [0.0] * num_hidden
        self.w2 = [[random.random() for _ in range(num_outputs)] for _ in range(num_hidden)]
        self.b2 = [0.0] * num_outputs

    def feed_forward(self, inputs):
        self.h = []
        for j in range(len(self.b1)):
            z = sum(float(x) * self.w1[i][j] for i, x in enumerate(inputs)) + self.b1[j]
            self.h.append(sigmoid(z))
        self.o = []
        for k in range(len(self.b2)):
            z = sum(h * self.w2[j][k] for j, h in enumerate(self.h)) + self.b2[k]
            self.o.append(sigmoid(z))
        return self.o

    def train(self, inputs, targets, learning_rate=0.5):
        self.feed_forward(inputs)
        deltas = [(o - float(t)) * o * (1 - o) for o, t in zip(self.o, targets, strict=True)]
        hidden = [
            sum(d * self.w2[j][k] for k, d in enumerate(deltas)) * h * (1 - h)
            for j, h in enumerate(self.h)
        ]
        for j, h in enumerate(self.h):
            for k, d in enumerate(deltas):
                self.w2[j][k] -= learning_rate * d * h
        for k, d in enumerate(deltas):
            self.b2[k] -= learning_rate * d
        for i, x in enumerate(inputs):
            for j, d in enumerate(hidden):
                self.w1[i][j] -= learning_rate * d * float(x)
        for j, d in enumerate(hidden):
            self.b1[j] -= learning_rate * d
