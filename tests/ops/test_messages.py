"""What NumPy-like operations say about arguments that do not fit."""

import numpy as np
import pytest

from kerasish import ops

X, LINE, WHOLE = np.ones((3, 4)), np.arange(5.0), np.arange(6)

REFUSED = [
    (lambda: ops.view(np.ones(3, "float32"), "float64"), r"float32\[3\] as float64"),
    (lambda: ops.select([X > 0], [X, X]), "1 conditions and 2 choices"),
    (lambda: ops.view_as_complex(X), "no complex dtype(.|\n)*pairs"),
    (lambda: ops.bincount(np.zeros((2, 2, 2), int)), r"shape \(n,\) or \(rows, n\)"),
    (lambda: ops.bincount(WHOLE, weights=[1.0]), r"weight for each number"),
    (lambda: ops.histogram(LINE, bins=[0, 1]), "ops.digitize"),
    (lambda: ops.histogram(LINE, bins=0), "bins=0"),
    (lambda: ops.histogram(LINE, range=(1, 0)), "ends after it begins"),
    (lambda: ops.diagonal(X, axis1=1, axis2=-1), "two different axes"),
    (lambda: ops.diag(np.ones((2, 2, 2))), "ops.diagonal for stacks"),
    (lambda: ops.diff(LINE, n=-1), "n=-1"),
    (lambda: ops.correlate(X, X), r"shapes \(n,\) and \(m,\)"),
    (lambda: ops.ldexp(X, 0.5), "whole numbers as exponents"),
    (lambda: ops.append(X, LINE, axis=0), "one rank along an axis"),
    (lambda: ops.array_split(LINE, [2]), "use ops.split"),
    (lambda: ops.array_split(LINE, 0), "at least one part"),
    (lambda: ops.dsplit(X, 2), "rank of at least 3"),
    (lambda: ops.quantile(LINE, 1.5), "from 0 to 1"),
    (lambda: ops.percentile(LINE, -1), "from 0 to 100"),
    (lambda: ops.median(np.ones((0, 2)), axis=0), "Of no elements"),
    (lambda: ops.searchsorted(X, LINE), "ops.vectorized_map"),
    (lambda: ops.logspace(0, 1, num=-1), "num=-1"),
    (lambda: ops.average(X, axis=1, weights=[1.0]), "weight for each element"),
    (lambda: ops.corrcoef(np.ones((2, 2, 2))), "one variable in each row"),
    (lambda: ops.einsum("ij,jk", X), "einsum"),
    (lambda: ops.einsum("ijk->k", X), r"2 axes for the term 'ijk'"),
    (lambda: ops.einsum("ij,jk->ik", X, X), "two lengths(.|\n)*4 and 3 for 'j'"),
    (lambda: ops.einsum("i?->i", X), "einsum"),
    (lambda: ops.hanning(LINE), "one number"),
    (lambda: ops.roll(X, (1, 2), axis=(0, 1, 0)), "a shift for each axis"),
    (lambda: ops.rot90(X, axes=(0, 0)), "two different axes"),
    (lambda: ops.inner(X, LINE), "equal last lengths"),
    (lambda: ops.cross(X, X), "2 or 3 elements"),
    (lambda: ops.vander(X), r"shape \(n,\)"),
    (lambda: ops.vectorize(3), "needs a function"),
    (lambda: ops.vectorize(abs, signature="i->"), "cannot read its signature"),
    (lambda: ops.vectorize(ops.dot, signature="(n),(n)->()")(X, 1.0), "do not fit"),
    (lambda: ops.gcd(X, 2.0), "defined on whole numbers"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
