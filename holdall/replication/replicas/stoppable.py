"""A store that makes no more requests when a delivery has to end."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

T = TypeVar("T")


class Stopped(BaseException):
    """Ends a delivery, because the store is closed. The next delivery goes on."""


class Stoppable(Interceptor[Any]):
    """Raises Stopped before a request to ``store`` if ``ends()``. It has the name of ``store``."""

    def __init__(self, store: Store[Any], ends: Callable[[], bool]) -> None:
        super().__init__(store)
        self._ends = ends

    def __repr__(self) -> str:
        return repr(self._inner)

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        if self._ends():
            raise Stopped
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        for item in items:
            if self._ends():
                raise Stopped
            yield item
