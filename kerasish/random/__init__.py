"""Seeds and random tensors: `keras.random`, and the host generators of the package."""

from kerasish.random.binomial_draws import binomial
from kerasish.random.draws import (
    categorical,
    dropout,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from kerasish.random.gamma_draws import beta, gamma
from kerasish.random.seed import (
    SeedGenerator,
    draw_seed,
    host_generator,
    set_random_seed,
)

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "draw_seed",
    "dropout",
    "gamma",
    "host_generator",
    "normal",
    "randint",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
