"""`MultiOptimizer`: different optimizers for different variables of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from kerasish.errors import explain
from kerasish.graph.variable import Variable
from kerasish.optimizers import lookup
from kerasish.optimizers.optimizer import Optimizer, Pairs
from kerasish.saving.registry import Configurable
from kerasish.saving.serialization import serialize_config


@lookup.DIRECTORY.add()
class OptimizerMap(Configurable, MutableMapping[str, Any]):
    """Optimizers by regular expressions that a variable's whole path must match.

    Args:
        default_optimizer: The optimizer of what no expression matches.
        optimizer_map: Optimizers by expression, such as `{"encoder/.*": Adam()}`.

    Raises:
        TypeError: `default_optimizer` is no optimizer.
        ValueError: An expression is given twice, or not to an optimizer.

    Example:
        >>> from kerasish.optimizers import SGD, Adam
        >>> chosen = OptimizerMap(SGD(), {"encoder/.*": Adam()})
        >>> type(chosen["encoder/dense/kernel"]).__name__
        'Adam'
    """

    def __init__(
        self, default_optimizer: Any, optimizer_map: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(default_optimizer, dict):
            default_optimizer = lookup.deserialize(default_optimizer)
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(_no_optimizer("default_optimizer", default_optimizer))
        self._default = default_optimizer
        self._by_expression: dict[str, Any] = {}
        for expression, optimizer in (optimizer_map or {}).items():
            if isinstance(optimizer, dict):
                optimizer = lookup.deserialize(optimizer)
            self[expression] = optimizer

    @property
    def default_optimizer(self) -> Any:
        """The optimizer of what no expression matches."""
        return self._default

    def __getitem__(self, key: str) -> Any:
        """Return the optimizer of a path, or of an expression itself.

        Raises:
            ValueError: Several expressions match.
        """
        if key in self._by_expression:
            return self._by_expression[key]
        found = [e for e in self._by_expression if re.fullmatch(e, key)]
        if len(found) > 1:
            raise ValueError(
                explain(
                    f"Several optimizers are meant for '{key}'.",
                    got="the expressions " + ", ".join(map(repr, found)),
                    expected="one that matches",
                )
            )
        return self._by_expression[found[0]] if found else self._default

    def __setitem__(self, key: str, optimizer: Any) -> None:
        """Enter an optimizer under an expression that has none yet."""
        if not isinstance(key, str):
            raise ValueError(
                explain(
                    "An OptimizerMap is keyed by regular expressions.", got=repr(key)
                )
            )
        if key in self._by_expression:
            raise ValueError(
                explain(
                    f"The expression '{key}' has an optimizer already.",
                    got=repr(optimizer),
                    fix="delete the entry first",
                )
            )
        if not isinstance(optimizer, Optimizer):
            raise ValueError(_no_optimizer(f"the entry '{key}'", optimizer))
        self._by_expression[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._by_expression[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_expression

    def __len__(self) -> int:
        return len(self._by_expression)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_expression)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, optimizers as files hold them."""
        return {
            "default_optimizer": lookup.serialize(self._default),
            "optimizer_map": {
                key: lookup.serialize(optimizer)
                for key, optimizer in self._by_expression.items()
            },
        }


def _no_optimizer(what: str, got: Any) -> str:
    return explain(
        f"An OptimizerMap needs optimizers; {what} is none.",
        got=repr(got),
        fix="give an object, such as optimizers.Adam()",
    )


