"""The same chain, each layer on its own lines."""

import numpy as np


def s(z):
    return 1.0 / (1.0 + np.exp(-z))


def gradients(params, x, t):
    P = params
    N = x.shape[0]

    h1 = s(x @ P["W1"] + P["b1"])
    h2 = s(h1 @ P["W2"] + P["b2"])
    h3 = s(h2 @ P["W3"] + P["b3"])
    h4 = s(h3 @ P["W4"] + P["b4"])
    h5 = s(h4 @ P["W5"] + P["b5"])
    h6 = s(h5 @ P["W6"] + P["b6"])
    h7 = s(h6 @ P["W7"] + P["b7"])
    h8 = s(h7 @ P["W8"] + P["b8"])
    y = h8 @ P["W9"] + P["b9"]

    d9 = (y - t) / N
    d8 = (d9 @ P["W9"].T) * h8 * (1 - h8)
    d7 = (d8 @ P["W8"].T) * h7 * (1 - h7)
    d6 = (d7 @ P["W7"].T) * h6 * (1 - h6)
    d5 = (d6 @ P["W6"].T) * h5 * (1 - h5)
    d4 = (d5 @ P["W5"].T) * h4 * (1 - h4)
    d3 = (d4 @ P["W4"].T) * h3 * (1 - h3)
    d2 = (d3 @ P["W3"].T) * h2 * (1 - h2)
    d1 = (d2 @ P["W2"].T) * h1 * (1 - h1)

    return {
        "W9": h8.T @ d9, "b9": d9.sum(0),
        "W8": h7.T @ d8, "b8": d8.sum(0),
        "W7": h6.T @ d7, "b7": d7.sum(0),
        "W6": h5.T @ d6, "b6": d6.sum(0),
        "W5": h4.T @ d5, "b5": d5.sum(0),
        "W4": h3.T @ d4, "b4": d4.sum(0),
        "W3": h2.T @ d3, "b3": d3.sum(0),
        "W2": h1.T @ d2, "b2": d2.sum(0),
        "W1": x.T @ d1, "b1": d1.sum(0),
    }  # fmt: skip
