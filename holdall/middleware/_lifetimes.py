"""The time that a value has left until it expires, and how a copy gets the same."""

from collections.abc import Iterable
from typing import Any, Final

from holdall.layer import layers
from holdall.middleware.expires import Expires
from holdall.store import Store

Left = float | None
"""The seconds until a value expires: 0 if it has expired, and None if it never does."""

_DELAY: Final = 1.0  # seconds by which a delivery may change the time at which a value expires
_LEAST: Final = 1e-6  # seconds; a copy of an expired value expires at once


def expires(store: Store[Any]) -> bool:
    """Return whether the values of ``store`` expire, because it has the layer `Expires`."""
    return any(isinstance(layer, Expires) for layer in layers(store))


def left_of(store: Store[Any], key: str) -> Left:
    """Return the time that the value of ``key`` has left; 0 if the key is missing."""
    try:
        return store.remaining(key)
    except KeyError:
        return 0.0


def with_left(store: Store[Any], left: Left) -> Store[Any]:
    """Return ``store``, but the values that are written through it have this time left."""
    return store.lasting(None if left is None else max(left, _LEAST))


def longest(lefts: Iterable[Left]) -> Left:
    """Return the longest of ``lefts``.

    >>> longest([60.0, 5.0]), longest([60.0, None])
    (60.0, None)
    """
    return max(lefts, key=_length)


def are_alike(a: Left, b: Left) -> bool:
    """Return whether both times are the same, up to the time that a delivery takes."""
    return a == b if a is None or b is None else abs(a - b) < _DELAY


def _length(left: Left) -> float:
    return float("inf") if left is None else left
