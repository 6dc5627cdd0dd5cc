"""Muon: momentum made orthogonal for matrices, AdamW for all else."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from kerasish import ops
from kerasish.graph.variable import Variable
from kerasish.optimizers.adam import corrected_rate, move_means, step_along
from kerasish.optimizers.declare import takes_settings
from kerasish.optimizers.lookup import DIRECTORY
from kerasish.optimizers.optimizer import Optimizer

_TINY = 1e-7  # added to norms


@DIRECTORY.add()
class Muon(Optimizer):
    """Step along the nearest orthogonal matrix to the momentum of a matrix.

    Vectors, tensors of more axes, embeddings and what is excluded are trained by AdamW.

    Args:
        learning_rate: A number or a schedule.
        adam_beta_1: AdamW's share of the old mean kept.
        adam_beta_2: AdamW's share of the old mean square kept.
        adam_weight_decay: Weight decay of what AdamW trains.
        epsilon: Added to AdamW's root.
        weight_decay: Weight decay of the matrices.
        exclude_layers: Regular expressions, looked for in the paths of variables, of
            what AdamW shall train; such as the name of the output layer.
        exclude_embeddings: Whether AdamW trains what has "embedding" in its path.
        muon_a: Factor of the linear term of an iteration.
        muon_b: Factor of the cubic term.
        muon_c: Factor of the term of fifth order.
        adam_lr_ratio: AdamW's learning rate over the learning rate.
        momentum: Share of the momentum kept.
        ns_steps: How many Newton-Schulz iterations make it orthogonal.
        nesterov: Whether to look ahead along the momentum.
        rms_rate: Root mean square of a step over the rate, about AdamW's own; None
            takes the orthogonal matrix as it is.
        **kwargs: As for `Optimizer`.

    References:
        Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
        Liu et al., "Muon is Scalable for LLM Training", 2025 (`rms_rate`).
    """

    @takes_settings(after="weight_decay")
    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay, **kwargs)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _is_adam_s(self, variable: Variable) -> bool:
        """Return whether AdamW trains a variable."""
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(name, variable.path) for name in self.exclude_layers)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the momenta, and AdamW's mean squares where it trains."""
        super().build(variables)
        self._momenta: dict[Variable, Variable] = {}
        self._squares: dict[Variable, Variable] = {}
        for variable in variables:
            made = self.add_variable_from_reference(variable, "momentum")
            self._momenta[variable] = made
            if self._is_adam_s(variable):
                made = self.add_variable_from_reference(variable, "velocity")
                self._squares[variable] = made

    def _decay(self, variable: Variable, rate: Any) -> None:
        adam_s = variable in self._squares
        share = self.adam_weight_decay if adam_s else self.weight_decay
        if share is None or not self._is_decayed(variable):
            return
        variable.assign_sub(ops.multiply(variable, ops.multiply(rate, share)))

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Assign the next weights and momenta."""
        self._get_variable_index(variable)  # raises for one that is not known
        if variable in self._squares:
            rate = ops.multiply(learning_rate, self.adam_lr_ratio)
            self._adam_step(gradient, variable, rate)
        else:
            self._muon_step(gradient, variable, learning_rate)

    def _muon_step(self, gradient: Any, variable: Variable, rate: Any) -> None:
        m = self._momenta[variable]
        m.assign(ops.add(ops.multiply(m, self.momentum), gradient))
        direction: Any = m
        if self.nesterov:
            direction = ops.add(ops.multiply(m, self.momentum), gradient)
        if self.rms_rate is not None:
            longest = max(variable.shape)
            rate = ops.multiply(rate, self.rms_rate * math.sqrt(longest))
        step = self._orthogonal(direction, tuple(variable.shape))
        variable.assign_sub(ops.multiply(step, rate))

    def _orthogonal(self, matrix: Any, shape: tuple[int, ...]) -> Any:
        """Return about the nearest orthogonal matrix, by Newton-Schulz iterations.

        `X = a X + (b A + c A^2) X` with `A = X X^T` drives all singular values of a
        matrix of norm 1 towards 1.
        """
        x = matrix
        tall = shape[0] > shape[1]
        if tall:  # the smaller of the two products X X^T and X^T X
            x = ops.transpose(x)
        x = ops.divide(x, ops.add(ops.norm(x), _TINY))
        for _ in range(self.ns_steps):
            a = ops.matmul(x, ops.transpose(x))
            square = ops.multiply(ops.matmul(a, a), self.muon_c)
            b = ops.add(ops.multiply(a, self.muon_b), square)
            x = ops.add(ops.multiply(x, self.muon_a), ops.matmul(b, x))
        return ops.transpose(x) if tall else x

    def _adam_step(self, gradient: Any, variable: Variable, rate: Any) -> None:
        m, v = self._momenta[variable], self._squares[variable]
        betas = self.adam_beta_1, self.adam_beta_2
        move_means(gradient, m, v, *betas)
        rate = corrected_rate(rate, self.iterations, *betas)
        step_along(variable, m, v, rate, self.epsilon)
