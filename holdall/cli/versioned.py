"""Gives commands access to the history of a store."""

from typing import TypeVar

from holdall.middleware.versions import Versions
from holdall.store import Store

V = TypeVar("V")


def versioned(store: Store[V]) -> Versions[V]:
    """Return ``store`` as a store that keeps versions, whether or not its address names them."""
    return store if isinstance(store, Versions) else Versions(store)
