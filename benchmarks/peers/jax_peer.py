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

from benchmarks.cases import Case, Data, initial_weights

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


def _logits(params: Any, x: Any) -> Any:
    *hidden, last = params
    for kernel, bias in hidden:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = last
    return x @ kernel + bias


@jax.jit
def _probabilities(params: Any, x: Any) -> Any:
    return jax.nn.softmax(_logits(params, x))


def _loss(params: Any, x: Any, labels: Any) -> tuple[Any, Any]:
    logits = _logits(params, x)
    log_probabilities = jax.nn.log_softmax(logits)
    picked = jnp.take_along_axis(log_probabilities, labels[:, None], axis=1)
    return -jnp.mean(picked), jnp.sum(jnp.argmax(logits, axis=1) == labels)


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
        params, slots, totals = state
        batch = x[rows], labels[rows]
        (loss, correct), gradients = jax.value_and_grad(_loss, has_aux=True)(
            params, *batch
        )
        params, slots = rule(case.learning_rate, params, slots, gradients)
        return params, slots, (totals[0] + loss, totals[1] + correct)

    return step


class _Loop:
    def __init__(self, case: Case, data: Data) -> None:
        params = jax.tree.map(jnp.asarray, initial_weights(case))
        self._state = (params, _slots(case.optimizer, params), None)
        self._x, self._labels = jnp.asarray(data.x), jnp.asarray(data.labels)
        self._step = _make_step(case)
        self._batch_size = case.batch_size
        self._rng = np.random.default_rng(0)

    def fit(self) -> float:
        order = self._rng.permutation(len(self._x))
        params, slots, _ = self._state
        state = (params, slots, (jnp.float32(0), jnp.int32(0)))
        starts = range(0, len(order), self._batch_size)
        for start in starts:
            rows = order[start : start + self._batch_size]
            state = self._step(state, self._x, self._labels, rows)
        self._state = jax.block_until_ready(state)
        return float(state[2][0]) / len(starts)

    def predict(self, sample: np.ndarray) -> np.ndarray:
        return np.asarray(_probabilities(self._state[0], sample))


def make(case: Case, data: Data, device: str) -> _Loop:
    """Return the training loop; the environment chose the device."""
    return _Loop(case, data)
