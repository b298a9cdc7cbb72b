"""A store that does not answer while it is down, and a store that is slow."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.errors import HoldallError, Unavailable
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

T = TypeVar("T")


class Switch:
    """While ``error`` is not None, each request raises it. ``calls`` are the names of the requests."""

    def __init__(self) -> None:
        self.error: HoldallError | None = None
        self.calls: list[str] = []
        self.passes = threading.Event()
        self.passes.set()

    def __repr__(self) -> str:
        return "Switch()"

    def down(self) -> None:
        self.error = Unavailable("the store did not answer")

    def up(self) -> None:
        self.error = None

    def meet(self, name: str) -> None:
        self.calls.append(name)
        self.passes.wait(60)
        if self.error is not None:
            raise self.error


class Faulty(Interceptor[Any]):
    """Asks ``switch`` before each request."""

    def __init__(self, store: Store[Any], switch: Switch) -> None:
        super().__init__(store)
        self.switch = switch

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        self.switch.meet(name)
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        self.switch.meet(name)
        for item in items:
            yield item
            self.switch.meet(name)
