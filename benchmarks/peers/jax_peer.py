"""Raw JAX: one jitted function a step, called in a Python loop.

The step gathers its batch from arrays that lie on the device, gives the old state's
memory back (`donate_argnums`) and adds up loss and accuracy, as `fit` does. That the
whole epoch could be one `lax.scan` is true, and no longer a loop one can look into.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import Case, initial_weights
from benchmarks.peers import jax_layers
from benchmarks.samples import Data

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


def _loss(params: Any, logits_of: Any, labels: Any) -> tuple[Any, Any]:
    logits, stats = logits_of(params)
    log_probabilities = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(log_probabilities, labels[:, None], axis=1)
    correct = jnp.sum(jnp.argmax(logits, axis=1) == labels)
    return -jnp.mean(picked), (correct, stats)


def _sgd(rate: float, params: Any, slots: Any, gradients: Any) -> tuple[Any, Any]:
    return jax.tree.map(lambda p, g: p - rate * g, params, gradients), slots


def _adam(rate: float, params: Any, slots: Any, gradients: Any) -> tuple[Any, Any]:
    step = slots["step"] + 1
    scale = jnp.sqrt(1 - _BETA_2**step) / (1 - _BETA_1**step)
    m = jax.tree.map(lambda m, g: m + (1 - _BETA_1) * (g - m), slots["m"], gradients)
    v = jax.tree.map(
        lambda v, g: v + (1 - _BETA_2) * (g * g - v), slots["v"], gradients
    )
    params = jax.tree.map(
        lambda p, m, v: p - rate * scale * m / (jnp.sqrt(v) + _EPSILON), params, m, v
    )
    return params, {"step": step, "m": m, "v": v}


def _slots(optimizer: str, params: Any) -> Any:
    if optimizer == "sgd":
        return {}
    zeros = functools.partial(jax.tree.map, jnp.zeros_like)
    return {"step": jnp.float32(0), "m": zeros(params), "v": zeros(params)}


def _make_step(case: Case) -> Any:
    rule = {"adam": _adam, "sgd": _sgd}[case.optimizer]

    @functools.partial(jax.jit, donate_argnums=0)
    def step(state: Any, x: Any, labels: Any, rows: Any) -> Any:
        params, stats, slots, key, totals = state
        key, now = jax.random.split(key)

        def logits_of(params: Any) -> tuple[Any, Any]:
            return jax_layers.train(case.stack, params, stats, x[rows], now)

        (loss, (correct, stats)), gradients = jax.value_and_grad(_loss, has_aux=True)(
            params, logits_of, labels[rows]
        )
        params, slots = rule(case.learning_rate, params, slots, gradients)
        totals = (totals[0] + loss, totals[1] + correct)
        return params, stats, slots, key, totals

    return step


class _Loop:
    def __init__(self, case: Case, data: Data) -> None:
        params = jax.tree.map(jnp.asarray, initial_weights(case))
        stats = jax_layers.initial_stats(case)
        slots = _slots(case.optimizer, params) if case.is_trained else {}
        self._state = (params, stats, slots, jax.random.key(0), None)
        self._x, self._labels = jnp.asarray(data.x), jnp.asarray(data.labels)
        self._step = _make_step(case)
        self._logits = jax.jit(functools.partial(jax_layers.infer, case.stack))
        self._softmax = jax.jit(lambda p, s, x: jax.nn.softmax(self._logits(p, s, x)))
        self._count = jax.jit(self._counted)
        self._batch_size = case.batch_size
        self._rng = np.random.default_rng(0)

    def _counted(self, params: Any, stats: Any, totals: Any, rows: Any) -> Any:
        def logits_of(params: Any) -> tuple[Any, Any]:
            return self._logits(params, stats, self._x[rows]), None

        loss, (correct, _) = _loss(params, logits_of, self._labels[rows])
        return totals[0] + loss, totals[1] + correct

    def _batches(self, order: np.ndarray) -> list[np.ndarray]:
        starts = range(0, len(order), self._batch_size)
        return [order[start : start + self._batch_size] for start in starts]

    def fit(self, num_samples: int | None = None) -> float:
        batches = self._batches(self._rng.permutation(len(self._x))[:num_samples])
        state = (*self._state[:-1], (jnp.float32(0), jnp.int32(0)))
        for rows in batches:
            state = self._step(state, self._x, self._labels, rows)
        self._state = jax.block_until_ready(state)
        return float(state[-1][0]) / len(batches)

    def evaluate(self) -> float:
        batches = self._batches(np.arange(len(self._x)))
        totals = (jnp.float32(0), jnp.int32(0))
        for rows in batches:
            totals = self._count(*self._state[:2], totals, rows)
        return float(totals[0]) / len(batches)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._softmax(*self._state[:2], x))


def make(case: Case, data: Data, device: str) -> _Loop:
    """Return the training loop; the environment chose the device."""
    return _Loop(case, data)
