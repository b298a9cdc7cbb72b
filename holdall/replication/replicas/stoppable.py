"""A store that makes no more requests when a delivery has to end."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

T = TypeVar("T")


class Stopped(BaseException):
    """Ends a delivery, because the store is closed. The next delivery goes on."""


class Stoppable(Interceptor[Any]):
    """Calls ``check`` before each request to ``store``, which has the same name. If it raises, there is no request."""

    def __init__(self, store: Store[Any], check: Callable[[], object]) -> None:
        super().__init__(store)
        self._check = check

    def __repr__(self) -> str:
        return repr(self._inner)

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        self._check()
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        for item in items:
            self._check()
            yield item
