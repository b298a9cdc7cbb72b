"""A store that calls a hook before and after each request, to make faults there or to let others work."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from holdall import Store
from holdall.middleware.interceptor import Interceptor

T = TypeVar("T")

MOST = 200  # calls of a hook, and no operation of a table makes as many


class Hooks:
    """The hook of a `Hooked` store: ``then``, which is called once, before or after a request.

    ``left`` is the number of such moments before it.
    """

    def __init__(self) -> None:
        self.left = -1
        self.then: Callable[[], object] = int

    def set(self, number: int, then: Callable[[], object]) -> None:
        """Call ``then`` at the moment with this number, from 0."""
        self.left, self.then = number, then

    def clear(self) -> bool:
        """Call nothing any more. Return whether the moment came."""
        reached, self.left = self.left < 0, -1
        return reached

    def __call__(self) -> None:
        self.left -= 1
        if self.left == -1:
            self.then()


class Hooked(Interceptor[bytes]):
    """Calls ``hooks`` before and after each request. Each key of a bulk operation is a request."""

    def __init__(self, store: Store[bytes], hooks: Hooks) -> None:
        super().__init__(store)
        self._hooks = hooks

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        self._hooks()
        result = call(*args)
        self._hooks()
        return result

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        self._hooks()
        yield from items
        self._hooks()

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for key in keys:
            value = self.get(key)
            if value is not None:
                yield key, value

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for key, value in items:
            self[key] = value

    def delete_many(self, keys: Iterable[str], /) -> None:
        for key in keys:
            self.discard(key)


def at_each_moment(trial: Callable[[int], bool]) -> None:
    """Call ``trial`` with 0, 1 and so on, until it returns False: its hook was set to a moment that did not come."""
    for number in range(MOST):
        if not trial(number):
            return
    raise AssertionError(f"it has more than {MOST} moments")


class Killed(BaseException):
    """Stands for the end of the process."""


def die() -> None:
    raise Killed
