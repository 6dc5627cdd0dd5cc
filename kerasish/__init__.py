"""Keras's API on NumPy and CuPy: `import kerasish as keras`."""

import importlib
from typing import TYPE_CHECKING, Any

from kerasish import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
    tree,
    utils,
)
from kerasish.dtype_policies import DTypePolicy, FloatDTypePolicy
from kerasish.gradients import grad, value_and_grad
from kerasish.graph.keras_tensor import KerasTensor
from kerasish.graph.stateless import StatelessScope
from kerasish.graph.variable import Variable
from kerasish.initializers import Initializer
from kerasish.layers import Input, InputSpec, Layer
from kerasish.left_out import TOP, refusing
from kerasish.losses import Loss
from kerasish.metrics import Metric
from kerasish.models import Model, Sequential
from kerasish.ops.function import Function
from kerasish.ops.operation import Operation
from kerasish.optimizers import Optimizer
from kerasish.regularizers import Regularizer
from kerasish.scopes import RematScope, SymbolicScope, device, name_scope, remat

if TYPE_CHECKING:
    from kerasish import applications, datasets, visualization, wrappers

__version__ = "0.1.0"
_ON_FIRST_USE = ("applications", "datasets", "visualization", "wrappers")
_refuse = refusing("kerasish", TOP)


def __getattr__(name: str) -> Any:
    """Return a part that most programs do without; refuse what there is not."""
    if name in _ON_FIRST_USE:
        return importlib.import_module(f"kerasish.{name}")
    return _refuse(name)


def __dir__() -> list[str]:
    """Return the public names, those of parts not imported yet too."""
    return sorted(__all__)


def version() -> str:
    """Return the version of the package."""
    return __version__


__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "__version__",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "device",
    "dtype_policies",
    "grad",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "remat",
    "saving",
    "tree",
    "utils",
    "value_and_grad",
    "version",
    "visualization",
    "wrappers",
]
