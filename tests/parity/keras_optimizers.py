"""Run as a script: what Keras's optimizers make of given gradients, pickled.

Keras computes on NumPy here, where its optimizers run eagerly; its backend is chosen
once a process, hence a script. `SETTINGS` and `run` serve both libraries: `m` is
`keras` or `kerasish`.
"""

import pickle
import sys

import numpy as np

STEPS = 6
SHAPES = {"layer/kernel": (4, 3), "layer/bias": (3,), "embedding/conv": (2, 3, 2)}


def half_life(m):
    return m.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)


def settings_of(name, **changed):
    """Return a rule in some settings: its own, and some of the base class."""
    shared = {
        "plain": {},
        "decay": {"weight_decay": 0.1},
        "clipped": {"clipnorm": 0.5},
        "average": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
        "accumulated": {"gradient_accumulation_steps": 2, "weight_decay": 0.05},
        "accumulated_average": {
            "gradient_accumulation_steps": 2,
            "use_ema": True,
            "ema_momentum": 0.5,
        },
        "schedule": {"learning_rate": half_life},
        "accumulated_schedule": {
            "learning_rate": half_life,
            "gradient_accumulation_steps": 2,
        },
    }
    own = {f"own_{i}": kwargs for i, kwargs in enumerate(changed.get("own", []))}
    return {(name, key): kwargs for key, kwargs in {**shared, **own}.items()}


ALL = ("l1_regularization_strength", "l2_regularization_strength", "beta")
SETTINGS = {
    **settings_of("SGD", own=[{"momentum": 0.9, "nesterov": True}]),
    **settings_of("RMSprop", own=[{"centered": True, "momentum": 0.5}]),
    **settings_of("Adam", own=[{"amsgrad": True, "beta_2": 0.5}]),
    **settings_of("AdamW", own=[{"beta_1": 0.5}]),
    **settings_of("Adadelta", own=[{"rho": 0.8, "epsilon": 0.01}]),
    **settings_of("Adagrad", own=[{"initial_accumulator_value": 0, "epsilon": 0.1}]),
    **settings_of("Adamax", own=[{"beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}]),
    **settings_of("Nadam", own=[{"beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}]),
    **settings_of("Lamb", own=[{"beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}]),
    **settings_of("Lion", own=[{"beta_1": 0.5, "beta_2": 0.7}]),
    **settings_of(
        "Ftrl",
        own=[
            {"learning_rate_power": -0.3, **dict.fromkeys(ALL, 0.2)},
            {"learning_rate_power": 0.0, "initial_accumulator_value": 0.5},
            {"l2_shrinkage_regularization_strength": 0.1},
        ],
    ),
    **settings_of(
        "Adafactor",
        own=[
            {"beta_2_decay": -0.5, "epsilon_1": 0.1, "epsilon_2": 2.0},
            {"clip_threshold": 0.3, "learning_rate": 2.0},
            {"relative_step": False, "learning_rate": 2.0},
        ],
    ),
    **settings_of(
        "Muon",
        own=[
            {"rms_rate": None, "nesterov": False, "ns_steps": 3},
            {"exclude_layers": ["lay.r"], "adam_lr_ratio": 0.3, "epsilon": 0.1},
            {"weight_decay": None, "adam_weight_decay": 0.2, "momentum": 0.5},
            {"exclude_embeddings": False, "muon_a": 3.0, "adam_beta_1": 0.5},
        ],
    ),
    **settings_of(
        "ScheduleFreeAdamW",
        own=[
            {"warmup_steps": 4, "epsilon": 0.1},
            {"beta_1": 0.5, "beta_2": 0.9},
        ],
    ),
}


def loss_scaled(m, **kwargs):
    inner = m.optimizers.SGD(0.1, momentum=0.5, **kwargs)
    return m.optimizers.LossScaleOptimizer(inner, 4.0, dynamic_growth_steps=2)


def by_map(m, **kwargs):
    chosen = m.optimizers.OptimizerMap(
        m.optimizers.SGD(0.1, momentum=0.9, **kwargs),
        {".*/kernel": m.optimizers.Adam(0.1), "nowhere": m.optimizers.Lion()},
    )
    return m.optimizers.MultiOptimizer(chosen, loss_scale_factor=4.0)


def by_function(m):
    pair = m.optimizers.SGD(0.1, use_ema=True), m.optimizers.RMSprop(0.1)
    return m.optimizers.MultiOptimizer(lambda v: pair[v.name == "bias"])


WRAPPED = {
    ("LossScaleOptimizer", "plain"): loss_scaled,
    ("LossScaleOptimizer", "accumulated"): lambda m: loss_scaled(
        m, gradient_accumulation_steps=2
    ),
    ("LossScaleOptimizer", "own_factor"): lambda m: loss_scaled(
        m, loss_scale_factor=2.0
    ),
    ("MultiOptimizer", "by_map"): by_map,
    ("MultiOptimizer", "accumulated"): lambda m: by_map(
        m, gradient_accumulation_steps=2
    ),
    ("MultiOptimizer", "by_function"): by_function,
}
CASES = [*SETTINGS, *WRAPPED]


def make(m, case):
    """Return the optimizer of a case."""
    if case in WRAPPED:
        return WRAPPED[case](m)
    kwargs = {"learning_rate": 0.1, **SETTINGS[case]}
    if callable(kwargs["learning_rate"]):
        kwargs["learning_rate"] = kwargs["learning_rate"](m)
    return getattr(m.optimizers, case[0])(**kwargs)


def start(dtype):
    """Return first values of the variables by path."""
    rng = np.random.default_rng(0)
    return {p: rng.normal(size=s).astype(dtype) for p, s in SHAPES.items()}


def gradients(case, dtype):
    """Return gradients for every step and variable; one is infinite for loss scales."""
    rng = np.random.default_rng(1)
    steps = [
        [rng.normal(size=shape).astype(dtype) for shape in SHAPES.values()]
        for _ in range(STEPS)
    ]
    if case[0] == "LossScaleOptimizer":
        steps[2][1][0] = np.inf
    return steps


def run(m, case, dtype="float32"):
    """Return the weights after each step, and the state after the last."""
    variables = []
    for path, value in start(dtype).items():
        variable = m.Variable(value, name=path.split("/")[-1])
        place_at(variable, path)
        variables.append(variable)
    optimizer = make(m, case)
    optimizer.build(variables)
    weights = []
    for step in gradients(case, dtype):
        optimizer.apply([m.ops.convert_to_tensor(g) for g in step], variables)
        weights.append([np.array(v) for v in variables])
    state = [(v.path.split("/")[-1], np.array(v)) for v in optimizer.variables]
    return weights, state


def place_at(variable, path):
    """Give a variable a path, as it would have in a model."""
    private = "_path" if hasattr(variable, "_path") else "path"
    setattr(variable, private, path)


if __name__ == "__main__":
    import keras

    sys.stdout.buffer.write(pickle.dumps({case: run(keras, case) for case in CASES}))
