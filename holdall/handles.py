"""Handles that must not cross threads or forks: one a thread, made when first asked for."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar, cast

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
        _alive.add(cast(PerThread[object], self))

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


_alive: weakref.WeakSet[PerThread[object]] = weakref.WeakSet()
# Kept for ever in a child: to close one would act on the parent's handle.
_inherited: list[object] = []


def _after_fork() -> None:
    for handles in list(_alive):
        handles._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
