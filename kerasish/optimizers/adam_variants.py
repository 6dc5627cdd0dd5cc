"""Relatives of Adam: Adamax, Nadam and Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.ops.updates import moving_average
from kerasish.optimizers.adam import move_means
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer, sweeping


class _TwoMeans(Optimizer):
    """A rule with running means of the gradient and of its size."""

    spread = "velocity"  # name of the second mean

    @takes_settings()
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means."""
        super().build(variables)
        self.add_slot("momentum", self.spread)

    def _step(self) -> Any:
        return ops.cast(ops.add(self.iterations, 1), "float32")

    def _moved(self, gradient: Any, variable: Variable) -> tuple[Variable, Variable]:
        """Return the means of the gradient and of its square, brought up to date."""
        m = self.slot("momentum", variable)
        v = self.slot("velocity", variable)
        move_means(gradient, m, v, self.beta_1, self.beta_2)
        return m, v


@DIRECTORY.add()
class Adamax(_TwoMeans):
    """Adam with the largest gradient in place of the mean square.

    `m = b1 m + (1-b1) g; u = max(b2 u, |g|); w = w - rate m / ((1 - b1^t) (u + e))`.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the old mean kept, b1.
        beta_2: Factor by which the largest size fades, b2.
        epsilon: Added to the largest size, e.
        **kwargs: As for `Optimizer`.

    References:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, section 7.
    """

    spread = "norm"

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights, means and sizes."""
        m = self.slot("momentum", variable)
        u = self.slot("norm", variable)
        m.assign(moving_average(m, gradient, weight=1 - self.beta_1))
        faded = ops.multiply(u, self.beta_2)
        u.assign(ops.maximum(faded, ops.absolute(gradient)))
        started = ops.subtract(1, ops.power(self.beta_1, self._step()))
        rate = ops.divide(learning_rate, started)
        size = ops.add(u, self.epsilon)
        variable.assign_sub(ops.divide(ops.multiply(m, rate), size))


@DIRECTORY.add()
class Nadam(_TwoMeans):
    """Adam with Nesterov's look ahead along the momentum.

    With u_t = b1 (1 - 0.96^t / 2) and U_t the product of all up to u_t, the step is
    along `u_t+1 m / (1 - U_t+1) + (1 - u_t) g / (1 - U_t)`, over `sqrt(v / (1 - b2^t))
    + e`.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the old mean kept, b1.
        beta_2: Share of the old mean square kept, b2.
        epsilon: Added to the root, e.
        **kwargs: As for `Optimizer`.

    References:
        Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
    """

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the running means, and the product of the momentum factors."""
        super().build(variables)
        self._product = self.add_variable((), "ones", dtype="float32")

    def recount(self) -> None:
        """Set the product of the momentum factors from the number of steps taken.

        For files of Keras 2, which do not hold it.
        """
        taken = np.arange(1, int(ops.convert_to_numpy(self.iterations)) + 1)
        factors = self.beta_1 * (1 - 0.5 * 0.96**taken)
        self._product.assign(np.prod(factors).astype("float32"))

    def _factor(self, step: Any) -> Any:
        """Return u_t."""
        fade = ops.multiply(ops.power(0.96, step), 0.5)
        return ops.multiply(ops.subtract(1, fade), self.beta_1)

    def begin_step(self) -> None:
        """Bring the product of the momentum factors up to date."""
        factor = self._factor(self._step())
        self._product.assign(ops.multiply(self._product, factor))

    @sweeping
    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        m, v = self._moved(gradient, variable)
        step = self._step()
        now, ahead = self._factor(step), self._factor(ops.add(step, 1))
        next_product = ops.multiply(self._product, ahead)
        of_mean = ops.divide(ahead, ops.subtract(1, next_product))
        fresh = ops.divide(ops.subtract(1, now), ops.subtract(1, self._product))
        direction = ops.add(ops.multiply(m, of_mean), ops.multiply(gradient, fresh))
        started = ops.subtract(1, ops.power(self.beta_2, step))
        root = ops.add(ops.sqrt(ops.divide(v, started)), self.epsilon)
        variable.assign_sub(ops.divide(ops.multiply(direction, learning_rate), root))


@DIRECTORY.add()
class Lamb(_TwoMeans):
    """Adam whose step is as long, in each variable, as the rate times its weights.

    With Adam's direction r, `w = w - rate r |w| / |r|`; the factor |w| / |r| is 1 where
    one of both is 0.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the old mean kept.
        beta_2: Share of the old mean square kept.
        epsilon: Added to the root.
        **kwargs: As for `Optimizer`.

    References:
        You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76
        minutes", ICLR 2020, algorithm 2.
    """

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and running means."""
        m, v = self._moved(gradient, variable)
        step = self._step()
        mean = ops.divide(m, ops.subtract(1, ops.power(self.beta_1, step)))
        square = ops.divide(v, ops.subtract(1, ops.power(self.beta_2, step)))
        direction = ops.divide(mean, ops.add(ops.sqrt(square), self.epsilon))
        length, size = ops.norm(direction), ops.norm(variable)
        both = ops.logical_and(ops.greater(length, 0), ops.greater(size, 0))
        ratio = ops.divide(size, ops.where(ops.greater(length, 0), length, 1.0))
        rate = ops.multiply(learning_rate, ops.where(both, ratio, 1.0))
        variable.assign_sub(ops.multiply(direction, rate))
