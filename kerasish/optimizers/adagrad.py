"""Adagrad and Adadelta: steps divided by what each weight's gradients amount to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.initializers.constants import Constant
from kerasish.ops.updates import moving_average
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class Adagrad(Optimizer):
    """Step over the root of all squared gradients so far: `w -= rate g / sqrt(a + e)`.

    Args:
        learning_rate: A number or a schedule.
        initial_accumulator_value: What the sum a of squares begins with.
        epsilon: Added under the root, e.
        **kwargs: As for `Optimizer`.

    References:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", JMLR 2011.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the sums of squares."""
        super().build(variables)
        start = Constant(self.initial_accumulator_value)
        self.add_slot("accumulator", initial={"accumulator": start})

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and sums."""
        total = self.slot("accumulator", variable)
        total.assign_add(ops.square(gradient))
        root = ops.sqrt(ops.add(total, self.epsilon))
        variable.assign_sub(ops.divide(ops.multiply(gradient, learning_rate), root))


@DIRECTORY.add()
class Adadelta(Optimizer):
    """Adagrad with running means, and steps in the units of the weights.

    `a = rho a + (1-rho) g^2; s = g sqrt(d + e) / sqrt(a + e);
    d = rho d + (1-rho) s^2; w = w - rate s`.

    Args:
        learning_rate: A number or a schedule; the paper has 1.
        rho: Share of the old means kept.
        epsilon: Added under the roots, e.
        **kwargs: As for `Optimizer`.

    References:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means."""
        super().build(variables)
        self.add_slot("accumulated_grad", "accumulated_delta_var")

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        squares = self.slot("accumulated_grad", variable)
        moves = self.slot("accumulated_delta_var", variable)
        fresh = 1 - self.rho
        squares.assign(moving_average(squares, ops.square(gradient), weight=fresh))
        ratio = ops.divide(self._root(moves), self._root(squares))
        move = ops.multiply(gradient, ratio)
        moves.assign(moving_average(moves, ops.square(move), weight=fresh))
        variable.assign_sub(ops.multiply(move, learning_rate))

    def _root(self, squares: Any) -> Any:
        return ops.sqrt(ops.add(squares, self.epsilon))
