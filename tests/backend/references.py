"""What each primitive means, in NumPy.

`REFERENCES[name](*operands, **attributes)` returns the result for operands that are
float64, whole numbers or truth values, already of the one dtype they meet in. A kernel
may round to the dtype it was given; beyond that it must agree. A primitive without a
line here fails the suite (`test_kernels.py`).
"""

import math
import statistics

import numpy as np

from tests.backend import (
    cases_convolution,
    cases_linalg,
    cases_numeric,
    cases_scattering,
)

# NumPy's functions of the same name
AS_NUMPY = (
    "add subtract multiply divide floor_divide mod power maximum minimum arctan2 "
    "negative absolute sign square reciprocal sqrt exp expm1 log log1p "
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "floor ceil rint isnan isinf isfinite "
    "equal not_equal less less_equal greater greater_equal "
    "logical_and logical_or logical_xor logical_not "
    "bitwise_and bitwise_or bitwise_xor left_shift right_shift"
).split()


def erf(x):
    return np.vectorize(math.erf, otypes=["float64"])(x)


def erfc(x):
    return np.vectorize(math.erfc, otypes=["float64"])(x)


def erfinv(x):
    quantile = statistics.NormalDist().inv_cdf

    def inverse(value):
        if abs(value) < 1:
            return quantile((1 + value) / 2) / math.sqrt(2)
        return math.copysign(math.inf, value) if abs(value) == 1 else math.nan

    return np.vectorize(inverse, otypes=["float64"])(x)


def select(condition, x1, x2):
    return np.where(condition, x1, x2)


def cast_to(x, *, dtype):
    return np.asarray(x).astype(dtype)


def copy(x):
    return np.array(x)


def reshape_to(x, *, newshape):
    return np.reshape(x, newshape)


def transpose_to(x, *, axes):
    return np.transpose(x, axes)


def slice_to(x, *, slices):
    return x[slices]


def broadcast(x, *, shape):
    return np.broadcast_to(x, shape)


def place(x, *, shape, slices, value):
    result = np.full(shape, value, x.dtype)
    result[slices] = x
    return result


def concat(*xs, axis):
    return np.concatenate(xs, axis)


def reduce_sum(x, *, axis, keepdims):
    return np.sum(x, axis, dtype=x.dtype, keepdims=keepdims)


def reduce_prod(x, *, axis, keepdims):
    return np.prod(x, axis, dtype=x.dtype, keepdims=keepdims)


def reduce_max(x, *, axis, keepdims):
    return np.max(x, axis, keepdims=keepdims)


def reduce_min(x, *, axis, keepdims):
    return np.min(x, axis, keepdims=keepdims)


def arg_max(x, *, axis):
    return np.argmax(x, axis)


def arg_min(x, *, axis):
    return np.argmin(x, axis)


def cumulative_sum(x, *, axis):
    return np.cumsum(x, axis, dtype=x.dtype)


def cumulative_prod(x, *, axis):
    return np.cumprod(x, axis, dtype=x.dtype)


def arg_sort(x, *, axis):
    return np.argsort(x, axis, kind="stable")


def gather(x, indices, *, axis):
    return np.take(x, indices, axis)


def scatter_add(indices, x, *, shape):
    result = np.zeros(shape, x.dtype)
    for place in np.ndindex(indices.shape):
        result[indices[place]] += x[place]
    return result


def matmul_of(x1, x2):
    return np.matmul(x1, x2)


_OWN = (
    *(erf, erfc, erfinv, select, cast_to, copy, reshape_to, transpose_to),
    *(slice_to, broadcast),
    *(place, concat, reduce_sum, reduce_prod, reduce_max, reduce_min, arg_max),
    *(arg_min, cumulative_sum, cumulative_prod, arg_sort, gather, scatter_add),
    matmul_of,
)
REFERENCES = {
    **{name: getattr(np, name) for name in AS_NUMPY},
    **{function.__name__: function for function in _OWN},
    "stop_gradient": copy,
    **cases_linalg.REFERENCES,
    **cases_scattering.REFERENCES,
    **cases_convolution.REFERENCES,
    **cases_numeric.REFERENCES,
}
