import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x):
    return sigmoid(x) * (1 - sigmoid(x))


class TwoLayers:
    def __init__(self, inputs, hidden, outputs):
        self.w1 = np.random.randn(inputs, hidden)
        self.b1 = np.zeros((1, hidden))
        self.w2 = np.random.randn(hidden, outputs)
        self.b2 = np.zeros((1, outputs))

    def forward(self, X):
        self.h = sigmoid(X @ self.w1 + self.b1)
        self.y = sigmoid(self.h @ self.w2 + self.b2)
        return self.y

    def backward(self, X, y_true, learning_rate):
        dy = self.y - y_true
        dh = (dy @ self.w2.T) * sigmoid_derivative(X @ self.w1 + self.b1)
        dw2 = self.h.T @ dy
        dw1 = X.T @ dh
        self.w2 -= learning_rate * dw2
        self.w1 -= learning_rate * dw1


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
t = np.array([[0], [1], [1], [0]])
net = TwoLayers(2, 3, 1)
for _ in range(10000):
    net.forward(X)
    net.backward(X, t, 0.1)
print(net.forward(X))
