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


def moved(state, name, share, new):
    """Return a running mean brought up to date."""
    state[name] = share * state.get(name, 0) + (1 - share) * new
    return state[name]


def adagrad(rate, start=0.1, epsilon=1e-7):
    def rule(w, g, state, step):
        a = state["a"] = state.get("a", start) + g**2
        return w - rate * g / np.sqrt(a + epsilon)

    return rule


def adadelta(rate, rho=0.95, epsilon=1e-7):
    def rule(w, g, state, step):
        a = moved(state, "a", rho, g**2)
        s = g * np.sqrt(state.get("d", 0) + epsilon) / np.sqrt(a + epsilon)
        moved(state, "d", rho, s**2)
        return w - rate * s

    return rule


def adamax(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    def rule(w, g, state, step):
        m = moved(state, "m", beta_1, g)
        u = state["u"] = np.maximum(beta_2 * state.get("u", 0), abs(g))
        return w - rate * m / ((1 - beta_1**step) * (u + epsilon))

    return rule


def nadam(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    def factor(step):
        return beta_1 * (1 - 0.5 * 0.96**step)

    def rule(w, g, state, step):
        m = moved(state, "m", beta_1, g)
        v = moved(state, "v", beta_2, g**2) / (1 - beta_2**step)
        now, ahead = factor(step), factor(step + 1)
        product = state["p"] = state.get("p", 1) * now
        m = ahead * m / (1 - product * ahead) + (1 - now) * g / (1 - product)
        return w - rate * m / (np.sqrt(v) + epsilon)

    return rule


def lamb(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    def rule(w, g, state, step):
        m = moved(state, "m", beta_1, g) / (1 - beta_1**step)
        v = moved(state, "v", beta_2, g**2) / (1 - beta_2**step)
        r = m / (np.sqrt(v) + epsilon)
        return w - rate * r * np.linalg.norm(w) / np.linalg.norm(r)

    return rule


def lion(rate, beta_1=0.9, beta_2=0.99):
    def rule(w, g, state, step):
        sign = np.sign(beta_1 * state.get("m", 0) + (1 - beta_1) * g)
        moved(state, "m", beta_2, g)
        return w - rate * sign

    return rule


def ftrl(rate, power=-0.5, start=0.1, l1=0.0, l2=0.0, shrinkage=0.0, beta=0.0):
    def rule(w, g, state, step):
        old = state.get("n", start)
        n = state["n"] = old + g**2
        change = g + 2 * shrinkage * w - (n**-power - old**-power) / rate * w
        z = state["z"] = state.get("z", 0) + change
        curvature = n**-power / rate + 2 * l2 + beta / rate
        return (np.clip(z, -l1, l1) - z) / curvature

    return rule


def schedule_free(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup=0):
    def rule(y, g, state, step):
        z = state.get("z", y)
        x = (y - (1 - beta_1) * z) / beta_1
        v = moved(state, "v", beta_2, g**2) / (1 - beta_2**step)
        now = rate * min(1, step / warmup) if warmup else rate
        z = state["z"] = z - now * g / (np.sqrt(v) + epsilon)
        x = x + (z - x) / step
        return (1 - beta_1) * z + beta_1 * x

    return rule


def rms(x):
    return np.sqrt((x**2).mean())


def adafactor(rate, decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, threshold=1.0):
    def rule(w, g, state, step):
        kept, squares = 1 - step**decay, g**2 + epsilon_1
        if w.ndim < 2:
            v = moved(state, "v", kept, squares)
        else:
            r = moved(state, "r", kept, squares.mean(-1))
            c = moved(state, "c", kept, squares.mean(-2))
            v = r[:, None] * c / r.mean()
        u = g / np.sqrt(v)
        u = u / max(1, rms(u) / threshold)
        return w - min(rate, step**-0.5) * max(epsilon_2, rms(w)) * u

    return rule


def newton_schulz(x, steps, a, b, c):
    """Return about the nearest orthogonal matrix, by its singular values."""
    left, values, right = np.linalg.svd(x, full_matrices=False)
    values = values / (np.linalg.norm(values) + 1e-7)
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    return left * values @ right


def muon(rate, momentum=0.95, nesterov=True, steps=5, rms_rate=0.2, decay=0.004):
    def rule(w, g, state, step):
        m = state["m"] = momentum * state.get("m", 0) + g
        along = momentum * m + g if nesterov else m
        size = rms_rate * np.sqrt(max(w.shape)) if rms_rate else 1
        turned = newton_schulz(along, steps, 3.4445, -4.775, 2.0315)
        return w * (1 - rate * decay) - rate * size * turned

    return rule
