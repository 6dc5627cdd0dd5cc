"""The parts of a stack as functions of JAX.

Weights are a dictionary by place and name. Moving means and variances are another one,
of which training returns a new version.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks import stacks
from benchmarks.cases import Case
from benchmarks.stacks import Stack, walk

_MOMENTUM = 0.99
_EPSILON = 1e-3
_ACTIVATIONS = {
    None: lambda x: x,
    "softmax": lambda x: x,  # a model's outputs are logits here
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
}


def initial_stats(case: Case) -> dict[str, Any]:
    """Return moving mean and variance of each batch normalization."""
    return {
        place: (jnp.zeros(shape[-1:]), jnp.ones(shape[-1:]))
        for place, part, shape in walk(case.stack, case.input_shape)
        if part == stacks.Normalization("batch")
    }


def train(stack: Stack, params: Any, stats: Any, x: Any, key: Any) -> tuple[Any, Any]:
    """Return logits and the new moving means and variances."""
    pass_ = _Pass(params, stats, key)
    return pass_.run(stack, x), pass_.new_stats


def infer(stack: Stack, params: Any, stats: Any, x: Any) -> Any:
    """Return logits, with nothing dropped and the moving means used."""
    return _Pass(params, stats, None).run(stack, x)


class _Pass:
    """One forward pass; `key` is None in inference."""

    def __init__(self, params: Any, stats: Any, key: Any) -> None:
        self._params, self._stats, self._key = params, stats, key
        self.new_stats: dict[str, Any] = {}

    def run(self, stack: Stack, x: Any, prefix: str = "") -> Any:
        for index, part in enumerate(stack):
            x = self._apply(f"{prefix}{index}", part, x)
        return x

    def _apply(self, place: str, part: stacks.Part, x: Any) -> Any:
        weights = self._params[place]
        match part:
            case stacks.Residual(inner):
                return x + self.run(inner, x, f"{place}/")
            case stacks.Dropout(rate):
                return self._dropout(rate, x)
            case stacks.Normalization("batch"):
                return self._batch_normalized(place, weights, x)
            case stacks.Normalization("layer"):
                return _normalized(weights, x, *_moments(x, -1))
            case _:
                return _stateless(part, weights, x)

    def _dropout(self, rate: float, x: Any) -> Any:
        if self._key is None:
            return x
        self._key, now = jax.random.split(self._key)
        kept = jax.random.bernoulli(now, 1 - rate, x.shape)
        return jnp.where(kept, x / (1 - rate), 0)

    def _batch_normalized(self, place: str, weights: Any, x: Any) -> Any:
        if self._key is None:
            return _normalized(weights, x, *self._stats[place])
        mean, variance = _moments(x, tuple(range(x.ndim - 1)))
        self.new_stats[place] = tuple(
            _MOMENTUM * old + (1 - _MOMENTUM) * lax.stop_gradient(new.ravel())
            for old, new in zip(self._stats[place], (mean, variance), strict=True)
        )
        return _normalized(weights, x, mean, variance)


def _moments(x: Any, axis: Any) -> tuple[Any, Any]:
    return jnp.mean(x, axis, keepdims=True), jnp.var(x, axis, keepdims=True)


def _normalized(weights: Any, x: Any, mean: Any, variance: Any) -> Any:
    scale = weights["gamma"] * lax.rsqrt(variance + _EPSILON)
    return (x - mean) * scale + weights["beta"]


def _stateless(part: stacks.Part, weights: Any, x: Any) -> Any:
    match part:
        case stacks.Dense(_, activation):
            return _ACTIVATIONS[activation](x @ weights["kernel"] + weights["bias"])
        case stacks.Activation(name):
            return _ACTIVATIONS[name](x)
        case stacks.Conv() | stacks.Depthwise():
            return _convolved(part, weights, x)
        case stacks.MaxPool(size):
            window = (1, *(size,) * (x.ndim - 2), 1)
            return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
        case stacks.GlobalPool(kind):
            reduce = {"average": jnp.mean, "max": jnp.max}[kind]
            return reduce(x, axis=tuple(range(1, x.ndim - 1)))
        case stacks.Flatten():
            return x.reshape(len(x), -1)
        case stacks.Embedding():
            return weights["embeddings"][x]
        case stacks.Recurrent(kind, _):
            return {"lstm": _lstm, "gru": _gru}[kind](weights, x)
        case stacks.Attention(num_heads):
            return _attention(num_heads, weights, x)
        case _:
            raise ValueError(f"no function is known for {part!r}")


def _convolved(part: Any, weights: Any, x: Any) -> Any:
    kernel, groups = weights["kernel"], 1
    if isinstance(part, stacks.Depthwise):
        groups = x.shape[-1]
        kernel = kernel.reshape(*kernel.shape[:2], 1, groups)
    axes = "HW"[: x.ndim - 2]
    is_same = getattr(part, "same", True)
    y = lax.conv_general_dilated(
        x,
        kernel,
        (part.strides,) * (x.ndim - 2),
        "SAME" if is_same else "VALID",
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=groups,
    )
    y = y + weights["bias"] if "bias" in weights else y
    return _ACTIVATIONS[getattr(part, "activation", None)](y)


def _lstm(weights: Any, x: Any) -> Any:
    inputs = jnp.swapaxes(x, 0, 1) @ weights["kernel"] + weights["bias"]

    def step(state: Any, gates: Any) -> tuple[Any, None]:
        h, c = state
        i, f, g, o = jnp.split(gates + h @ weights["recurrent_kernel"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), weights["recurrent_kernel"].shape[0]))
    (h, _), _ = lax.scan(step, (zeros, zeros), inputs)
    return h


def _gru(weights: Any, x: Any) -> Any:
    inputs = jnp.swapaxes(x, 0, 1) @ weights["kernel"] + weights["bias"][0]

    def step(h: Any, gates: Any) -> tuple[Any, None]:
        state = h @ weights["recurrent_kernel"] + weights["bias"][1]
        z, r, g = jnp.split(gates, 3, axis=-1)
        of_z, of_r, of_g = jnp.split(state, 3, axis=-1)
        z, r = jax.nn.sigmoid(z + of_z), jax.nn.sigmoid(r + of_r)
        return z * h + (1 - z) * jnp.tanh(g + r * of_g), None

    zeros = jnp.zeros((len(x), weights["recurrent_kernel"].shape[0]))
    return lax.scan(step, zeros, inputs)[0]


def _attention(num_heads: int, weights: Any, x: Any) -> Any:
    size = x.shape[-1] // num_heads

    def project(name: str) -> Any:
        y = x @ weights[f"{name}_kernel"] + weights[f"{name}_bias"]
        return y.reshape(*x.shape[:2], num_heads, size)

    query, key, value = map(project, ("query", "key", "value"))
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / math.sqrt(size)
    mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores), value)
    return mixed.reshape(x.shape) @ weights["output_kernel"] + weights["output_bias"]
