"""Operations of several results: operands for each, and what their results must obey.

`SEVERAL[name]` has the cases and a check. A decomposition is often not unique (signs,
order), so a check need not compare with a reference: it may put the results together
again. Both the contract of operations and the kernels of the backends are tested by it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.backend import several_linalg


class Case(NamedTuple):
    """Float64 (or whole) operands, and static arguments."""

    operands: list[np.ndarray]
    attributes: dict[str, Any]


class Several(NamedTuple):
    """How an operation of several results is tested.

    Attributes:
        cases: Its cases.
        check: `check(outs, *operands, rtol, **attributes)` asserts that host results
            are right, to a relative tolerance that suits their dtype.
        unique: Whether each result is a smooth function of the operands, so that its
            gradient can be compared with a central difference.
    """

    cases: list[Case]
    check: Callable[..., None]
    unique: bool = True


SEVERAL: dict[str, Several] = {
    name: Several([Case(*case) for case in cases], check)
    for name, (cases, check) in several_linalg.CHECKS.items()
}


def _check_custom(outs, *operands, rtol, count, rule):
    for out, x in zip(outs, operands, strict=False):
        np.testing.assert_allclose(out, x, rtol=rtol)


def _doubled(gs, xs):
    return tuple(2 * g for g in gs)


_PAIR = [np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(0, 2, 6).reshape(2, 3)]
# its gradient is whatever the user likes: there is no slope to compare it with
SEVERAL["custom_gradient_of"] = Several(
    [Case([*_PAIR, *_PAIR], {"count": 2, "rule": _doubled})],
    _check_custom,
    unique=False,
)
