"""Who is measured. One module a peer; this table says how each is run and imported.

A module offers `make(case, data, device)`, which returns an object with

    fit(num_samples=None) -> float   train for one epoch; the mean loss of its batches
    evaluate() -> float              the loss on the training set
    predict(x) -> array              samples in, float32[n, num_classes] on the host out

as far as the table says that it has them. They return when all work is done, on the
device too. Nothing here imports a peer: that happens in a process of its own, with the
environment given in the table.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass, field

from benchmarks import stacks
from benchmarks.cases import Case
from benchmarks.stacks import walk

DEVICES = ("cpu", "gpu")
_DENSE = (stacks.Dense,)
_FORWARD = (
    *(stacks.Dense, stacks.Conv, stacks.Depthwise, stacks.MaxPool, stacks.GlobalPool),
    *(stacks.Flatten, stacks.Dropout, stacks.Activation, stacks.Normalization),
    stacks.Residual,
)


@dataclass(frozen=True)
class Peer:
    """A way to train the models.

    Attributes:
        name: What `--peers` calls it.
        title: What tables call it.
        module: Module in this package.
        statement: What a script imports to begin with; None: nothing to measure.
        packages: What it needs beside NumPy; the versions are reported.
        environment: Variables of its process, on any device.
        devices: Where it can run.
        measures: Beginnings of what it can be asked.
        parts: Kinds of parts it knows; None: all.
        shapes: Numbers of axes that a sample may have.
    """

    name: str
    title: str
    module: str
    statement: str | None
    packages: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = DEVICES
    measures: tuple[str, ...] = ("fit", "evaluate", "predict")
    parts: tuple[type, ...] | None = None
    shapes: tuple[int, ...] = (1, 2, 3)

    def can(self, case: Case, measure: str) -> bool:
        """Return whether a question about a case can be asked."""
        if measure not in case.measures or not measure.startswith(self.measures):
            return False
        if len(case.input_shape) not in self.shapes:
            return False
        known = self.parts or (stacks.Part,)
        found = walk(case.stack, case.input_shape)
        return all(isinstance(part, known) for _, part, _ in found)


def _keras(backend: str, title: str, packages: tuple[str, ...]) -> Peer:
    return Peer(
        f"keras-{backend}",
        f"Keras on {title}",
        "keras_peer",
        "import keras",
        ("keras", *packages),
        {"KERAS_BACKEND": backend},
    )


def _kerasish(backend: str, title: str, device: str, *packages: str) -> Peer:
    return Peer(
        f"kerasish-{backend}",
        f"kerasish on {title}",
        "kerasish_peer",
        "import kerasish",
        packages,
        {"KERASISH_BACKEND": backend},
        (device,),
    )


FLOOR = "floor"
PEERS = {
    peer.name: peer
    for peer in (
        _kerasish("numpy", "NumPy", "cpu"),
        _kerasish("numba", "Numba", "cpu", "numba"),
        _kerasish("cupy", "CuPy", "gpu", "cupy"),
        _keras("jax", "JAX", ("jax",)),
        _keras("tensorflow", "TensorFlow", ("tensorflow",)),
        _keras("torch", "PyTorch", ("torch",)),
        Peer("raw-jax", "JAX, jit", "jax_peer", "import jax, jax.numpy", ("jax",)),
        Peer("raw-torch", "PyTorch, eager", "torch_peer", "import torch", ("torch",)),
        Peer(
            "raw-torch-compile",
            "PyTorch, compiled",
            "torch_compiled_peer",
            None,
            ("torch",),
        ),
        Peer(
            "sklearn",
            "scikit-learn",
            "sklearn_peer",
            "from sklearn.neural_network import MLPClassifier",
            ("scikit-learn",),
            devices=("cpu",),
            measures=("fit", "predict"),
            parts=_DENSE,
            shapes=(1,),
        ),
        Peer(
            "onnxruntime",
            "ONNX Runtime",
            "onnx_peer",
            "import onnxruntime",
            ("onnxruntime", "onnx"),
            devices=("cpu",),
            measures=("predict",),
            parts=_FORWARD,
            shapes=(1, 3),
        ),
        Peer(FLOOR, "floor", "floor_peer", None),
    )
}

_IMPORT_NAMES = {"scikit-learn": "sklearn"}
_DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "cupy": ("cupy-cuda12x", "cupy-cuda13x", "cupy"),
}

# Several processes share the device: none may take all of its memory beforehand.
_ENVIRONMENTS = {
    "cpu": {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""},
    "gpu": {
        "JAX_PLATFORMS": "cuda",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    },
}


def environment(peer: Peer, device: str) -> dict[str, str]:
    """Return the variables to set for a peer's process."""
    base = {"KERASISH_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "2"}
    return {**base, **_ENVIRONMENTS[device], **peer.environment}


def missing(peer: Peer, device: str) -> str | None:
    """Return why a peer cannot run here, or None if it can; imports nothing."""
    if device not in peer.devices:
        return f"does not run on a {device.upper()}"
    names = [_IMPORT_NAMES.get(name, name) for name in _packages(peer, device)]
    absent = [name for name in names if importlib.util.find_spec(name) is None]
    return f"{', '.join(absent)} not installed" if absent else None


def versions(peer: Peer, device: str) -> dict[str, str]:
    """Return the versions of the packages a peer runs on."""
    return {name: _version(name) for name in _packages(peer, device)}


def _packages(peer: Peer, device: str) -> tuple[str, ...]:
    on_cupy = device == "gpu" and peer.name == FLOOR
    return (*peer.packages, "cupy") if on_cupy else peer.packages


def _version(package: str) -> str:
    for name in _DISTRIBUTIONS.get(package, (package,)):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return "unknown"