@lookup.DIRECTORY.add()
class MultiOptimizer(Optimizer):
    """An optimizer that hands each variable to one of several.

    Settings such as weight decay, and the learning rate, are those of each optimizer;
    only the `loss_scale_factor` given here takes the place of theirs.

    Args:
        optimizer_map: An `OptimizerMap`, or a function that returns the optimizer of a
            variable.
        loss_scale_factor: Number `scale_loss` multiplies the loss by; gradients are
            divided by it.
        name: Name.

    Attributes:
        optimizers: The optimizers: those of the map first, then the default one; of a
            function, in the order of the variables, once built.

    Raises:
        ValueError: `optimizer_map` is neither.

    Example:
        >>> from kerasish.optimizers import SGD, Adam
        >>> chosen = OptimizerMap(SGD(0.1), {".*/bias": Adam()})
        >>> [type(o).__name__ for o in MultiOptimizer(chosen).optimizers]
        ['Adam', 'SGD']
    """

    def __init__(
        self,
        optimizer_map: Any,
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(optimizer_map, dict):
            optimizer_map = _read_map(optimizer_map)
        if not isinstance(optimizer_map, OptimizerMap) and not callable(optimizer_map):
            raise ValueError(
                explain(
                    "MultiOptimizer cannot choose optimizers by this.",
                    got=repr(optimizer_map),
                    expected="an OptimizerMap, or a function of a variable",
                )
            )
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self.optimizers: list[Any] = []
        self._chosen: dict[Variable, Any] = {}
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._enter(optimizer)

    def _enter(self, optimizer: Any) -> None:
        if not any(optimizer is known for known in self.optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)

    def _choose(self, variable: Variable) -> Any:
        if isinstance(self.optimizer_map, OptimizerMap):
            return self.optimizer_map[variable.path]
        return self.optimizer_map(variable)

    def build(self, variables: Sequence[Variable]) -> None:
        """Share the variables out, and make the state of every optimizer.

        Raises:
            ValueError: Several expressions match a variable.
        """
        self._trainable_variables = list(variables)
        self._chosen = {variable: self._choose(variable) for variable in variables}
        for optimizer in self._chosen.values():
            self._enter(optimizer)
        for optimizer in self.optimizers:
            optimizer.build([v for v, o in self._chosen.items() if o is optimizer])
        self.built = True

    @property
    def variables(self) -> list[Variable]:
        """Own iteration and learning rate (unused), then the optimizers' state."""
        state = [v for optimizer in self.optimizers for v in optimizer.variables]
        return [*self._variables, *state]

    @property
    def learning_rate(self) -> Any:
        """There is none: each of the `optimizers` has its own.

        Raises:
            AttributeError: Always.
        """
        raise AttributeError(self._no_rate("read"))

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        raise AttributeError(self._no_rate("set"))

    def _no_rate(self, what: str) -> str:
        return explain(
            f"A MultiOptimizer has no learning rate that could be {what}.",
            fix="use that of each optimizer in its `optimizers`",
        )

    @property
    def _arena(self) -> Any:
        return tuple(optimizer._arena for optimizer in self.optimizers)

    def arrange(self) -> None:
        """Have every optimizer put its variables side by side."""
        for optimizer in self.optimizers:
            optimizer.arrange()

    def _unscaled(self, pairs: Pairs) -> Pairs:
        return pairs  # each optimizer scales and clips its own

    def _apply_pairs(self, pairs: Pairs) -> None:
        for optimizer in self.optimizers:
            own = [(g, v) for g, v in pairs if self._chosen.get(v) is optimizer]
            if own:
                optimizer.apply([g for g, _ in own], [v for _, v in own])

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Have each optimizer copy its moving averages to its weights."""
        for optimizer in self.optimizers:
            own = [v for v in var_list if self._chosen.get(v) is optimizer]
            optimizer.finalize_variable_values(own)

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[Variable] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Keep variables out of every optimizer's weight decay."""
        for optimizer in self.optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        chooser: Any = self.optimizer_map
        if isinstance(chooser, OptimizerMap):
            chooser = lookup.serialize(chooser)
        config = {
            "optimizer_map": chooser,
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }
        return serialize_config(config)


def _read_map(config: dict[str, Any]) -> OptimizerMap | Callable[[Variable], Any]:
    """Return what a file holds in place of an `OptimizerMap` or a function."""
    found: Any = lookup.deserialize(config)
    return found  # type: ignore[no-any-return]
