"""What is measured: the models, the data they are trained on, and the questions asked.

Every peer is given the same case and the same arrays. A case's model is a stack
(`benchmarks.stacks`); a group is a list of cases that share their processes: most hold
one case, the groups named `scale-...` one for each point of a curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import samples, stacks
from benchmarks.samples import Data
from benchmarks.stacks import Conv, Dense, Dropout, Normalization, Stack, walk

NUM_FEATURES = 784
NUM_CLASSES = 10
LEARNING_RATES = {"adam": 1e-3, "sgd": 1e-2}
NUM_MOMENTS = {"adam": 2, "sgd": 0}  # arrays an optimizer keeps for each weight array
MEASURES = ("fit", "evaluate", "predict-1", "predict-32", "predict-10000")


@dataclass(frozen=True)
class Case:
    """A classifier, with softmax at its end.

    Attributes:
        name: What `--only` calls it.
        title: One line for a heading.
        stack: The model.
        input_shape: Shape of a sample.
        data: Kind of data; see `benchmarks.samples`.
        num_samples: Samples of the training set in a full run.
        batch_size: Samples a step.
        optimizer: "adam" or "sgd" (without momentum), at Keras's learning rate.
        measures: What is asked; "fit" only if the case is trained.
        application: Name and arguments of the model in `keras.applications` that the
            stack describes; empty if it is built from the stack.
        point: The number on the axis of a curve.
        device: "gpu" if it is asked there alone, unless it is named.
    """

    name: str
    title: str
    stack: Stack
    input_shape: tuple[int, ...]
    data: str
    num_samples: int
    batch_size: int
    optimizer: str = "adam"
    measures: tuple[str, ...] = ("fit", "predict-1")
    application: tuple = ()
    point: int = 0
    device: str = ""

    @property
    def is_trained(self) -> bool:
        """Whether steps of training are measured."""
        return "fit" in self.measures

    @property
    def num_classes(self) -> int:
        """Units of the last layer."""
        return self.stack[-1].units

    @property
    def num_weights(self) -> int:
        """Trainable numbers."""
        found = walk(self.stack, self.input_shape)
        shapes = [shape for _, part, at in found for shape in part.weights(at).values()]
        return sum(map(math.prod, shapes))

    @property
    def learning_rate(self) -> float:
        """Keras's default for the optimizer."""
        return LEARNING_RATES[self.optimizer]

    def num_steps(self, num_samples: int) -> int:
        """Return the steps of an epoch, a smaller last one included."""
        return -(-num_samples // self.batch_size)

    def limited(self, most: int | None) -> int:
        """Return the number of samples where no more than `most` are allowed."""
        return self.num_samples if most is None else min(self.num_samples, most)

    def make_data(self, num_samples: int, seed: int = 0) -> Data:
        """Return the training set."""
        make = samples.KINDS[self.data]
        return make(num_samples, self.input_shape, self.num_classes, seed)


def _mlp(name: str, hidden: tuple[int, ...], optimizer: str, batch_size: int, **rest):
    widths = "-".join(map(str, (NUM_FEATURES, *hidden, NUM_CLASSES)))
    shown = {"adam": "Adam", "sgd": "SGD"}[optimizer]
    title = f"{widths}, {shown}, batch size {batch_size}"
    stack = (*map(Dense, hidden), Dense(NUM_CLASSES, "softmax"))
    given = {"title": title, "num_samples": 60_000, "optimizer": optimizer} | rest
    return Case(
        name=name,
        stack=stack,
        input_shape=(NUM_FEATURES,),
        data="digits",
        batch_size=batch_size,
        **given,
    )


def _images(batch_size: int = 128, **rest: Any) -> Case:
    parts = (Conv(32, 3), stacks.MaxPool(), Conv(64, 3), stacks.MaxPool())
    end = (stacks.Flatten(), Dropout(0.5), Dense(NUM_CLASSES, "softmax"))
    title = "MNIST CNN: conv 32, pool, conv 64, pool, dropout, dense; batch size"
    return Case(
        f"cnn-b{batch_size}",
        f"{title} {batch_size:,}",
        parts + end,
        (28, 28, 1),
        "mnist",
        30 * batch_size,
        batch_size,
        **rest,
    )


def _series() -> Case:
    parts = (Conv(64, 5), stacks.MaxPool(), Conv(128, 5), stacks.GlobalPool("max"))
    end = (Dense(64), Dense(NUM_CLASSES, "softmax"))
    title = "1D CNN: 128 steps of 16 channels, conv 64, pool, conv 128; batch size 64"
    return Case("cnn1d-b64", title, parts + end, (128, 16), "patterns", 5_120, 64)


def _tokens(kind: str) -> Case:
    parts = (stacks.Embedding(20_000, 128), stacks.Recurrent(kind, 64))
    title = f"Embedding(20000, 128), {kind.upper()}(64), 80 steps, batch size 32"
    stack = (*parts, Dense(NUM_CLASSES, "softmax"))
    return Case(f"{kind}-b32", title, stack, (80,), "tokens", 1_280, 32)


def _transformer() -> Case:
    attend = stacks.Residual((stacks.Attention(4), Dropout(0.1)))
    think = stacks.Residual((Dense(512), Dense(128, None), Dropout(0.1)))
    block = (attend, Normalization("layer"), think, Normalization("layer"))
    title = (
        "Transformer encoder: 2 blocks, width 128, 4 heads, 64 tokens, batch size 32"
    )
    stack = (*block, *block, stacks.GlobalPool(), Dense(NUM_CLASSES, "softmax"))
    return Case("transformer-b32", title, stack, (64, 128), "patterns", 960, 32)


def _table() -> Case:
    hidden = (Dense(512, None), Normalization(), stacks.Activation("relu"))
    stack = (*hidden, Dropout(0.3)) * 2 + (Dense(NUM_CLASSES, "softmax"),)
    title = "Tabular, 100,000 rows of 100: 2 x (dense 512, BatchNorm, relu, dropout)"
    return Case(
        "tabular-b256",
        f"{title}, batch size 256",
        stack,
        (100,),
        "patterns",
        100_000,
        256,
    )


def _mobile_net(alpha: float, pixels: int, *measures: str) -> Case:
    shape = (pixels, pixels, 3)
    arguments = {"input_shape": shape, "alpha": alpha, "weights": None}
    return Case(
        f"mobilenet-{alpha}-{pixels}",
        f"MobileNetV2, alpha {alpha}, {pixels} pixels, inference",
        stacks.mobile_net_v2(alpha, 1000),
        shape,
        "patterns",
        32,
        32,
        measures=measures,
        application=("MobileNetV2", arguments),
    )


_SINGLE = (
    _mlp("mlp64-adam-b32", (64, 64), "adam", 32, measures=MEASURES),
    _mlp("mlp64-adam-b128", (64, 64), "adam", 128),
    _mlp("mlp512-sgd-b64", (512, 512), "sgd", 64, num_samples=30_000),
    _images(),
    _series(),
    _tokens("lstm"),
    _tokens("gru"),
    _transformer(),
    _table(),
    _mobile_net(0.35, 96, "predict-1", "predict-32"),
    _mobile_net(1.0, 96, "predict-1", "predict-32"),
    _mobile_net(1.0, 224, "predict-1"),
    _mlp("mlp64-adam-b4096", (64, 64), "adam", 4096, measures=("fit",), device="gpu"),
    _images(1024, measures=("fit",), device="gpu"),
)


def _point(axis: str, value: int, hidden: tuple[int, ...], batch_size: int) -> Case:
    return _mlp(
        f"scale-{axis}-{value}",
        hidden,
        "adam",
        batch_size,
        title=f"{axis} {value:,}",
        num_samples=100 * batch_size,
        measures=("fit",),
        point=value,
    )


def _curves() -> dict[str, list[Case]]:
    """Return the curves; each layer has two variables, kernel and bias."""
    return {
        "scale-batch": [
            _point("batch", size, (64, 64), size) for size in (8, 32, 128, 512, 2048)
        ],
        "scale-width": [
            _point("width", units, (units,) * 2, 32) for units in (16, 64, 256, 1024)
        ],
        "scale-depth": [
            _point("depth", number, (64,) * number, 32) for number in (1, 4, 16, 64)
        ],
        "scale-variables": [
            _point("variables", number, (8,) * (number // 2 - 1), 32)
            for number in (10, 100, 1_000, 5_000)
        ],
    }


GROUPS: dict[str, list[Case]] = {case.name: [case] for case in _SINGLE} | _curves()
CASES = {case.name: case for group in GROUPS.values() for case in group}


def make_data(num_samples: int, seed: int = 0) -> Data:
    """Return rows that look like MNIST's to a model; see `samples.digits`."""
    return samples.digits(num_samples, (NUM_FEATURES,), NUM_CLASSES, seed)


def initial_weights(case: Case, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """Return the trainable weights by place and name.

    Kernels are Glorot uniform, tables uniform in [-0.05, 0.05], scales one, the others
    zero, as in Keras.
    """
    rng = np.random.default_rng(seed)
    return {
        place: {n: _initial(rng, n, s) for n, s in part.weights(shape).items()}
        for place, part, shape in walk(case.stack, case.input_shape)
    }


def _initial(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name == "gamma":
        return np.ones(shape, "float32")
    if name == "embeddings":
        return rng.uniform(-0.05, 0.05, shape).astype("float32")
    if "kernel" not in name:
        return np.zeros(shape, "float32")
    window = math.prod(shape[:-2])
    limit = math.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype("float32")
