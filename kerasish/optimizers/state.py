"""What an optimizer keeps: the variables it trains, and its own state for them.

State is made per variable and found by `slot`. The trainable variables, and so their
slots, may lie side by side in an arena: a rule that is elementwise then takes one sweep
over the arena instead of one step per variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.errors import explain
from kerasish.graph.variable import Arena, Variable
from kerasish.initializers.lookup import get as get_initializer
from kerasish.optimizers.schedules import LearningRateSchedule
from kerasish.optimizers.schedules import deserialize as deserialize_schedule
from kerasish.saving.naming import auto_name
from kerasish.saving.registry import Configurable


class OptimizerState(Configurable):
    """The variables of an optimizer.

    Args:
        learning_rate: A number, a `LearningRateSchedule`, or a callable without
            arguments.
        name: Name; the class in snake case, numbered, by default.

    Raises:
        ValueError: The learning rate is none of these.
    """

    def __init__(self, learning_rate: Any, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.built = False
        self._home: Arena | None = None
        self._shares = False  # whether another model took our variables
        self._trainable_variables: list[Variable] = []
        self._slots: dict[str, list[Variable]] = {}
        self._variables: list[Variable] = []
        self._iterations = self._track(Variable(np.int32(0), name="iteration"))
        self._schedule: Any = None
        self._set_learning_rate(learning_rate)

    def _track(self, variable: Variable) -> Variable:
        variable.path = f"{self.name}/{variable.name}"
        variable.trainable = False
        self._variables.append(variable)
        return variable

    @property
    def variables(self) -> list[Variable]:
        """The state: iteration, learning rate (unless scheduled), then the slots."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str | None = None,
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new state variable.

        Args:
            shape: Its shape.
            initializer: Name, initializer or callable for the first value.
            dtype: Its dtype; `floatx()` by default.
            aggregation: How copies on several devices are joined; unused on one.
            layout: How it is spread over devices; unused on one.
            name: Last part of its path.
        """
        made = Variable(
            get_initializer(initializer), shape=shape, dtype=dtype, name=name
        )
        return self._track(made)

    def add_variable_from_reference(
        self,
        reference_variable: Variable,
        name: str | None = None,
        initializer: Any = "zeros",
    ) -> Variable:
        """Return a new state variable of a variable's shape and dtype.

        Args:
            reference_variable: The trainable variable it belongs to.
            name: Last part of its name.
            initializer: Name, initializer or callable for the first value, or an array
                of the variable's shape.
        """
        first = initializer
        if isinstance(initializer, (str, dict)):
            first = get_initializer(initializer)
        made = Variable(
            first,
            shape=reference_variable.shape,
            dtype=reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'variable'}",
        )
        return self._track(made)

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[Variable],
        name: str | Sequence[str],
        initializer: Any = "zeros",
    ) -> Any:
        """Return new state variables, one for each trainable variable.

        Args:
            trainable_variables: The variables they belong to.
            name: Last part of their names; with several, each variable gets several.
            initializer: As for `add_variable_from_reference`; one, or one per name.

        Returns:
            A list in the order of the variables; with several names, one list per name.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, (list, tuple))
        starts = list(initializer) if several else [initializer] * len(names)
        lists: list[list[Variable]] = [[] for _ in names]
        for variable in trainable_variables:
            for made, each, start in zip(lists, names, starts, strict=True):
                made.append(self.add_variable_from_reference(variable, each, start))
        return lists[0] if isinstance(name, str) else tuple(lists)

    def add_slot(self, *names: str, initial: Mapping[str, Any] | None = None) -> None:
        """Make a state variable of each name for each trainable variable.

        Several names are interleaved variable by variable, as Keras orders its files.

        Args:
            *names: The names.
            initial: First value by name: an initializer, or "variable" for a copy of
                the trainable variable; 0 by default.
        """
        for name in names:
            self._slots[name] = []
        for variable in self._trainable_variables:
            for name in names:
                start = (initial or {}).get(name, "zeros")
                if isinstance(start, str) and start == "variable":
                    start = variable.numpy()
                made = self.add_variable_from_reference(variable, name, start)
                self._slots[name].append(made)

    def slot(self, name: str, variable: Variable) -> Variable:
        """Return the state variable `name` of a variable, or of the whole arena."""
        slots = self._slots[name]
        if self._home is not None and variable is self._home.flat:
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
    def _arena(self) -> Any:
        """The arena in use: a step must be traced anew for another one."""
        return self._home

    def arrange(self) -> None:
        """Put the trainable variables side by side in an arena, if a sweep will use it.

        The trainer calls it before it traces a step.
        """
        variables = self._trainable_variables
        if self._home is not None and Arena.of(variables) is not self._home:
            # Another model shares layers with this one and has taken them into its own
            # arena. Taking them back at every turn would compile steps for ever.
            self._home, self._shares = None, True
        one_dtype = len({v.dtype for v in variables}) == 1
        if one_dtype and not self._shares and Arena.of(variables) is None:
            self._home = Arena(variables, f"{self.name}/parameters")

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the state, in the order of `variables`.

        Raises:
            ValueError: There are not as many values as variables.
        """
        if len(weights) != len(self.variables):
            raise ValueError(
                explain(
                    f"Optimizer '{self.name}' cannot take these weights.",
                    got=f"{len(weights)} values",
                    expected=f"{len(self.variables)}, one per entry of its `variables`",
                    fix="build it for the model's trainable variables first",
                )
            )
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

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
            # of all steps, also those that only accumulate, as in Keras
            return self._schedule(self._iterations)
        if self._schedule is not None:
            return self._schedule()
        return self._learning_rate
