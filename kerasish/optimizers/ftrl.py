"""FTRL: online learning that keeps many weights at exactly zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.initializers.constants import Constant
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


@DIRECTORY.add()
class Ftrl(Optimizer):
    """Follow the regularized leader.

    With n the sum of squared gradients, p the power and l1, l2 the strengths:
    `z += g - (n'^-p - n^-p) w / rate; w = (clip(z, -l1, l1) - z) / (n'^-p / rate +
    2 l2 + beta / rate)`.

    Args:
        learning_rate: A number or a schedule.
        learning_rate_power: How the rate falls with the gradients, p; at most 0, and 0
            for a rate that stays.
        initial_accumulator_value: What the sums of squares begin with; at least 0.
        l1_regularization_strength: What keeps weights at zero; at least 0.
        l2_regularization_strength: What keeps weights small; at least 0.
        l2_shrinkage_regularization_strength: An l2 penalty on the loss, which adds to
            the gradient but not to the sum of squares; at least 0.
        beta: Added to the root of the sum, as in the paper.
        **kwargs: As for `Optimizer`.

    Raises:
        ValueError: An argument is out of its range.

    References:
        McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013,
        algorithm 1.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        self._check_ranges()

    def _check_ranges(self) -> None:
        if self.learning_rate_power > 0:
            self._refuse("learning_rate_power", "0 or less")
        for name in (
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):
            if getattr(self, name) < 0:
                self._refuse(name, "0 or more")

    def _refuse(self, name: str, expected: str) -> None:
        got = f"{name}={getattr(self, name)}"
        raise ValueError(
            explain(f"Ftrl cannot use this {name}.", got=got, expected=expected)
        )

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the sums of squares and the linear terms."""
        super().build(variables)
        start = Constant(self.initial_accumulator_value)
        self.add_slot("accumulator", "linear", initial={"accumulator": start})

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights, sums and linear terms."""
        squares = self.slot("accumulator", variable)
        linear = self.slot("linear", variable)
        before = ops.power(squares, -self.learning_rate_power)
        squares.assign_add(ops.square(gradient))
        after = ops.power(squares, -self.learning_rate_power)
        pull = ops.multiply(variable, 2 * self.l2_shrinkage_regularization_strength)
        shift = ops.divide(ops.subtract(after, before), learning_rate)
        change = ops.subtract(gradient, ops.multiply(shift, variable))
        linear.assign_add(ops.add(change, pull))
        bound = self.l1_regularization_strength
        reached = ops.subtract(ops.clip(linear, -bound, bound), linear)
        variable.assign(ops.divide(reached, self._curvature(after, learning_rate)))

    def _curvature(self, root: Any, learning_rate: Any) -> Any:
        extra = ops.divide(self.beta, learning_rate)
        extra = ops.add(extra, 2 * self.l2_regularization_strength)
        return ops.add(ops.divide(root, learning_rate), extra)
