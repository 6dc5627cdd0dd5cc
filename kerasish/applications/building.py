"""What all networks for images have in common: input, top, and published weights.

A network is a `body` (images to features) and a `head` (features to class scores);
`build` puts them together the way its arguments say.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish import layers
from kerasish.activations import get as get_activation
from kerasish.activations import serialize as serialize_activation
from kerasish.backend import image_data_format
from kerasish.errors import ShapeError, explain
from kerasish.graph.keras_tensor import is_keras_tensor
from kerasish.models.model import Model
from kerasish.utils.files import get_file
from kerasish.utils.plotting import get_source_inputs

ORIGIN = "https://storage.googleapis.com/tensorflow/keras-applications/"

Shape = tuple[int | None, ...]
Step = Callable[[Any], Any]
Part = Callable[["Request"], Step]

_NUM_CLASSES = 1000
MIN_SIZE = 32


@dataclass(frozen=True)
class Published:
    """A file with weights trained on ImageNet.

    Attributes:
        path: Where it lies below `origin`.
        file_hash: Its md5, or None where none is published.
        origin: The address that `path` lies below.
    """

    path: str
    file_hash: str | None = None
    origin: str = ORIGIN

    def fetch(self) -> str:
        """Return the path of the file in the cache, downloaded if it is not there.

        Raises:
            OSError: It cannot be downloaded.
        """
        name, address = self.path.rpartition("/")[2], self.origin + self.path
        try:
            return get_file(
                name, address, cache_subdir="models", file_hash=self.file_hash
            )
        except OSError as error:
            raise OSError(
                explain(
                    "The weights trained on ImageNet cannot be downloaded.",
                    got=f"{type(error).__name__}: {error}",
                    expected=f"a file at {address}",
                    fix=f"download it elsewhere and pass weights='path/to/{name}', or "
                    "weights=None for fresh weights",
                )
            ) from error


@dataclass(frozen=True)
class Request:
    """The arguments that all networks share; see `ARGUMENTS`."""

    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: Sequence[int | None] | None
    pooling: str | None
    classes: int
    classifier_activation: Any

    @property
    def pretrained(self) -> bool:
        """Whether weights trained on ImageNet are wanted."""
        return bool(self.weights == "imagenet")


ARGUMENTS = """
    Args:
        include_top: Whether the network ends with scores for classes, or with features.
        weights: "imagenet" for the weights that Keras publishes (looked for in
            `$KERAS_HOME/models`, else downloaded), the path of a file of weights, or
            None for fresh ones.
        input_tensor: Symbolic tensor to build the network on; a new input by default.
        input_shape: Shape of an image, such as `({size}, {size}, 3)`; without top, any
            size from {smallest} is possible, also None.
        pooling: Without top: "avg" or "max" over the places of the image; None keeps
            them.
        classes: How many classes there are; 1000 for the published weights.
        classifier_activation: Activation of the scores; None for logits.
"""
RESULT = """
    Returns:
        A functional model.

    Raises:
        ValueError: Arguments do not go together.
        OSError: The weights are not there, and cannot be downloaded.
