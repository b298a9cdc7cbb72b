"""A store that is killed before one of its writes."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from holdall import Store
from holdall.middleware.interceptor import Interceptor

T = TypeVar("T")


class Killed(BaseException):
    """Stands for the end of the process."""


class Fragile(Interceptor[bytes]):
    """Raises Killed before a write if ``spare`` is [0]; each write before counts it down. [-1] is never."""

    def __init__(self, store: Store[bytes]) -> None:
        super().__init__(store)
        self.spare = [-1]

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        if name in ("set", "swap", "discard"):
            self.spare[0] -= 1
            if self.spare[0] == -1:
                raise Killed
        return call(*args)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for key, value in items:
            self[key] = value

    def delete_many(self, keys: Iterable[str], /) -> None:
        for key in keys:
            self.discard(key)
