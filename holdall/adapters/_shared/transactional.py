"""The features of stores with transactions of their own, and the base class of those on servers."""

from abc import abstractmethod
from typing import Final

from holdall.store import MISSING, Feature, Missing, Store

TRANSACTIONS: Final = (
    Feature.SEEK
    | Feature.BATCH
    | Feature.TAGS
    | Feature.UNIQUE_TAGS
    | Feature.SWAP
    | Feature.REMOVE
    | Feature.ATOMIC
)
"""The features that every store with ordered keys and transactions has."""
_FEATURES: Final = TRANSACTIONS | Feature.SHARED | Feature.DURABLE


class TransactionalStore(Store[bytes]):
    """A store with every feature but HISTORY. `_find` sends one request, and returns the value or MISSING."""

    @property
    def features(self) -> Feature:
        return _FEATURES

    def __getitem__(self, key: str, /) -> bytes:
        value = self._find(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    @abstractmethod
    def _find(self, key: str, /) -> bytes | Missing: ...
