"""Handles of a thread or of a process, made when first asked for, and locks: neither is shared across a fork."""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

H = TypeVar("H")
L = TypeVar("L")


class _Holder(Generic[H]):
    """Disposes of its handle when the thread that owns it, or the store, is gone."""

    def __init__(self, handle: H, dispose: Callable[[H], None]) -> None:
        self.handle = handle
        self.release = weakref.finalize(self, dispose, handle)


class PerThread(Generic[H]):
    """Calling it gives this thread's handle; what making it raises is raised, and tried again next time.

    ``dispose`` is called once for each handle: when its thread has ended, at `close`, or at the end of
    the process, and perhaps from another thread.

    A fork disposes of the forking thread's handle before it, in the parent, which makes a new one when it
    next asks: libraries that count their open files by process (SQLite, LMDB) believe in a child that they
    still hold the parent's locks. The child inherits the handles of the parent's other threads, forgets
    them, and never disposes of them, not even when it exits.

    >>> handles = PerThread(list, list.clear)
    >>> handles() is handles()
    True
    """

    def __init__(self, make: Callable[[], H], dispose: Callable[[H], None]) -> None:
        self._make = make
        self._dispose = dispose
        self._start()
        with _lock:
            _alive.add(cast(PerThread[object], self))

    def _start(self) -> None:
        self._own = threading.local()
        self._holders: weakref.WeakSet[_Holder[H]] = weakref.WeakSet()

    def __call__(self) -> H:
        try:
            handle: H = self._own.handle
        except AttributeError:
            return self._new()
        return handle

    def _new(self) -> H:
        handle = self._make()
        holder = _Holder(handle, self._dispose)
        with _lock:
            self._own.holder = holder
            self._own.handle = handle
            self._holders.add(holder)
        return handle

    def close(self) -> None:
        """Dispose of every thread's handle. A thread that asks again gets a new one."""
        with _lock:
            holders = list(self._holders)
            self._start()
        for holder in holders:
            holder.release()

    def _part(self) -> list[_Holder[H]]:
        """Dispose of this thread's handle; return the holders of the others."""
        own = getattr(self._own, "holder", None)
        if own:
            self._own.__dict__.clear()
            self._holders.discard(own)
            own.release()
        return list(self._holders)


class PerProcess(Generic[H]):
    """Calling it gives this process's handle, which its threads share. A fork forgets that of the parent.

    >>> handle = PerProcess(list)
    >>> handle() is handle()
    True
    """

    def __init__(self, make: Callable[[], H]) -> None:
        self._make = make
        self._start()
        with _lock:
            _shared.add(cast(PerProcess[object], self))

    def __call__(self) -> H:
        made = self._made
        if not made:
            with self._making:
                made = self._made
                if not made:
                    made.append(self._make())
        return made[0]

    def take(self) -> H | None:
        """The handle, if it was made, for its owner to dispose of. Who asks again gets a new one."""
        made = self._made
        self._start()
        return made[0] if made else None

    def _start(self) -> None:
        self._making = threading.Lock()  # anew in a child: the parent may have held it when it forked
        self._made: list[H] = []


def free_in_child(lock: L) -> L:
    """``lock``, which is new, and which the child of a fork finds free even if a thread of its parent held it.

    The child finds what the lock guards in whatever state that thread left it: so it must be sound between
    any two steps of those who hold the lock.

    >>> lock = free_in_child(threading.Lock())
    >>> lock.locked()
    False
    """
    with _lock:
        _locks.add(lock)
    return lock


_lock = threading.RLock()  # re-entrant, since a finalizer may run, and use a store, while it is held
_alive: weakref.WeakSet[PerThread[object]] = weakref.WeakSet()
_shared: weakref.WeakSet[PerProcess[object]] = weakref.WeakSet()
_locks: weakref.WeakSet[Any] = weakref.WeakSet()
_others: list[_Holder[object]] = []  # held over a fork, for a child drops the locals of the other threads


def _before_fork() -> None:
    _lock.acquire()
    for handles in list(_alive):
        _others.extend(handles._part())


def _after_fork_in_parent() -> None:
    _others.clear()
    _lock.release()


def _after_fork_in_child() -> None:
    for holder in _others:
        holder.release.detach()
        _keep_for_ever(holder)
    for own in list(_alive):
        own._start()
    for shared in list(_shared):
        shared._start()
    for lock in list(_locks):
        lock._at_fork_reinit()
    _others.clear()
    _lock.release()


def _keep_for_ever(thing: object) -> None:
    """Keep ``thing`` from being deallocated, also at the interpreter's end, when module globals are."""
    import ctypes  # a child of a process that forked with several threads alone pays for it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
