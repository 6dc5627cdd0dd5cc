"""The optimizer base class: what every update rule shares.

A rule is `update_step(gradient, variable, learning_rate)`. One marked `@sweeping` is
elementwise and finds its state through `slot`: it is then run once over an arena that
holds all trainable variables side by side, not once per variable. A rule without the
mark, or a model with constraints or exclusions, is updated variable by variable; the
numbers are the same.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Arena, Variable
from kerasish.optimizers import clipping
from kerasish.optimizers.gating import run_if
from kerasish.optimizers.state import OptimizerState
from kerasish.saving.serialization import serialize_config

F = TypeVar("F", bound=Callable[..., None])
Pairs = list[tuple[Any, Variable]]


def sweeping(update_step: F) -> F:
    """Mark an update rule that works elementwise and reads its state through `slot`."""
    update_step.sweeping = True  # type: ignore[attr-defined]
    return update_step


class Optimizer(OptimizerState):
    """Base class of optimizers.

    Args:
        learning_rate: A number, a `LearningRateSchedule`, or a callable without
            arguments.
        weight_decay: Fraction of each weight taken off per step, times the rate.
        clipnorm: Largest Euclidean norm of each gradient.
        clipvalue: Largest size of each gradient element.
        global_clipnorm: Largest Euclidean norm of all gradients together.
        use_ema: Whether to keep a moving average of the weights.
        ema_momentum: Share of the old average kept at each step, in [0, 1].
        ema_overwrite_frequency: Steps between copies of the average to the weights;
            None copies at the end of training only.
        loss_scale_factor: Number `scale_loss` multiplies the loss by; gradients are
            divided by it.
        gradient_accumulation_steps: Steps over which gradients are averaged before the
            weights change.
        name: Name; the class in snake case, numbered, by default.
        **kwargs: Refused, with the nearest name there is.

    Raises:
        ValueError: More than one way of clipping, a number out of its range, or an
            argument that is unknown.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._ignore_decay(kwargs)
        self._refuse_arguments(kwargs)
        super().__init__(learning_rate, name)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_settings()
        self._undecayed: list[Variable] = []
        self._undecayed_names: list[str] = []

    def _ignore_decay(self, arguments: dict[str, Any]) -> None:
        """Leave out the `decay` of Keras 2, saying so, as Keras 3 does."""
        if arguments.pop("decay", None) is not None:
            self._init_arguments.pop("decay")
            warnings.warn(
                "`decay` is no longer an argument of optimizers and is ignored; a "
                "schedule, such as InverseTimeDecay, lowers the learning rate.",
                stacklevel=3,
            )

    def _check_settings(self) -> None:
        clipping.check_bounds(self.clipnorm, self.clipvalue, self.global_clipnorm)
        steps = self.gradient_accumulation_steps
        if steps is not None and steps < 2:
            raise ValueError(
                explain(
                    "Gradients are accumulated over at least two steps.",
                    got=f"gradient_accumulation_steps={steps}",
                    expected="None, or 2 or more",
                )
            )
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(
                explain("ema_momentum lies in [0, 1].", got=self.ema_momentum)
            )

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these trainable variables; once."""
        self._trainable_variables = list(variables)
        if self.use_ema:
            self.add_slot("average")
        if self.gradient_accumulation_steps:
            self.add_slot("gradient_accumulator")
        self.built = True

    @property
    def iterations(self) -> Any:
        """Number of updates done: steps, over `gradient_accumulation_steps` if set."""
        if self.gradient_accumulation_steps:
            steps = self.gradient_accumulation_steps
            return ops.floor_divide(self._iterations, steps)
        return self._iterations

    # the step -----------------------------------------------------------------------

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss to take gradients of: multiplied by `loss_scale_factor`."""
        if self.loss_scale_factor is None:
            return loss
        return ops.multiply(loss, self.loss_scale_factor)

    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Change the variables by their gradients; eagerly, or inside a trace.

        Args:
            grads: One gradient per variable; None leaves its variable as it is.
            trainable_variables: The variables; those of `build` by default.

        Raises:
            ValueError: There are as many gradients as variables only if they match.
        """
        pairs = self._paired(grads, trainable_variables)
        self._apply_pairs(self._unscaled(pairs))
        self._iterations.assign_add(1)

    def _paired(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None
    ) -> Pairs:
        """Return the gradients that are there with their variables, the state built."""
        variables = list(trainable_variables or self._trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                explain(
                    f"Optimizer '{self.name}' needs one gradient per variable.",
                    got=f"{len(grads)} gradients for {len(variables)} variables",
                )
            )
        if not self.built:
            self.build(variables)
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if not pairs:
            raise ValueError(
                explain(
                    f"Optimizer '{self.name}' was given no gradient.",
                    expected="a loss that depends on the trainable variables",
                )
            )
        return pairs

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> None:
        """Change variables by `(gradient, variable)` pairs."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def _apply_pairs(self, pairs: Pairs) -> None:
        steps = self.gradient_accumulation_steps
        if not steps:
            pairs = self._swept(self._clipped(pairs))
            self._update(pairs)
        elif self._clips():  # the mean, each variable's by itself
            mean, due = self._accumulate(pairs, steps)
            run_if(due, lambda: self._update(self._clipped(mean)))
        else:
            pairs = self._swept(pairs)
            mean, due = self._accumulate(pairs, steps)
            run_if(due, lambda: self._update(mean))
        for _, variable in pairs:
            self._average(variable)
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def _update(self, pairs: Pairs) -> None:
        rate = ops.cast(self._current_rate(), "float32")
        self.begin_step()
        for gradient, variable in pairs:
            self._decay(variable, rate)
            self.update_step(gradient, variable, rate)

    def _swept(self, pairs: Pairs) -> Pairs:
        """Return one pair over the arena where the rule allows it."""
        variables = [v for _, v in pairs]
        if not self._can_sweep(variables):
            return pairs
        self._home = Arena.of(variables)
        if self._home is None:
            return pairs
        parts = [ops.ravel(ops.convert_to_tensor(g, v.dtype)) for g, v in pairs]
        return [(ops.concatenate(parts), self._home.flat)]

    def _can_sweep(self, variables: list[Variable]) -> bool:
        return (
            current_trace() is not None
            and getattr(type(self).update_step, "sweeping", False)
            and variables == self._trainable_variables
            and not self._undecayed
            and not self._undecayed_names
            and all(v.constraint is None for v in variables)
        )

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable; custom rules written for Keras assign through these."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def begin_step(self) -> None:
        """Change state that all variables share; once per update, before them."""

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the variable's, and its slots', next values.

        Args:
            gradient: Of the variable's shape and dtype.
            variable: The variable, or for a `@sweeping` rule the arena's.
            learning_rate: Scalar tensor.
        """
        raise NotImplementedError(
            explain(
                f"Optimizer '{type(self).__name__}' has no update rule.",
                fix="define update_step(self, gradient, variable, learning_rate)",
            )
        )

    def _unscaled(self, pairs: Pairs) -> Pairs:
        if self.loss_scale_factor is None:
            return pairs
        return [(ops.divide(g, self.loss_scale_factor), v) for g, v in pairs]

    def _clips(self) -> bool:
        bounds = self.clipnorm, self.clipvalue, self.global_clipnorm
        return any(bound is not None for bound in bounds)

    def _clipped(self, pairs: Pairs) -> Pairs:
        grads = [g for g, _ in pairs]
        if self.clipnorm is not None:
            grads = clipping.clip_each_norm(grads, self.clipnorm)
        elif self.clipvalue is not None:
            grads = clipping.clip_values(grads, self.clipvalue)
        elif self.global_clipnorm is not None:
            grads = clipping.clip_global_norm(grads, self.global_clipnorm)
        return [(g, v) for g, (_, v) in zip(grads, pairs, strict=True)]

    def _decay(self, variable: Variable, rate: Any) -> None:
        if self.weight_decay is None or not self._is_decayed(variable):
            return
        variable.assign_sub(
            ops.multiply(variable, ops.multiply(rate, self.weight_decay))
        )

    def _is_decayed(self, variable: Variable) -> bool:
        by_name = any(re.search(n, variable.name) for n in self._undecayed_names)
        return not by_name and all(variable is not v for v in self._undecayed)

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[Variable] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Keep variables out of weight decay.

        Args:
            var_list: The variables.
            var_names: Regular expressions, such as "bias", looked for in the name of
                every variable (the last part of its path).
        """
        self._undecayed += var_list or ()
        self._undecayed_names += var_names or ()

    # moving average, accumulation ---------------------------------------------------

    def _average(self, variable: Variable) -> None:
        if not self.use_ema:
            return
        average = self.slot("average", variable)
        started = ops.cast(ops.not_equal(self.iterations, 0), variable.dtype)
        kept = ops.multiply(started, self.ema_momentum)
        fresh = ops.multiply(variable, ops.subtract(1, kept))
        average.assign(ops.add(ops.multiply(average, kept), fresh))
        if self.ema_overwrite_frequency:
            done = ops.add(self.iterations, 1)
            due = ops.equal(ops.mod(done, self.ema_overwrite_frequency), 0)
            variable.assign(ops.where(due, average, variable))

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Copy the moving averages to the weights; called at the end of `fit`."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self.slot("average", variable))

    def _accumulate(self, pairs: Pairs, steps: int) -> tuple[Pairs, Any]:
        """Return the mean gradients, and whether this step is to use them."""
        done = ops.add(self._iterations, 1)
        due = ops.equal(ops.mod(done, steps), 0)
        result = []
        for gradient, variable in pairs:
            held = self.slot("gradient_accumulator", variable)
            total = ops.add(held, gradient)
            held.assign(ops.where(due, ops.zeros_like(total), total))
            result.append((ops.divide(total, steps), variable))
        return result, due

    # without side effects -----------------------------------------------------------

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Any], list[Any]]:
        """Return what the trainable variables and the state become; both stay.

        Args:
            optimizer_variables: Values, one per entry of `variables`.
            grads: Gradients, one per trainable variable.
            trainable_variables: Values of the variables it was built for.
        """
        trained, state = self._trainable_variables, self.variables
        own = [variable.value for variable in (*trained, *state)]
        try:
            _assign_all(trained, trainable_variables)
            _assign_all(state, optimizer_variables)
            self.apply(grads, trained)
            return [v.value for v in trained], [v.value for v in state]
        finally:
            _assign_all([*trained, *state], own)

    # config -------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, the rate as it is now."""
        own = super().get_config()
        rate = self._schedule if self._schedule else float(self._learning_rate)
        first = {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
        rest = {key: value for key, value in own.items() if key not in first}
        return serialize_config({**first, **rest})


def _assign_all(variables: Sequence[Variable], values: Sequence[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
