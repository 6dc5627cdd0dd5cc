"""Lion: steps of one size along the sign of a running mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.ops.updates import moving_average
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class Lion(Optimizer):
    """Step by the sign: `w = w - rate sign(b1 m + (1-b1) g); m = b2 m + (1-b2) g`.

    All weights move by the rate, so it should be 3 to 10 times smaller than Adam's, and
    a weight decay as many times larger.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the mean in the direction, b1, in (0, 1].
        beta_2: Share of the old mean kept, b2.
        **kwargs: As for `Optimizer`.

    Raises:
        ValueError: `beta_1` is out of its range.

    References:
        Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023,
        algorithm 2.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                explain("beta_1 of Lion lies in (0, 1].", got=f"beta_1={beta_1}")
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means."""
        super().build(variables)
        self.add_slot("momentum")

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        m = self.slot("momentum", variable)
        direction = ops.sign(moving_average(m, gradient, weight=1 - self.beta_1))
        m.assign(moving_average(m, gradient, weight=1 - self.beta_2))
        variable.assign_sub(ops.multiply(direction, learning_rate))
