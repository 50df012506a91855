import numpy as np


class NeuralNetwork:
    def __init__(self, input_size, hidden_size, output_size):
        self.W1 = np.random.randn(input_size, hidden_size)
        self.b1 = np.zeros((1, hidden_size))
        self.W2 = np.random.randn(hidden_size, output_size)
        self.b2 = np.zeros((1, output_size))

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def sigmoid_derivative(self, a):
        return a * (1 - a)

    def forward(self, X):
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        self.a2 = self.sigmoid(self.z2)
        return self.a2

    def backward(self, X, y_true, learning_rate):
        output_error = self.a2 - y_true
        output_delta = output_error * self.sigmoid_derivative(self.a2)
        hidden_error = np.dot(output_delta, self.W2.T)
        hidden_delta = hidden_error * self.sigmoid_derivative(self.a1)
        self.W2 -= learning_rate * np.dot(self.a1.T, output_delta)
        self.b2 -= learning_rate * np.sum(output_delta, axis=0, keepdims=True)
        self.W1 -= learning_rate * np.dot(X.T, hidden_delta)
        self.b1 -= learning_rate * np.sum(hidden_delta, axis=0, keepdims=True)
