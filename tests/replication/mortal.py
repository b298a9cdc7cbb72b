"""Stores for the tests of a sync: one that ends its process at a request, and one without a feed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.middleware.interceptor import Interceptor
from holdall.middleware.passthrough import PassThrough
from holdall.store import Feature, Store

T = TypeVar("T")


class Killed(BaseException):
    """Stands for the end of the process."""


class Life:
    """The requests that a process may still make. After them, every request raises Killed."""

    def __init__(self, requests: int | None = None) -> None:
        self.left = requests
        self.calls: list[str] = []

    def __repr__(self) -> str:
        return "Life()"  # it is a part of the name of a store, which must not change

    def spend(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


class Mortal(Interceptor[bytes]):
    """Spends a part of ``life`` before each request, and before each item of a listing."""

    def __init__(self, store: Store[bytes], life: Life) -> None:
        super().__init__(store)
        self._life = life

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        self._life.calls.append(name)
        self._life.spend()
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        self._life.calls.append(name)
        self._life.spend()
        for item in items:
            self._life.spend()
            yield item


class Without(PassThrough[Any]):
    """``store`` without some of its features."""

    def __init__(self, store: Store[Any], lacks: Feature = Feature.CHANGES) -> None:
        super().__init__(store)
        self._lacks = lacks

    @property
    def features(self) -> Feature:
        return self._inner.features & ~self._lacks
