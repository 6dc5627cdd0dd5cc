"""A bound on the memory that objects made in a block may take.

A file that describes a model can ask for layers of any size. While it is read, every
new variable is counted against what a file of that size may need, before anything is
allocated; outside such a block nothing is counted. Variables, eager operations and
whatever else allocates by a number from a config call `claim`. Variables made in such
a block draw their initial values only if the file has none for them.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kerasish.backend import dtypes
from kerasish.errors import FileFormatError, explain

_LARGEST = 8  # bytes of a number whose dtype is none of ours
_local = threading.local()


@contextmanager
def memory_limit(num_bytes: int) -> Iterator[None]:
    """Bound what the variables made inside the block may take together.

    Args:
        num_bytes: Bytes. Inside another such block, what that one has left counts too.
    """
    outer: int | None = getattr(_local, "left", None)
    given = num_bytes if outer is None else min(num_bytes, outer)
    _local.left = given
    try:
        yield
    finally:
        _local.left = None if outer is None else outer - (given - _local.left)


def is_limited() -> bool:
    """Return whether this is such a block: a model is being read from a file."""
    return getattr(_local, "left", None) is not None


def claim(shape: Sequence[int], dtype: str, keep: bool = True) -> None:
    """Count an array that is about to be made.

    Args:
        shape: Its shape.
        dtype: Its dtype name.
        keep: Whether it stays; else it only has to fit.

    Raises:
        FileFormatError: It takes more than the block has left.
    """
    left: int | None = getattr(_local, "left", None)
    if left is None:
        return
    sizes = [size for size in shape if isinstance(size, int)]
    wanted = math.prod(sizes) * _item_size(dtype)
    if wanted > left:
        raise FileFormatError(
            explain(
                "The file describes far more than it can hold.",
                got=f"an array of shape {_short(sizes)} and dtype {dtype}",
                expected=f"at most {left} bytes more, for a file of this size",
                fix="build the model in Python, where nothing limits its size",
            )
        )
    if keep:
        _local.left = left - wanted


def _item_size(dtype: str) -> int:
    return dtypes.size_of(dtype) if dtype in dtypes.ALL else _LARGEST


def _short(sizes: list[int]) -> str:
    # Python refuses to print numbers of thousands of digits.
    return "(" + ", ".join(str(s) if s < 10**20 else "huge" for s in sizes) + ")"