"""


def make_network(
    name: str,
    module: str,
    summary: str,
    body: Part,
    head: Part,
    published: tuple[Published, Published],
    pool_names: bool = False,
    model_name: str | None = None,
    size: int = 224,
    smallest: int = MIN_SIZE,
) -> Callable[..., Any]:
    """Return the function that makes a network with the usual arguments.

    Args:
        name: Of the function.
        module: Where it is defined.
        summary: First line of its documentation.
        body: Takes the request, returns what makes features of images.
        head: Takes the request, returns what makes scores of features.
        published: The files of weights with and without top.
        pool_names: See `build`.
        model_name: Of the model; the function's in lower case by default.
        size: Height and width of images if none are given.
        smallest: The least height and width.
    """

    def network(
        include_top: bool = True,
        weights: str | os.PathLike[str] | None = "imagenet",
        input_tensor: Any = None,
        input_shape: Sequence[int | None] | None = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str = model_name or name.lower(),
    ) -> Any:
        request = Request(
            *(include_top, weights, input_tensor, input_shape),
            *(pooling, classes, classifier_activation),
        )
        shape = image_shape(request, size, smallest)
        parts = body(request), head(request)
        return build(request, *parts, name, published, shape, pool_names)

    network.__name__ = network.__qualname__ = name
    network.__module__ = module
    line = "        name: Name of the model.\n"
    arguments = ARGUMENTS.format(size=size, smallest=smallest)
    network.__doc__ = f"{summary}\n{arguments}{line}{RESULT}"
    return network


def always(step: Step) -> Part:
    """Return a part of a network that is the same for all requests."""
    return lambda request: step


def dense_head(pool_name: str | None = None) -> Part:
    """Return the usual head: means over the image, and a dense layer of scores.

    Args:
        pool_name: Name of the layer that takes the means.
    """

    def part(request: Request) -> Step:
        def head(x: Any) -> Any:
            x = layers.GlobalAveragePooling2D(name=pool_name)(x)
            return scores(x, request)

        return head

    return part


def scores(x: Any, request: Request) -> Any:
    """Return the scores of classes that a dense layer makes of vectors."""
    return layers.Dense(
        request.classes,
        activation=request.classifier_activation,
        name="predictions",
    )(x)


def build(
    request: Request,
    body: Step,
    head: Step,
    name: str,
    published: tuple[Published, Published],
    shape: Shape,
    pool_names: bool = False,
) -> Any:
    """Return a network.

    Args:
        request: What is wanted of it.
        body: Takes images, returns features.
        head: Takes features, returns scores.
        name: Of the model.
        published: The files of weights with and without top.
        shape: Of an image; see `image_shape`.
        pool_names: Whether the layer that pools is called `avg_pool` or `max_pool`.

    Raises:
        ValueError: Arguments do not go together.
    """
    check(request)
    images = _input(request.input_tensor, shape)
    features = body(images)
    if request.include_top:
        outputs = head(features)
    else:
        outputs = _pooled(features, request.pooling, pool_names)
    given = request.input_tensor
    inputs = images if given is None else get_source_inputs(images)[0]
    model = Model(inputs, outputs, name=name)
    if request.pretrained:
        model.load_weights(published[0 if request.include_top else 1].fetch())
    elif request.weights is not None:
        model.load_weights(request.weights)
    return model


def check(request: Request) -> None:
    """Raise a ValueError if the weights, classes and activation do not go together."""
    weights = request.weights
    known = weights is None or request.pretrained or os.path.exists(weights)
    if not known:
        raise ValueError(
            explain(
                "The `weights` argument is not understood.",
                got=f"weights={weights!r}",
                expected="None, 'imagenet', or the path of a file of weights",
            )
        )
    if not (request.pretrained and request.include_top):
        return
    if request.classes != _NUM_CLASSES:
        raise ValueError(
            explain(
                "The weights of ImageNet have their own classes.",
                got=f"classes={request.classes}",
                expected=f"{_NUM_CLASSES}",
                fix="pass include_top=False and add a layer of your own",
            )
        )
    chosen = serialize_activation(get_activation(request.classifier_activation))
    if chosen not in ("softmax", "linear"):
        raise ValueError(
            explain(
                "The weights of ImageNet were trained with softmax.",
                got=f"classifier_activation={chosen!r}",
                expected="'softmax', or None for logits",
            )
        )


def image_shape(
    request: Request, default_size: int | None = 224, smallest: int = MIN_SIZE
) -> Shape:
    """Return the shape of an image.

    Args:
        request: What is wanted.
        default_size: Height and width of images if none are given; None for a network
            that takes any size.
        smallest: The least height and width.

    Raises:
        ValueError: The shape given is none of an image, or too small, or not the one
            that the weights were trained on.
    """
    given = request.input_shape
    first = image_data_format() == "channels_first"
    if given is None:
        size = default_size if request.include_top else None
        return (3, size, size) if first else (size, size, 3)
    shape = tuple(given)
    if len(shape) != 3:
        raise _wrong_shape(shape, "three integers: height, width and channels")
    channels, *sides = shape if first else (shape[2], *shape[:2])
    _check_channels(request, shape, channels)
    if any(side is not None and side < smallest for side in sides):
        raise _wrong_shape(shape, f"at least {smallest} x {smallest}")
    fixed = request.include_top and default_size is not None
    if fixed and None in sides:
        raise _wrong_shape(shape, "known sizes, because of include_top=True")
    if fixed and request.pretrained and sides != [default_size] * 2:
        raise _wrong_shape(shape, f"images of {default_size} x {default_size}")
    return shape


def _check_channels(request: Request, shape: Shape, channels: int | None) -> None:
    if request.pretrained and channels != 3:
        raise _wrong_shape(shape, "3 channels, as the weights of ImageNet have")
    if channels not in (1, 3):
        warnings.warn(
            f"This network usually takes 1 or 3 channels; input_shape has {channels}.",
            stacklevel=5,
        )


def _wrong_shape(shape: Shape, expected: str) -> ShapeError:
    return ShapeError(
        explain(
            "The network cannot take images of this shape.",
            got=f"input_shape={shape}",
            expected=expected,
        )
    )


def _input(input_tensor: Any, shape: Shape) -> Any:
    if input_tensor is None:
        return layers.Input(shape)
    if is_keras_tensor(input_tensor):
        return input_tensor
    return layers.Input(tensor=input_tensor, shape=shape)


def _pooled(features: Any, pooling: str | None, named: bool) -> Any:
    kinds = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
    if pooling not in kinds:
        return features
    name = f"{pooling}_pool" if named else None
    return kinds[pooling](name=name)(features)


def channel_axis() -> int:
    """Return the axis of the channels of a batch of images."""
    return 1 if image_data_format() == "channels_first" else 3


def channels_of(features: Any) -> int:
    """Return how many channels symbolic features have."""
    return int(features.shape[channel_axis()])
