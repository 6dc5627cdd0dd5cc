"""What every public operation computes, in NumPy and float64 (see `calls.py`)."""

import math

import numpy as np

from tests.backend.references import erf
from tests.ops import (
    calls_arrays,
    calls_convolution,
    calls_core,
    calls_ctc,
    calls_image,
    calls_linalg,
    calls_normalization,
    calls_numeric,
    calls_signal,
    calls_statistics,
)

EPSILON = 1e-7

AS_NUMPY = (
    "absolute abs add all any arange arccos arccosh arcsin arcsinh arctan arctan2 "
    "arctanh argmax argmin bitwise_and bitwise_or bitwise_xor broadcast_to ceil clip "
    "concatenate copy cos cosh cumprod cumsum divide dot equal exp expand_dims expm1 "
    "eye flip floor floor_divide full full_like greater greater_equal identity "
    "isfinite isinf isnan left_shift less less_equal linspace log log1p logical_and "
    "logical_not logical_or logical_xor matmul max maximum mean min minimum mod "
    "moveaxis multiply ndim negative not_equal ones ones_like outer power prod ravel "
    "reciprocal repeat reshape right_shift round shape sign sin sinh size sort split "
    "sqrt square squeeze stack std subtract sum swapaxes take tan tanh tensordot tile "
    "transpose tri tril triu true_divide var where zeros zeros_like"
).split()


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


def softplus(x):
    return np.log1p(np.exp(x))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x))


def gelu(x, approximate=True):
    if approximate:
        return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / 2 * (1 + erf(x / math.sqrt(2)))


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_tanh(x):
    return np.clip(x, -1, 1)


def glu(x, axis=-1):
    values, gates = np.split(x, 2, axis)
    return values * sigmoid(gates)


def softmax(x, axis=-1):
    powers = np.exp(x - np.max(x, axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


def sparsemax(x, axis=-1):
    """Project onto the simplex by bisection: sum(max(x - t, 0)) = 1."""
    low, high = np.max(x, axis, keepdims=True) - 1, np.max(x, axis, keepdims=True)
    for _ in range(80):
        middle = (low + high) / 2
        heavy = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(heavy, middle, low), np.where(heavy, high, middle)
    return np.maximum(x - low, 0)


def logsumexp(x, axis=None, keepdims=False):
    peak = np.max(x)
    return np.log(np.sum(np.exp(x - peak), axis, keepdims=keepdims)) + peak


def binary_crossentropy(target, output, from_logits=False):
    p = sigmoid(output) if from_logits else np.clip(output, EPSILON, 1 - EPSILON)
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    total = np.sum(output, axis, keepdims=True)
    p = softmax(output, axis) if from_logits else output / total
    return -np.sum(target * np.log(p), axis)


def sparse_categorical_crossentropy(target, output, from_logits=False):
    codes = np.eye(output.shape[-1])[np.ravel(target)]
    return categorical_crossentropy(codes, output, from_logits)


def one_hot(x, num_classes, axis=-1, dtype="float32"):
    codes = np.asarray(x)[..., None] == np.arange(num_classes)
    return np.moveaxis(codes, -1, axis).astype(dtype)


def multi_hot(inputs, num_classes):
    codes = one_hot(inputs, num_classes)
    return codes.max(0 if codes.ndim == 2 else 1)


def in_top_k(targets, predictions, k):
    ranks = np.argsort(np.argsort(-predictions, axis=1), axis=1)
    return ranks[np.arange(len(targets)), targets] < k


def top_k(x, k):
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1), order


def argsort(x, axis=-1):
    return np.argsort(x, axis, kind="stable")


def take_along_axis(x, indices, axis=None):
    return np.take_along_axis(x, indices, axis)


def pad(x, pad_width, mode="constant", constant_values=None):
    settings = {"constant_values": constant_values or 0} if mode == "constant" else {}
    return np.pad(x, pad_width, mode, **settings)


def cast(x, dtype):
    return x.astype(dtype)


def convert_to_tensor(x, dtype=None):
    return np.asarray(x, dtype)


def unstack(x, num=None, axis=0):
    return list(np.moveaxis(x, axis, 0))


def get_item(x, key):
    return x[key]


def sparse_plus(x):
    return np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4))


def threshold(x, threshold, default_value):
    return np.where(x > threshold, x, default_value)


_OWN = (
    *(relu, sigmoid, softplus, elu, gelu, hard_sigmoid, hard_tanh, glu, softmax),
    *(sparsemax, logsumexp, binary_crossentropy, categorical_crossentropy),
    *(sparse_categorical_crossentropy, one_hot, multi_hot, in_top_k, top_k, argsort),
    *(take_along_axis, pad, cast, convert_to_tensor, unstack, get_item, sparse_plus),
    *(threshold, erf),
)
FORMULAS = {
    **{name: getattr(np, name) for name in AS_NUMPY},
    **{function.__name__: function for function in _OWN},
    "celu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(x / alpha)),
    "convert_to_numpy": np.asarray,
    "dtype": lambda x: x.dtype.name,
    "hard_shrink": lambda x, threshold=0.5: np.where(np.abs(x) > threshold, x, 0),
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "hard_swish": lambda x: x * hard_sigmoid(x),
    "is_tensor": lambda x: isinstance(x, np.ndarray),
    "leaky_relu": lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x),
    "log_sigmoid": lambda x: -softplus(-x),
    "log_softmax": lambda x, axis=-1: np.log(softmax(x, axis)),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "relu6": lambda x: np.clip(x, 0, 6),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "silu": lambda x: x * sigmoid(x),
    "soft_shrink": lambda x, threshold=0.5: (
        np.sign(x) * np.maximum(np.abs(x) - threshold, 0)
    ),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "squareplus": lambda x, b=4: (x + np.sqrt(x**2 + b)) / 2,
    "stop_gradient": np.asarray,
    "swish": lambda x: x * sigmoid(x),
    "tanh_shrink": lambda x: x - np.tanh(x),
}
for _family in (
    *(calls_convolution, calls_core, calls_ctc, calls_image, calls_linalg),
    *(calls_normalization, calls_signal),
    *(calls_arrays, calls_numeric, calls_statistics),
):
    FORMULAS |= _family.FORMULAS
