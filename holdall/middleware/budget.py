"""A layer that stops an app that makes more requests than planned."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall.errors import OverBudget
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

V = TypeVar("V")
T = TypeVar("T")

_ITEMS = 1000  # the keys on one page of a listing of S3 or GCS


class Budget(Interceptor[V]):
    """Lets ``requests`` operations through to ``store``; each further one raises OverBudget and does nothing.

    It stops a loop that reads a million keys when one scan would be enough. Create one for a web request, a
    job or a test. Each operation counts one; a scan, or an operation on many keys, counts one more for each
    thousand keys. The budget counts the operations that the app calls, not the requests that a store sends.
    Threads share the budget.

    >>> from holdall import Memory
    >>> store = Budget(Memory(), 2)
    >>> store.update({f"k{number}": b"..." for number in range(100)})
    >>> len(list(store.scan_items()))
    100
    >>> store["k7"]
    Traceback (most recent call last):
      ...
    holdall.errors.OverBudget: get is request 3 of a budget of 2; ...
    """

    def __init__(self, store: Store[V], requests: int) -> None:
        super().__init__(store)
        self._requests = requests
        self._numbers = itertools.count(1)

    def _spend(self, name: str) -> None:
        number = next(self._numbers)
        if number > self._requests:
            raise OverBudget(
                f"{name} is request {number} of a budget of {self._requests}; read many keys by scan_items(prefix) "
                "or get_many(keys), write them by update() and delete them by delete_many()"
            )

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        self._spend(name)
        return call(*args)

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        self._spend(name)
        return self._feed(name, items)

    def _feed(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        for number, item in enumerate(items):
            if number and not number % _ITEMS:
                self._spend(name)
            yield item
