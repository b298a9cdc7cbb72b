"""The history of a store that a command was given by its address."""

from typing import TypeVar

from holdall.middleware.versions import Versions
from holdall.store import Store

V = TypeVar("V")


def versioned(store: Store[V]) -> Versions[V]:
    """``store`` as one that keeps versions, whether or not its address says so."""
    return store if isinstance(store, Versions) else Versions(store)
