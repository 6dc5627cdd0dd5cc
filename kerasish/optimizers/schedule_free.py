"""Schedule-free AdamW: an average of the weights in place of a falling rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.ops.updates import add_scaled, moving_average
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class ScheduleFreeAdamW(Optimizer):
    """Adam's steps taken by z, gradients at y between z and its average x.

    The weights hold `y = (1-b1) z + b1 x`. At step t `z = z - rate g / (sqrt(v') + e)`,
    v' being Adam's corrected mean square, and `x = (1 - 1/t) x + z / t`. As in Keras,
    the weights stay at y when training ends.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the average in the weights, b1; not 0.
        beta_2: Share of the old mean square kept.
        epsilon: Added to the root, e.
        warmup_steps: Steps over which the rate rises to its value along a line.
        **kwargs: As for `Optimizer`.

    References:
        Defazio et al., "The Road Less Scheduled", NeurIPS 2024, algorithm 1.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Make z, which begins at the weights, and the mean squares."""
        super().build(variables)
        self.add_slot("momentum", "velocity", initial={"momentum": "variable"})

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights, z and mean squares."""
        z = self.slot("momentum", variable)
        v = self.slot("velocity", variable)
        step = ops.cast(ops.add(self.iterations, 1), "float32")
        # where the average is, before z moves: x = (y - (1-b1) z) / b1
        away = ops.subtract(variable, ops.multiply(z, 1 - self.beta_1))
        x = ops.divide(away, self.beta_1)
        v.assign(moving_average(v, ops.square(gradient), weight=1 - self.beta_2))
        started = ops.subtract(1, ops.power(self.beta_2, step))
        root = ops.add(ops.sqrt(ops.divide(v, started)), self.epsilon)
        rate = ops.negative(self._warmed(learning_rate, step))
        z.assign(add_scaled(z, ops.divide(gradient, root), rate))
        x = ops.add(x, ops.divide(ops.subtract(z, x), step))
        variable.assign(moving_average(z, x, weight=self.beta_1))

    def _warmed(self, learning_rate: Any, step: Any) -> Any:
        if not self.warmup_steps:
            return learning_rate
        share = ops.minimum(ops.divide(step, self.warmup_steps), 1.0)
        return ops.multiply(learning_rate, share)
