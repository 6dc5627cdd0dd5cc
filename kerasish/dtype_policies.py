"""Dtype policies: the dtype a layer computes in, and the one its variables have.

"mixed_float16" computes in float16 and keeps float32 variables; any float dtype's name
is a policy that does both in it. NumPy has no bfloat16: the policies that name it are
accepted, keep their name in files, and compute in float32, whose range is the same and
whose digits are more. Where one is the global policy, a GPU may round the factors of
matrix products to bfloat16, for its tensor cores.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, MutableMapping
from typing import Any

from kerasish.backend import floatx, settings, standardize_dtype
from kerasish.errors import explain, unknown_name
from kerasish.left_out import DTYPE_POLICIES, refusing
from kerasish.saving.registry import Configurable, class_key, public

_NAMES = ("float16", "float32", "float64", "mixed_float16")
_BFLOAT = ("bfloat16", "mixed_bfloat16")
_QUANTIZED = ("int8", "int4", "float8", "gptq", "awq")


@public("keras")
@public("keras.dtype_policies")
class DTypePolicy(Configurable):
    """The dtypes of a layer.

    Args:
        name: A dtype's name, "mixed_float16" or "mixed_bfloat16"; `floatx()` by
            default.

    Attributes:
        compute_dtype: Dtype of inputs and of the computation.
        variable_dtype: Dtype of the weights.

    Raises:
        ValueError: There is no such policy here.

    Example:
        >>> DTypePolicy("mixed_float16").compute_dtype
        'float16'
    """

    def __init__(self, name: str | None = None) -> None:
        name = floatx() if name is None else name
        _require_supported(name)
        self.name = name
        mixed = name.startswith("mixed_")
        if name in _BFLOAT:
            _say_what_stands_for_bfloat16(name)
        self.compute_dtype = (
            "float32" if name in _BFLOAT else name.removeprefix("mixed_")
        )
        self.variable_dtype = "float32" if mixed else self.compute_dtype

    @property
    def quantization_mode(self) -> None:
        """None: there is no quantization here."""
        return

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


@functools.cache  # once for each name
def _say_what_stands_for_bfloat16(name: str) -> None:
    warnings.warn(
        explain(
            f"The policy '{name}' computes in float32 here: NumPy has no bfloat16.",
            fix="use 'float32' for the same, or 'mixed_float16' for half precision",
        ),
        stacklevel=3,
    )


def _require_supported(name: Any) -> None:
    if isinstance(name, str) and name.startswith(_QUANTIZED) and "from" in name:
        raise ValueError(
            explain("There are no quantized policies here.", got=repr(name))
        )
    if not isinstance(name, str):
        raise TypeError(explain("A dtype policy is made from a name.", got=repr(name)))
    if name not in (*_NAMES, *_BFLOAT):
        try:
            standardize_dtype(name)
        except (TypeError, ValueError):
            raise ValueError(unknown_name("dtype", name, (*_NAMES, *_BFLOAT))) from None


@public("keras.dtype_policies")
class DTypePolicyMap(MutableMapping[str, DTypePolicy]):
    """Policies by the paths of layers.

    Args:
        default_policy: Policy of all other paths; the global one by default.
        policy_map: Policies by path.
    """

    def __init__(
        self, default_policy: Any = None, policy_map: dict[str, Any] | None = None
    ) -> None:
        self._default = default_policy
        self._policies = {k: get(v) for k, v in (policy_map or {}).items()}

    @property
    def default_policy(self) -> DTypePolicy:
        """Policy of the paths that have none of their own."""
        return dtype_policy() if self._default is None else get(self._default)

    def __getitem__(self, key: str) -> DTypePolicy:
        return self._policies.get(key, self.default_policy)

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policies:
            raise ValueError(explain("This path has a policy already.", got=repr(key)))
        self._policies[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self._policies[key]

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        policies = {key: serialize(policy) for key, policy in self._policies.items()}
        default = None if self._default is None else serialize(self.default_policy)
        return {"default_policy": default, "policy_map": policies}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """Return a map made from what `get_config` returned."""
        return cls(**config)


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none: `floatx()` unless set."""
    return DTypePolicy(settings.dtype_policy())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are given none.

    Args:
        policy: A name or a `DTypePolicy`.
    """
    settings.set_dtype_policy(get(policy).name)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that `identifier` stands for.

    Args:
        identifier: None (the global policy), a policy, its config, or a dtype.

    Raises:
        ValueError: It is none of these.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        found: DTypePolicy = deserialize(identifier)
        return found
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except (TypeError, ValueError):
        raise ValueError(
            explain("Cannot understand this dtype policy.", got=repr(identifier))
        ) from None


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return the config of a policy, as files hold it."""
    module, class_name, registered = class_key(type(dtype_policy))
    return {
        "module": module,
        "class_name": class_name,
        "config": dtype_policy.get_config(),
        "registered_name": registered,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Return the policy a config describes; Keras 2's `Policy` is one too."""
    if config.get("class_name") == "DTypePolicyMap":
        return DTypePolicyMap(**config.get("config", {}))
    return DTypePolicy((config.get("config") or {}).get("name"))


__getattr__ = refusing("kerasish.dtype_policies", DTYPE_POLICIES)
