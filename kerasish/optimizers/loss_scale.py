"""`LossScaleOptimizer`: a loss scaled up so that float16 gradients do not vanish.

The scale follows the gradients: it is halved, and the step left out, where one of them
is not finite, and doubled after a number of steps without such. All of it is state and
`where`, so that a compiled step does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.optimizers import lookup
from kerasish.optimizers.gating import run_if
from kerasish.optimizers.optimizer import Optimizer


@lookup.DIRECTORY.add()
class LossScaleOptimizer(Optimizer):
    """Another optimizer, with dynamic loss scaling.

    Its learning rate, iterations and settings are those of the inner optimizer, whose
    own `loss_scale_factor` is taken off.

    Args:
        inner_optimizer: The optimizer that changes the weights.
        initial_scale: What the loss is first multiplied by.
        dynamic_growth_steps: After so many steps with finite gradients the scale is
            doubled.
        name: Name.
        **kwargs: Refused; settings belong to the inner optimizer.

    Raises:
        ValueError: `inner_optimizer` is none, or there are further arguments.

    References:
        Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2.

    Example:
        >>> from kerasish.optimizers import SGD
        >>> optimizer = LossScaleOptimizer(SGD(0.1), initial_scale=8.0)
        >>> float(optimizer.scale_loss(0.5))
        4.0
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise ValueError(
                explain(
                    "LossScaleOptimizer takes no settings of its own.",
                    got=", ".join(kwargs),
                    fix="give them to the inner optimizer",
                )
            )
        if isinstance(inner_optimizer, (str, dict)):
            inner_optimizer = lookup.get(inner_optimizer)
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                explain(
                    "LossScaleOptimizer needs an optimizer.",
                    got=repr(inner_optimizer),
                    fix="write LossScaleOptimizer(optimizers.Adam())",
                )
            )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        inner_optimizer.loss_scale_factor = None
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        counter = Variable(np.int32(0), name="step_counter")
        self._step_counter = self._track(counter)
        scale = Variable(float(initial_scale), dtype="float32", name="dynamic_scale")
        self._scale = self._track(scale)

    # what belongs to the inner optimizer ----------------------------------------------

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the inner optimizer's state."""
        self._trainable_variables = list(variables)
        self.inner_optimizer.build(variables)
        self.built = True

    @property
    def variables(self) -> list[Variable]:
        """Own iteration and learning rate (unused), counter, scale; the inner state."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """Number of updates done, without those left out."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.inner_optimizer.learning_rate = rate

    @property
    def _arena(self) -> Any:
        return self.inner_optimizer._arena

    def arrange(self) -> None:
        """Put the trainable variables side by side, if the inner optimizer sweeps."""
        self.inner_optimizer.arrange()

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Have the inner optimizer copy its moving averages to the weights."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[Variable] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Keep variables out of the inner optimizer's weight decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    # the scale ------------------------------------------------------------------------

    @property
    def dynamic_scale(self) -> Variable:
        """What the loss is multiplied by now."""
        return self._scale

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times the scale as it is now, in the loss's dtype."""
        loss = ops.convert_to_tensor(loss)
        return ops.multiply(loss, ops.cast(self._scale, loss.dtype))

    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Change the variables by gradients of the scaled loss, if all are finite.

        Args:
            grads: One gradient per variable; None leaves its variable as it is.
            trainable_variables: The variables; those of `build` by default.
        """
        pairs = self._paired(grads, trainable_variables)
        finite = _all_finite([gradient for gradient, _ in pairs])
        inverse = ops.divide(1.0, self._scale)
        scaled = [
            ops.multiply(gradient, ops.cast(inverse, variable.dtype))
            for gradient, variable in pairs
        ]
        variables = [variable for _, variable in pairs]
        run_if(finite, lambda: self.inner_optimizer.apply(scaled, variables))
        self._follow(finite)

    def _follow(self, finite: Any) -> None:
        """Halve the scale where gradients were not finite, double it when it is due."""
        count = ops.where(finite, ops.add(self._step_counter, 1), 0)
        grows = ops.equal(count, self.dynamic_growth_steps)
        factor = ops.where(grows, 2.0, ops.where(finite, 1.0, 0.5))
        self._scale.assign(ops.multiply(self._scale, factor))
        self._step_counter.assign(ops.where(grows, 0, count))

    # config ---------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "name": self.name,
            "inner_optimizer": lookup.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }


def _all_finite(gradients: Sequence[Any]) -> Any:
    """Return whether all elements of all gradients are finite, a boolean scalar."""
    found = [ops.all(ops.isfinite(gradient)) for gradient in gradients]
    result = found[0]
    for one in found[1:]:
        result = ops.logical_and(result, one)
    return result
