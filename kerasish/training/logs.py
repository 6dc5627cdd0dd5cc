"""Logs that are read from the device only if somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class LazyLogs(Mapping[str, float]):
    """The metrics as they are when first looked at.

    Args:
        read: Returns them as floats.
    """

    def __init__(self, read: Callable[[], dict[str, float]]) -> None:
        self._read = read
        self._values: dict[str, float] | None = None

    def _get(self) -> dict[str, float]:
        if self._values is None:
            self._values = self._read()
        return self._values

    def __getitem__(self, name: str) -> float:
        return self._get()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._get())

    def __len__(self) -> int:
        return len(self._get())
