"""`Config`: named settings as attributes, which can be frozen."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from kerasish.errors import explain


class Config:
    """Settings by name: `config.rate` and `config["rate"]` are the same.

    Args:
        kwargs: The settings.

    Example:
        >>> config = Config(rate=0.1)
        >>> config.units = 32
        >>> config
        <Config {'rate': 0.1, 'units': 32}>
        >>> config.freeze()
        >>> config.frozen
        True
    """

    _config: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings in a new dict."""
        return dict(self._config)

    def to_json(self) -> str:
        """Return the settings as JSON."""
        return json.dumps(self._config)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or `default` if there is none of that name."""
        return self._config.get(key, default)

    def keys(self) -> KeysView[str]:
        """Return a view of the names, in the order in which they were set."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """Return a view of the values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Return a view of the names and values."""
        return self._config.items()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several settings at once, as `dict.update` does."""
        self._check_not_frozen()
        self._config.update(*args, **kwargs)

    def pop(self, *args: Any) -> Any:
        """Remove a setting and return it, as `dict.pop` does."""
        self._check_not_frozen()
        return self._config.pop(*args)

    def _check_not_frozen(self) -> None:
        if self._frozen:
            raise ValueError(
                explain(
                    "Cannot mutate attribute(s) because the config is frozen.",
                    fix="call `config.unfreeze()` first",
                )
            )

    def __getattr__(self, name: str) -> Any:
        # Asked only where nothing else is found; while unpickling, nothing is.
        if name in self.__dict__.get("_config", ()):
            return self._config[name]
        raise AttributeError(
            explain(
                f"Unknown attribute: '{name}'.",
                expected=", ".join(self.__dict__.get("_config", ())) or None,
            )
        )

    def __setattr__(self, name: str, value: Any) -> None:
        self._check_not_frozen()
        self._config[name] = value

    def __delattr__(self, name: str) -> None:
        self._check_not_frozen()
        if name not in self._config:
            raise AttributeError(f"Unknown attribute: '{name}'.")
        del self._config[name]

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __delitem__(self, key: str) -> None:
        self._check_not_frozen()
        del self._config[key]

    def __contains__(self, key: object) -> bool:
        return key in self._config

    def __iter__(self) -> Iterator[str]:
        # Sorted, as in Keras; `keys()` has them in the order in which they were set.
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self._config, "frozen": self._frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        object.__setattr__(self, "_config", state["config"])
        object.__setattr__(self, "_frozen", state["frozen"])

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
