"""What every initializer is: settings, and a call that returns values on the host.

Values are drawn on the host and uploaded by whoever asked, so a seed gives the same
weights on every backend. float16 and float32 values are computed in float32, float64
values in float64: asking for another float dtype may give other numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.backend import standardize_dtype
from kerasish.errors import DTypeError, explain
from kerasish.random.seed import SeedGenerator, check_seed, draw_seed, host_generator
from kerasish.saving.registry import Configurable, Directory

DIRECTORY = Directory("initializer", "keras.initializers", make_instances=True)


class Initializer(Configurable):
    """Base class of initializers: subclasses define `__call__`.

    Example:
        >>> import numpy as np
        >>> class Sevens(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 7, dtype or "float32")
        >>> Sevens()((2,))
        array([7., 7.], dtype=float32)
    """

    def __init__(self) -> None:
        # object's own constructor would swallow arguments that nobody takes
        super().__init__()

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """Return initial values as a host array.

        Args:
            shape: Shape of the weight.
            dtype: Its dtype; None means `floatx()`.
        """
        raise NotImplementedError(
            explain(
                f"Initializer '{type(self).__name__}' cannot be called.",
                fix="define __call__(self, shape, dtype=None) in it",
            )
        )

    def clone(self) -> Initializer:
        """Return a new initializer with the same config."""
        return self.from_config(self.get_config())


class RandomInitializer(Initializer):
    """Base class of initializers that draw: keeps the seed as Keras does.

    An integer seed, or none, gives the same values in every call of one object (without
    a seed, one is drawn when the object is made); a `SeedGenerator` gives new values.

    Args:
        seed: Integer in [0, 2**32), `SeedGenerator`, its config, or None.

    Raises:
        ValueError: `seed` is none of these.
    """

    def __init__(self, seed: Any = None) -> None:
        self._given_seed = seed
        if isinstance(seed, dict):
            seed = SeedGenerator.from_config(seed["config"])
        if not isinstance(seed, SeedGenerator):
            seed = draw_seed() if seed is None else check_seed(seed)
        self.seed: int | SeedGenerator = seed

    def generator(self) -> np.random.Generator:
        """Return the host generator of the next call."""
        return host_generator(self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; a seed that was drawn is not kept."""
        seed = self._given_seed
        if isinstance(seed, SeedGenerator):
            seed = DIRECTORY.serialize(seed)
        return {**super().get_config(), "seed": seed}


def host_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the NumPy dtype of a dtype's name; None means `floatx()`."""
    return np.dtype(standardize_dtype(dtype))


def float_dtypes(who: Initializer, dtype: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """Return the dtype of the result and the one to compute in.

    Raises:
        DTypeError: `dtype` is not floating; random values need one.
    """
    result = host_dtype(dtype)
    if result.kind != "f":
        raise DTypeError(
            explain(
                f"{type(who).__name__} cannot draw values of this dtype.",
                got=result.name,
                expected="a floating dtype",
                fix="use Zeros, Ones or Constant for integer weights",
            )
        )
    wide = np.dtype(np.float64)
    return result, result if result == wide else np.dtype(np.float32)
