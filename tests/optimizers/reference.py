"""Update rules in float64 NumPy, straight from the formulas of the docstrings."""

import numpy as np


def run(rule, gradients, start):
    """Return the weights after a rule's steps on given gradients."""
    weights, state = np.array(start, float), {}
    for step, gradient in enumerate(np.asarray(gradients, float), start=1):
        weights = rule(weights, gradient, state, step)
    return weights


def sgd(rate, momentum=0.0, nesterov=False):
    def rule(w, g, state, step):
        v = state["v"] = momentum * state.get("v", 0) - rate * g
        return w + (momentum * v - rate * g if nesterov else v)

    return rule


def adam(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, decay=0.0):
    def rule(w, g, state, step):
        w = w * (1 - rate * decay)
        m = state["m"] = beta_1 * state.get("m", 0) + (1 - beta_1) * g
        v = state["v"] = beta_2 * state.get("v", 0) + (1 - beta_2) * g**2
        if amsgrad:
            v = state["top"] = np.maximum(v, state.get("top", 0))
        alpha = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        return w - alpha * m / (np.sqrt(v) + epsilon)

    return rule


def rmsprop(rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    def rule(w, g, state, step):
        v = state["v"] = rho * state.get("v", 0) + (1 - rho) * g**2
        if centered:
            mean = state["g"] = rho * state.get("g", 0) + (1 - rho) * g
            v = v - mean**2
        move = rate * g / np.sqrt(v + epsilon)
        if momentum:
            move = state["move"] = momentum * state.get("move", 0) + move
        return w - move

    return rule
