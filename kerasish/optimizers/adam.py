"""Adam and AdamW: steps from running means of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.ops.updates import add_scaled, moving_average
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


def move_means(
    gradient: Any, m: Variable, v: Variable, beta_1: float, beta_2: float
) -> None:
    """Bring the running means of the gradient and of its square up to date."""
    m.assign(moving_average(m, gradient, weight=1 - beta_1))
    v.assign(moving_average(v, ops.square(gradient), weight=1 - beta_2))


def corrected_rate(
    learning_rate: Any, iterations: Any, beta_1: float, beta_2: float
) -> Any:
    """Return `rate * sqrt(1 - b2^t) / (1 - b1^t)` at step t = iterations + 1.

    The scalars 1 - b^t correct the means for having started at 0 (section 3 of Adam's
    paper); so they cost nothing per weight.
    """
    step = ops.cast(ops.add(iterations, 1), "float32")
    correction = ops.sqrt(ops.subtract(1, ops.power(beta_2, step)))
    started = ops.subtract(1, ops.power(beta_1, step))
    return ops.divide(ops.multiply(learning_rate, correction), started)


def step_along(
    variable: Variable, m: Any, spread: Any, rate: Any, epsilon: float
) -> None:
    """Assign `w - rate m / (sqrt(spread) + epsilon)`."""
    root = ops.add(ops.sqrt(spread), epsilon)
    variable.assign(add_scaled(variable, ops.divide(m, root), ops.negative(rate)))


@DIRECTORY.add()
class Adam(Optimizer):
    """Step by the running mean m over the root of the running mean square v.

    `m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; w = w - a m / (sqrt(v) + epsilon)` with
    `a = rate * sqrt(1 - b2^t) / (1 - b1^t)` at step t: the paper's form before section
    2.1's last remark, so epsilon stands outside the root and is not scaled.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the old mean kept.
        beta_2: Share of the old mean square kept.
        epsilon: Added to the root.
        amsgrad: Whether to divide by the largest v so far.
        **kwargs: As for `Optimizer`.

    References:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
        Reddi et al., "On the Convergence of Adam and Beyond", ICLR 2018 (amsgrad).
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means."""
        super().build(variables)
        self.add_slot("momentum", "velocity")
        if self.amsgrad:
            self.add_slot("velocity_hat")

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        m = self.slot("momentum", variable)
        v = self.slot("velocity", variable)
        betas = self.beta_1, self.beta_2
        move_means(gradient, m, v, *betas)
        spread = v
        if self.amsgrad:
            spread = self.slot("velocity_hat", variable)
            spread.assign(ops.maximum(spread, v))
        rate = corrected_rate(learning_rate, self.iterations, *betas)
        step_along(variable, m, spread, rate, self.epsilon)


@DIRECTORY.add()
class AdamW(Adam):
    """Adam whose weight decay is applied to the weights, not through the gradient.

    Args:
        learning_rate: A number or a schedule.
        weight_decay: Fraction of each weight taken off per step, times the rate.
        beta_1: Share of the old mean kept.
        beta_2: Share of the old mean square kept.
        epsilon: Added to the root.
        amsgrad: Whether to divide by the largest v so far.
        **kwargs: As for `Optimizer`.

    References:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay=weight_decay,
            **kwargs,
        )
        if self.weight_decay is None:
            raise ValueError(
                explain("AdamW needs a weight_decay.", got="None", fix="use Adam")
            )
