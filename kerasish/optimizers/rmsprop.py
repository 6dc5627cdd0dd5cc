"""RMSprop: steps divided by a running root mean square of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.ops.updates import moving_average
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class RMSprop(Optimizer):
    """Step over the running root mean square: `w = w - rate * g / sqrt(v + epsilon)`.

    `v = rho * v + (1 - rho) * g^2`; with `centered` the squared mean gradient is taken
    off v.

    Args:
        learning_rate: A number or a schedule.
        rho: Share of the old mean square kept.
        momentum: Share of the last change kept.
        epsilon: Added under the root.
        centered: Whether to estimate the variance in place of the mean square.
        **kwargs: As for `Optimizer`.

    References:
        Tieleman & Hinton, "Lecture 6.5 - RMSprop", 2012.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means."""
        super().build(variables)
        self.add_slot("velocity")
        if self.momentum > 0:
            self.add_slot("momentum")
        if self.centered:
            self.add_slot("average_gradient")

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        velocity = self.slot("velocity", variable)
        square = ops.square(gradient)
        velocity.assign(moving_average(velocity, square, weight=1 - self.rho))
        spread: Any = velocity
        if self.centered:
            mean = self.slot("average_gradient", variable)
            mean.assign(moving_average(mean, gradient, weight=1 - self.rho))
            spread = ops.subtract(velocity, ops.square(mean))
        root = ops.sqrt(ops.add(spread, self.epsilon))
        move = ops.divide(ops.multiply(gradient, learning_rate), root)
        if self.momentum > 0:
            momentum = self.slot("momentum", variable)
            momentum.assign(ops.add(ops.multiply(momentum, self.momentum), move))
            move = momentum
        variable.assign_sub(move)
