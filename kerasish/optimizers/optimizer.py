"""The optimizer base class: what every update rule shares.

A rule is `update_step(gradient, variable, learning_rate)`. One marked `@sweeping` is
elementwise and finds its state through `slot`: it is then run once over an arena that
holds all trainable variables side by side, not once per variable. A rule without the
mark, or a model with constraints or exclusions, is updated variable by variable; the
numbers are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from kerasish import ops
from kerasish.errors import explain
from kerasish.graph.trace import Trace, current_trace
from kerasish.graph.variable import Arena, Variable
from kerasish.optimizers.schedules import LearningRateSchedule
from kerasish.optimizers.schedules import deserialize as deserialize_schedule
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import Configurable
from kerasish.saving.serialization import serialize_config

F = TypeVar("F", bound=Callable[..., None])


def sweeping(update_step: F) -> F:
    """Mark an update rule that works elementwise and reads its state through `slot`."""
    update_step.sweeping = True  # type: ignore[attr-defined]
    return update_step


class Optimizer(Configurable):
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
        loss_scale_factor: Number the loss was multiplied by; gradients are divided by
            it.
        gradient_accumulation_steps: Steps over which gradients are averaged before the
            weights change.
        name: Name; the class in snake case, numbered, by default.
        **unknown: Refused, with the nearest name there is.

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
        **unknown: Any,
    ) -> None:
        self._refuse_arguments(unknown)
        self.name = name or auto_name(type(self).__name__)
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
        self.built = False
        self._arena: Arena | None = None
        self._shares = False  # whether another model took our variables
        self._trainable_variables: list[Variable] = []
        self._slots: dict[str, list[Variable]] = {}
        self._undecayed: list[Variable] = []
        self._undecayed_names: list[str] = []
        self._variables: list[Variable] = []
        self._iterations = self._track(Variable(np.int32(0), name="iteration"))
        self._schedule: Any = None
        self._set_learning_rate(learning_rate)

    def _check_settings(self) -> None:
        clips = [self.clipnorm, self.clipvalue, self.global_clipnorm]
        if sum(c is not None for c in clips) > 1:
            raise ValueError(
                explain(
                    "Gradients can be clipped in one way only.",
                    got=f"clipnorm={clips[0]}, clipvalue={clips[1]}, "
                    f"global_clipnorm={clips[2]}",
                    fix="set one of the three",
                )
            )
        if any(c is not None and c < 0 for c in clips):
            raise ValueError(explain("A clipping bound is positive.", got=clips))
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

    # variables ----------------------------------------------------------------------

    def _track(self, variable: Variable) -> Variable:
        variable.path = f"{self.name}/{variable.name}"
        variable.trainable = False
        self._variables.append(variable)
        return variable

    @property
    def variables(self) -> list[Variable]:
        """The state: iteration, learning rate (unless scheduled), then the slots."""
        return list(self._variables)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these trainable variables; once."""
        self._trainable_variables = list(variables)
        if self.use_ema:
            self.add_slot("average")
        if self.gradient_accumulation_steps:
            self.add_slot("gradient_accumulator")
        self.built = True

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str, initializer: Any = "zeros"
    ) -> Variable:
        """Return a new state variable of a variable's shape and dtype.

        Args:
            reference_variable: The trainable variable it belongs to.
            name: Last part of its name.
            initializer: "zeros", "ones", or a callable `(shape, dtype=)`.
        """
        values = {"zeros": np.zeros, "ones": np.ones}
        made = Variable(
            values.get(initializer, initializer),
            shape=reference_variable.shape,
            dtype=reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name}",
        )
        return self._track(made)

    def add_slot(self, *names: str) -> None:
        """Make a state variable of each name for each trainable variable.

        Several names are interleaved variable by variable, as Keras orders its files.
        """
        for name in names:
            self._slots[name] = []
        for variable in self._trainable_variables:
            for name in names:
                made = self.add_variable_from_reference(variable, name)
                self._slots[name].append(made)

    def slot(self, name: str, variable: Variable) -> Variable:
        """Return the state variable `name` of a variable, or of the whole arena."""
        slots = self._slots[name]
        if self._arena is not None and variable is self._arena.flat:
            home = Arena.of(slots) or Arena(slots, f"{self.name}/{name}")
            return home.flat
        return slots[self._get_variable_index(variable)]

    def _get_variable_index(self, variable: Variable) -> int:
        for index, known in enumerate(self._trainable_variables):
            if known is variable:
                return index
        raise ValueError(
            explain(
                f"Optimizer '{self.name}' does not know this variable.",
                got=f"variable '{variable.path}'",
                expected="one of the variables it was built with",
                fix="make a new optimizer for another model, or call build anew",
            )
        )

    @property
    def iterations(self) -> Any:
        """Number of updates done: steps, over `gradient_accumulation_steps` if set."""
        if self.gradient_accumulation_steps:
            steps = self.gradient_accumulation_steps
            return ops.floor_divide(self._iterations, steps)
        return self._iterations

    # learning rate ------------------------------------------------------------------

    def _set_learning_rate(self, rate: Any) -> None:
        if isinstance(rate, dict):
            rate = deserialize_schedule(rate)
        if callable(rate):
            self._schedule = rate
            return
        if not isinstance(rate, (int, float, np.number)):
            raise ValueError(
                explain(
                    f"Optimizer '{self.name}' cannot use this learning rate.",
                    got=repr(rate),
                    expected="a number, a LearningRateSchedule or a callable",
                )
            )
        made = Variable(float(rate), dtype="float32", name="learning_rate")
        self._learning_rate = self._track(made)

    @property
    def learning_rate(self) -> Any:
        """The rate: its variable, or a schedule's value at this step."""
        return self._current_rate() if self._schedule else self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if self._schedule is not None or callable(rate):
            if not callable(rate):
                raise TypeError(
                    explain(
                        "This optimizer's learning rate follows a schedule, so it "
                        "cannot be set.",
                        got=repr(rate),
                        fix="make the optimizer with a number as learning_rate",
                    )
                )
            self._schedule = rate
            return
        self._learning_rate.assign(rate)

    def _current_rate(self) -> Any:
        if isinstance(self._schedule, LearningRateSchedule):
            return self._schedule(self.iterations)
        if self._schedule is not None:
            return self._schedule()
        return self._learning_rate

    # the step -----------------------------------------------------------------------

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
        self._apply_pairs(self._clipped(pairs))
        self._iterations.assign_add(1)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> None:
        """Change variables by `(gradient, variable)` pairs."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def _apply_pairs(self, pairs: list[tuple[Any, Variable]]) -> None:
        pairs = self._swept(pairs)
        gate = None
        if self.gradient_accumulation_steps:
            pairs, gate = self._accumulate(pairs)
        rate = ops.cast(self._current_rate(), "float32")
        update = _Gated(gate) if gate is not None else None
        for gradient, variable in pairs:
            self._decay(variable, rate)
            self.update_step(gradient, variable, rate)
        if update is not None:
            update.close()
        for _, variable in pairs:
            self._average(variable)
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))

    def _swept(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        """Return one pair over the arena where the rule allows it."""
        variables = [v for _, v in pairs]
        if not self._can_sweep(variables):
            return pairs
        self._arena = Arena.of(variables)
        if self._arena is None:
            return pairs
        parts = [ops.ravel(ops.convert_to_tensor(g, v.dtype)) for g, v in pairs]
        return [(ops.concatenate(parts), self._arena.flat)]

    def _can_sweep(self, variables: list[Variable]) -> bool:
        return (
            current_trace() is not None
            and getattr(type(self).update_step, "sweeping", False)
            and variables == self._trainable_variables
            and not self._undecayed
            and not self._undecayed_names
            and all(v.constraint is None for v in variables)
        )

    def arrange(self) -> None:
        """Put the trainable variables side by side in an arena, if a sweep will use it.

        The trainer calls it before it traces a step.
        """
        variables = self._trainable_variables
        if self._arena is not None and Arena.of(variables) is not self._arena:
            # Another model shares layers with this one and has taken them into its own
            # arena. Taking them back at every turn would compile steps for ever.
            self._arena, self._shares = None, True
        one_dtype = len({v.dtype for v in variables}) == 1
        if one_dtype and not self._shares and Arena.of(variables) is None:
            self._arena = Arena(variables, f"{self.name}/parameters")

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable; custom rules written for Keras assign through these."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

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

    def _clipped(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        grads = [g for g, _ in pairs]
        if self.loss_scale_factor is not None:
            grads = [ops.divide(g, self.loss_scale_factor) for g in grads]
        if self.clipnorm is not None:
            grads = [_clip_by_norm(g, ops.norm(g), self.clipnorm) for g in grads]
        elif self.clipvalue is not None:
            grads = [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        elif self.global_clipnorm is not None:
            total = ops.sqrt(_total([ops.sum(ops.square(g)) for g in grads]))
            grads = [_clip_by_norm(g, total, self.global_clipnorm) for g in grads]
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

    def _accumulate(
        self, pairs: list[tuple[Any, Variable]]
    ) -> tuple[list[tuple[Any, Variable]], Any]:
        steps = self.gradient_accumulation_steps or 1
        done = ops.add(self._iterations, 1)
        gate = ops.equal(ops.mod(done, steps), 0)
        result = []
        for gradient, variable in pairs:
            held = self.slot("gradient_accumulator", variable)
            total = ops.add(held, gradient)
            held.assign(ops.where(gate, ops.zeros_like(total), total))
            result.append((ops.divide(total, steps), variable))
        return result, gate

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


class _Gated:
    """Makes the assignments of a stretch of a trace depend on a gate."""

    def __init__(self, gate: Any) -> None:
        self._gate = gate
        self._trace: Trace | None = current_trace()
        if self._trace is None:
            raise RuntimeError(
                explain(
                    "Gradient accumulation works inside fit and train_on_batch only.",
                    fix="use gradient_accumulation_steps=None with apply",
                )
            )
        self._before = dict(self._trace.writes)

    def close(self) -> None:
        """Put the gate before every value assigned since the start."""
        opened = self._trace
        assert opened is not None
        after, opened.writes = opened.writes, dict(self._before)
        gated = {
            variable: ops.where(self._gate, value, opened.read(variable))
            for variable, value in after.items()
            if self._before.get(variable) is not value
        }
        for variable, value in gated.items():
            opened.write(variable, value)


def _clip_by_norm(gradient: Any, norm: Any, bound: float) -> Any:
    """Return the gradient scaled down so that `norm` would be at most `bound`."""
    return ops.multiply(gradient, ops.divide(bound, ops.maximum(norm, bound)))


def _total(parts: list[Any]) -> Any:
    result = parts[0]
    for part in parts[1:]:
        result = ops.add(result, part)
    return result
