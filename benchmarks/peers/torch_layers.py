"""The parts of a stack as modules of PyTorch, channels first as it prefers them."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks import stacks
from benchmarks.stacks import Shape, Stack

_ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6}


def build(stack: Stack, shape: Shape) -> nn.Sequential:
    """Return a module; a softmax at the end is left out, its outputs are logits."""
    modules: list[nn.Module] = []
    for part in stack:
        modules += _modules(part, shape)
        shape = part.output(shape)
    return nn.Sequential(*modules)


@torch.no_grad()
def initialize(model: nn.Module) -> None:
    """Give all weights the distributions that Keras gives them."""
    for name, weight in model.named_parameters():
        if weight.ndim > 1:
            nn.init.xavier_uniform_(weight)
        elif "bias" in name:
            nn.init.zeros_(weight)
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.05, 0.05)


def _activation(name: str | None) -> list[nn.Module]:
    return [_ACTIVATIONS[name]()] if name in _ACTIVATIONS else []


def _modules(part: stacks.Part, shape: Shape) -> list[nn.Module]:
    channels, axes = shape[-1], len(shape) - 1
    match part:
        case stacks.Dense(units, activation):
            return [nn.Linear(channels, units), *_activation(activation)]
        case stacks.Conv() | stacks.Depthwise():
            return [_convolution(part, shape), *_activation(_named(part))]
        case stacks.MaxPool(size):
            return [getattr(nn, f"MaxPool{axes}d")(size)]
        case stacks.GlobalPool("max"):
            return [getattr(nn, f"AdaptiveMaxPool{axes}d")(1), nn.Flatten()]
        case stacks.GlobalPool() if _is_sequence(shape):
            return [_MeanOfTokens()]
        case stacks.GlobalPool():
            return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        case stacks.Normalization("batch"):
            kind = nn.BatchNorm2d if axes == 2 else nn.BatchNorm1d
            return [kind(channels, momentum=0.01)]
        case stacks.Normalization():
            return [nn.LayerNorm(channels, eps=1e-3)]
        case stacks.Recurrent(kind, units):
            return [_Recurrent(kind, channels, units)]
        case stacks.Attention(num_heads):
            return [_Attention(channels, num_heads)]
        case _:
            return _simple(part, shape)


def _named(part: stacks.Part) -> str | None:
    return getattr(part, "activation", None)


def _is_sequence(shape: Shape) -> bool:
    return len(shape) == 2


def _simple(part: stacks.Part, shape: Shape) -> list[nn.Module]:
    match part:
        case stacks.Flatten():
            return [nn.Flatten()]
        case stacks.Dropout(rate):
            return [nn.Dropout(rate)]
        case stacks.Activation(name):
            return _activation(name)
        case stacks.Embedding(num_tokens, units):
            return [nn.Embedding(num_tokens, units)]
        case stacks.Residual(inner):
            return [_Residual(build(inner, shape))]
        case _:
            raise ValueError(f"no module is known for {part!r}")


def _convolution(part: stacks.Conv | stacks.Depthwise, shape: Shape) -> nn.Module:
    channels = shape[-1]
    kind = getattr(nn, f"Conv{len(shape) - 1}d")
    if isinstance(part, stacks.Depthwise):
        around = part.size // 2
        return kind(
            channels, channels, part.size, part.strides, around, 1, channels, False
        )
    around = part.size // 2 if part.same else 0
    return kind(
        channels, part.filters, part.size, part.strides, around, bias=part.use_bias
    )


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class _MeanOfTokens(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=1)


class _Recurrent(nn.Module):
    def __init__(self, kind: str, features: int, units: int) -> None:
        super().__init__()
        make = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
        self.cell = make(features, units, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.cell(x)[0][:, -1]


class _Attention(nn.Module):
    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(width, num_heads, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attend(x, x, x, need_weights=False)[0]
