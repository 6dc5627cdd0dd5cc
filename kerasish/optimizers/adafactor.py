"""Adafactor: Adam's division by a mean square that is kept as rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer


@DIRECTORY.add()
class Adafactor(Optimizer):
    """Step over a factored root mean square, relative to the size of the weights.

    Of a matrix, only the means of the squared gradients along rows (r) and columns (c)
    are kept, and `v = r c / mean(r)`; of a vector v itself. With u = g / sqrt(v), cut
    down to a root mean square of `clip_threshold`, and the share
    `a = min(rate, 1 / sqrt(t))`: `w = w - a max(epsilon_2, rms(w)) u`.

    Args:
        learning_rate: A number or a schedule.
        beta_2_decay: Power d by which old means fade: at step t, the share
            `1 - t^d` is kept.
        epsilon_1: Added to squared gradients.
        epsilon_2: Least size of the weights that steps are relative to.
        clip_threshold: Largest root mean square of u.
        relative_step: Without effect, as in Keras 3.15: the rate is always bounded by
            `1 / sqrt(t)`.
        **kwargs: As for `Optimizer`.

    References:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory
        Cost", ICML 2018, algorithms 4 and 5.
    """

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the means along rows and columns, and the mean squares.

        Keras's files also hold the mean squares of matrices, and whole zeros in place
        of the rows and columns of vectors.
        """
        super().build(variables)
        for name in ("r", "c", "velocity"):
            self._slots[name] = []
        for variable in variables:
            for name, axis in (("r", -1), ("c", -2)):
                self._slots[name].append(self._means_along(axis, variable))
            made = self.add_variable_from_reference(variable, "velocity")
            self._slots["velocity"].append(made)

    def _means_along(self, axis: int, variable: Variable) -> Variable:
        if len(variable.shape) < 2:
            return self._track(Variable(np.int32(0), name=variable.name))
        shape = list(variable.shape)
        del shape[axis]
        return self.add_variable(shape, dtype=variable.dtype, name=variable.name)

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and means."""
        step = ops.cast(ops.add(self.iterations, 1), "float32")
        rate = ops.minimum(learning_rate, ops.rsqrt(step))
        rate = ops.multiply(rate, ops.maximum(self.epsilon_2, _rms(variable)))
        spread = self.slot("velocity", variable)
        fresh = ops.power(step, self.beta_2_decay)
        squares = ops.add(ops.square(gradient), self.epsilon_1)
        if len(variable.shape) >= 2:
            spread.assign(self._factored(variable, squares, fresh))
        else:
            spread.assign(_mixed(spread, squares, fresh))
        direction = ops.divide(gradient, ops.sqrt(spread))
        excess = ops.maximum(1.0, ops.divide(_rms(direction), self.clip_threshold))
        variable.assign_sub(ops.multiply(direction, ops.divide(rate, excess)))

    def _factored(self, variable: Variable, squares: Any, fresh: Any) -> Any:
        """Return the product of the means along rows and columns, brought up to date.

        Eq. 4 of the paper; shared out so that the mean of the rows cancels.
        """
        r, c = self.slot("r", variable), self.slot("c", variable)
        r.assign(_mixed(r, ops.mean(squares, axis=-1), fresh))
        c.assign(_mixed(c, ops.mean(squares, axis=-2), fresh))
        share = ops.divide(r, ops.mean(r, axis=-1, keepdims=True))
        return ops.multiply(ops.expand_dims(share, -1), ops.expand_dims(c, -2))


def _mixed(old: Any, new: Any, fresh: Any) -> Any:
    return ops.add(old, ops.multiply(ops.subtract(new, old), fresh))


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))
