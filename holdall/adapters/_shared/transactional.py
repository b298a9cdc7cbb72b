"""The base class of stores on servers that have transactions of their own."""

from abc import abstractmethod

from holdall.store import MISSING, Feature, Missing, Store

_FEATURES = (
    Feature.SEEK
    | Feature.BATCH
    | Feature.TAGS
    | Feature.UNIQUE_TAGS
    | Feature.SWAP
    | Feature.REMOVE
    | Feature.ATOMIC
    | Feature.SHARED
    | Feature.DURABLE
)


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
