"""Handles that must not cross forks: one a thread or one a process, made when first asked for."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

H = TypeVar("H")


class _Holder(Generic[H]):
    """Disposes of its handle when the thread that owns it, or the store, is gone."""

    def __init__(self, handle: H, dispose: Callable[[H], None]) -> None:
        self.handle = handle
        self.release = weakref.finalize(self, dispose, handle)


class PerThread(Generic[H]):
    """Calling it gives this thread's handle. A fork forgets all handles of the parent without closing them.

    >>> handles = PerThread(list, list.clear)
    >>> handles() is handles()
    True
    """

    def __init__(self, make: Callable[[], H], dispose: Callable[[H], None]) -> None:
        self._make = make
        self._dispose = dispose
        self._start()
        _alive.add(self)

    def _start(self) -> None:
        self._own = threading.local()
        self._holders: weakref.WeakSet[_Holder[H]] = weakref.WeakSet()

    def __call__(self) -> H:
        try:
            holder: _Holder[H] = self._own.holder
        except AttributeError:
            holder = self._own.holder = _Holder(self._make(), self._dispose)
            self._holders.add(holder)
        return holder.handle

    def close(self) -> None:
        """Dispose of every thread's handle. A thread that asks again gets a new one."""
        for holder in list(self._holders):
            holder.release()
        self._start()

    def _forget(self) -> None:
        for holder in list(self._holders):
            holder.release.detach()
            _inherited.append(holder)
        self._start()


class PerProcess(Generic[H]):
    """Calling it gives this process's handle, which its threads share. A fork forgets that of the parent.

    >>> handle = PerProcess(list)
    >>> handle() is handle()
    True
    """

    def __init__(self, make: Callable[[], H]) -> None:
        self._make = make
        self._forget()
        _alive.add(self)

    def __call__(self) -> H:
        if self._made:
            return self._made[0]
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def take(self) -> H | None:
        """The handle, if it was made, for its owner to dispose of. Who asks again gets a new one."""
        made, self._made = self._made, []
        return made[0] if made else None

    def _forget(self) -> None:
        self._lock = threading.Lock()  # the parent may have held its lock when it forked
        self._made: list[H] = []


_alive: weakref.WeakSet[PerThread[Any] | PerProcess[Any]] = weakref.WeakSet()
_inherited: list[object] = []  # kept for ever in a child: to close one would act on the parent's handle


def _after_fork() -> None:
    for handles in list(_alive):
        handles._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
