"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.ops.updates import add_scaled
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class SGD(Optimizer):
    """Gradient descent with momentum: `v = momentum * v - rate * g; w = w + v`.

    With `nesterov`, `w = w + momentum * v - rate * g`.

    Args:
        learning_rate: A number or a schedule.
        momentum: Share of the last change kept, in [0, 1].
        nesterov: Whether to look ahead along the momentum.
        **kwargs: As for `Optimizer`.

    References:
        Sutskever et al., "On the importance of initialization and momentum in deep
        learning", ICML 2013.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if not 0 <= momentum <= 1:
            raise ValueError(
                explain("momentum lies in [0, 1].", got=f"momentum={momentum}")
            )
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the momenta, if there are any."""
        super().build(variables)
        if self.momentum:
            self.add_slot("momentum")

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and momenta."""
        if not self.momentum:
            downhill = ops.negative(learning_rate)
            variable.assign(add_scaled(variable, gradient, downhill))
            return
        move = ops.multiply(gradient, learning_rate)
        velocity = self.slot("momentum", variable)
        velocity.assign(ops.subtract(ops.multiply(velocity, self.momentum), move))
        if self.nesterov:
            ahead = ops.subtract(ops.multiply(velocity, self.momentum), move)
            variable.assign_add(ahead)
        else:
            variable.assign_add(velocity)
