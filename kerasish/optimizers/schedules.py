"""Learning rates that change with the step: `keras.optimizers.schedules`.

A schedule is called with the step number, a Python number or a tensor, and returns the
rate, a float scalar. All are written in ops without branches on the step, so that an
optimizer can call them inside a traced step, where the step number is a variable. Rates
are computed in float32 (float64 if that is `floatx()`), also from whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.errors import explain
from kerasish.optimizers.schedule import (
    DIRECTORY,
    LearningRateSchedule,
    as_float,
    check_steps,
    rate_dtype,
)


@DIRECTORY.add()
class ExponentialDecay(LearningRateSchedule):
    """Rate multiplied by `decay_rate` every `decay_steps` steps.

    `initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps per factor; positive.
        decay_rate: The factor.
        staircase: Whether the rate falls in stairs: the exponent is rounded down.
        name: Name of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.

    Example:
        >>> round(float(ExponentialDecay(0.1, 100, 0.5)(200)), 6)
        0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_steps("ExponentialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        exponent = _share_done(step, self.decay_steps, self.staircase)
        factor = ops.power(float(self.decay_rate), exponent)
        return ops.multiply(factor, self.initial_learning_rate)


@DIRECTORY.add()
class InverseTimeDecay(LearningRateSchedule):
    """Rate divided by a number that grows by `decay_rate` every `decay_steps` steps.

    `initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps per growth; positive.
        decay_rate: The growth.
        staircase: Whether the rate falls in stairs: the quotient is rounded down.
        name: Name of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.

    Example:
        >>> round(float(InverseTimeDecay(0.1, 100, 1.0)(300)), 6)
        0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        check_steps("InverseTimeDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        share = _share_done(step, self.decay_steps, self.staircase)
        divisor = ops.add(ops.multiply(share, self.decay_rate), 1.0)
        return ops.divide(float(self.initial_learning_rate), divisor)


@DIRECTORY.add()
class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to each boundary, and the last one after.

    Args:
        boundaries: Steps in rising order; a boundary still has the rate before it.
        values: Rates, one more than boundaries.
        name: Name of the schedule.

    Raises:
        ValueError: There is not one value more than boundaries.

    Example:
        >>> schedule = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
        >>> [float(schedule(step)) for step in (0, 10, 11, 99)]
        [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) + 1 != len(values):
            raise ValueError(
                explain(
                    "PiecewiseConstantDecay cannot match rates to boundaries.",
                    got=f"{len(boundaries)} boundaries and {len(values)} values",
                    expected="one value more than boundaries",
                )
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        step = ops.convert_to_tensor(step)
        rate = ops.convert_to_tensor(float(self.values[0]), dtype=rate_dtype())
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(ops.greater(step, boundary), float(value), rate)
        return rate


@DIRECTORY.add()
class PolynomialDecay(LearningRateSchedule):
    """Rate that falls to `end_learning_rate` along a power of the steps left.

    `(initial - end) * (1 - step / decay_steps) ** power + end`, and `end` afterwards.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps until the end; positive.
        end_learning_rate: Rate from then on.
        power: 1 falls along a line.
        cycle: Whether to start over, with `decay_steps` stretched to its next multiple
            each time the end is passed.
        name: Name of the schedule.

    Raises:
        ValueError: `decay_steps` is not positive.

    Example:
        >>> round(float(PolynomialDecay(0.1, 100, 0.0)(75)), 6)
        0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_steps("PolynomialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        step = as_float(step)
        if self.cycle:
            rounds = ops.maximum(ops.ceil(ops.divide(step, self.decay_steps)), 1.0)
            length = ops.multiply(rounds, self.decay_steps)
        else:
            step = ops.minimum(step, self.decay_steps)
            length = float(self.decay_steps)
        left = ops.subtract(1.0, ops.divide(step, length))
        span = self.initial_learning_rate - self.end_learning_rate
        falling = ops.multiply(ops.power(left, float(self.power)), span)
        return ops.add(falling, self.end_learning_rate)


@DIRECTORY.add()
class CosineDecay(LearningRateSchedule):
    """Rate that falls along half a cosine wave, after an optional linear warmup.

    Args:
        initial_learning_rate: Rate at step 0.
        decay_steps: Steps of the decay, after the warmup; positive.
        alpha: Lowest rate, as a fraction of the rate the decay starts from.
        name: Name of the schedule.
        warmup_target: Rate at the end of the warmup; None for no warmup.
        warmup_steps: Steps of the warmup.

    Raises:
        ValueError: `decay_steps` is not positive.

    References:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
        ICLR 2017, eq. 5.

    Example:
        >>> round(float(CosineDecay(0.1, 100)(50)), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        check_steps("CosineDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        step = as_float(step)
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        decayed = self._decayed(
            ops.subtract(step, self.warmup_steps), self.warmup_target
        )
        if self.warmup_steps == 0:
            return decayed
        slope = (self.warmup_target - self.initial_learning_rate) / self.warmup_steps
        rising = ops.add(ops.multiply(step, slope), self.initial_learning_rate)
        return ops.where(ops.less(step, self.warmup_steps), rising, decayed)

    def _decayed(self, step: Any, start: float) -> Any:
        share = ops.divide(ops.minimum(step, self.decay_steps), self.decay_steps)
        return ops.multiply(_half_cosine(share, self.alpha), start)


@DIRECTORY.add()
class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts over each time it has ended.

    Args:
        initial_learning_rate: Rate at step 0.
        first_decay_steps: Steps until the first restart; positive.
        t_mul: Factor of the number of steps from one restart to the next; at least 1.
        m_mul: Factor of the rate each restart begins with.
        alpha: Lowest rate, as a fraction of the initial one.
        name: Name of the schedule.

    Raises:
        ValueError: `first_decay_steps` is not positive.

    References:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
        ICLR 2017, eq. 5.

    Example:
        >>> schedule = CosineDecayRestarts(0.1, 10)
        >>> [round(float(schedule(step)), 6) for step in (5, 10, 20, 30)]
        [0.05, 0.1, 0.05, 0.1]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step."""
        periods = ops.divide(as_float(step), self.first_decay_steps)
        restarts, share = self._locate(periods)
        height = ops.power(float(self.m_mul), restarts)
        wave = _half_cosine(share, self.alpha, height)
        return ops.multiply(wave, self.initial_learning_rate)

    def _locate(self, periods: Any) -> tuple[Any, Any]:
        """Return how many restarts lie behind, and the share of this period done.

        After n restarts (1 - t^n) / (1 - t) first periods have passed, t being `t_mul`.
        """
        if self.t_mul == 1.0:
            restarts = ops.floor(periods)
            return restarts, ops.subtract(periods, restarts)
        grown = ops.subtract(1.0, ops.multiply(periods, 1.0 - self.t_mul))
        restarts = ops.floor(ops.divide(ops.log(grown), math.log(self.t_mul)))
        stretch = ops.power(float(self.t_mul), restarts)
        passed = ops.divide(ops.subtract(1.0, stretch), 1.0 - self.t_mul)
        return restarts, ops.divide(ops.subtract(periods, passed), stretch)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the schedule that a config from a file describes."""
    return DIRECTORY.deserialize(config, custom_objects)


def serialize(learning_rate_schedule: Any) -> Any:
    """Return the config of a schedule, as files hold it."""
    return DIRECTORY.serialize(learning_rate_schedule)


def _share_done(step: Any, decay_steps: int, staircase: bool) -> Any:
    share = ops.divide(as_float(step), decay_steps)
    return ops.floor(share) if staircase else share


def _half_cosine(share: Any, alpha: float, height: Any = 1.0) -> Any:
    """Return a fall from `height` (share 0) to `alpha` (share 1) along a cosine."""
    wave = ops.add(ops.cos(ops.multiply(share, math.pi)), 1.0)
    fall = ops.multiply(wave, ops.multiply(height, 0.5))
    return ops.add(ops.multiply(fall, 1.0 - alpha), alpha)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
