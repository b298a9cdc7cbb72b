"""What a store on a server with transactions of its own promises, and how it reads one key."""

from abc import abstractmethod

from holdall.store import MISSING, Feature, Missing, Store


class Served(Store[bytes]):
    """Promises whatever a store can. It asks for a key once, and is told the value or that there is none."""

    @property
    def features(self) -> Feature:
        held = Feature.SEEK | Feature.BATCH | Feature.TAGS | Feature.TICKS | Feature.SWAP
        return held | Feature.REMOVE | Feature.ATOMIC | Feature.SHARED | Feature.DURABLE

    def __getitem__(self, key: str, /) -> bytes:
        value = self._find(key)
        if value is MISSING:
            raise KeyError(key)
        return value

    @abstractmethod
    def _find(self, key: str, /) -> bytes | Missing: ...
