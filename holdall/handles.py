"""Handles per thread or per process, made at their first use. A forked child never uses its parent's handles.

Every handle belongs to the process that made it, which is known by its pid. The pid is needed because not
every fork runs the hooks of `os.register_at_fork`: uWSGI forks in C.
"""

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from os import getpid
from types import CodeType, FrameType
from typing import Any, Generic, TypeVar, cast

H = TypeVar("H")
F = TypeVar("F", bound=Callable[..., Any])


class PerProcess(Generic[H]):
    """One handle per process, shared by its threads. Calling this object returns it. A child makes its own.

    A lock that many threads share must be a handle of this kind too: if a thread of the parent holds the
    parent's lock at the moment of the fork, the child would wait for it for ever. The state that the lock
    guards must be valid between any two steps, because the child finds it as that thread left it.

    >>> lock = PerProcess(threading.Lock)
    >>> lock() is lock()
    True
    """

    def __init__(self, make: Callable[[], H]) -> None:
        self._make = make
        self._made: tuple[int, H] | None = None
        self._making: dict[int, threading.Lock] = {}  # by pid

    def __call__(self) -> H:
        made = self._made
        if made is None or made[0] != getpid():
            made = self._new(getpid())
        return made[1]

    def _new(self, pid: int) -> tuple[int, H]:
        with self._making.setdefault(pid, threading.Lock()):
            made = self._made
            if made is None or made[0] != pid:
                made = self._made = pid, self._make()
            return made

    def take(self) -> H | None:
        """Return this process's handle, or None, for the caller to close. The next call makes a new one."""
        made, self._made = self._made, None
        return made[1] if made and made[0] == getpid() else None


class _Holder(Generic[H]):
    """Disposes of its handle when the thread that owns it has ended, or when the store is deallocated."""

    def __init__(self, handle: H, dispose: Callable[[H], None]) -> None:
        self.ident = threading.get_ident()
        self.release = weakref.finalize(self, _dispose, handle, dispose, getpid(), self.ident)

    def dispose(self) -> None:
        """Dispose of the handle, even if a parent of this process made it."""
        if finalizer := self.release.detach():
            handle, dispose, *_ = finalizer[2]
            dispose(handle)


class PerThread(Generic[H]):
    """One handle per thread. Calling this object returns it. If making it raises, the next call tries again.

    ``dispose`` is called once for each handle: when its thread has ended, at `close`, or at the end of the
    process; possibly from another thread. It is called only in the process that made the handle.

    Before a fork that Python sees, the parent disposes of the handle of the forking thread. Otherwise, a
    library that counts its open files by process (SQLite) would believe in the child that it still holds the
    parent's locks.

    ``delayed`` means that every function that uses a handle is marked by `delays_fork`. Then `close` waits for
    the calls that run in other threads, because a library in C may crash if its handle is closed during a call.
    The parent disposes of the handles of all threads before the fork. After a fork that Python did not see, the
    child disposes of them, unless a call was running. A child keeps any other inherited handle open and never
    uses it.

    >>> handles = PerThread(list, list.clear)
    >>> handles() is handles()
    True
    """

    def __init__(self, make: Callable[[], H], dispose: Callable[[H], None], *, delayed: bool = False) -> None:
        self._make = make
        self._dispose = dispose
        self._delayed = delayed
        self._pid = (
            getpid()
        )  # 0 while a fork waits for calls: a thread that asks for a handle then waits for the fork
        self._start()
        _without_fork(lambda: _alive.add(cast(PerThread[object], self)))

    def _start(self) -> None:
        self._own = threading.local()
        self._holders: weakref.WeakSet[_Holder[H]] = weakref.WeakSet()

    def __call__(self) -> H:
        if self._pid != getpid():
            _without_fork(self._start_in_child)
        try:
            handle: H = self._own.handle
        except AttributeError:
            return self._new()
        return handle

    def _start_in_child(self) -> None:
        if self._pid == getpid():
            return
        if self._delayed and not _was_in_call():
            for holder in list(self._holders):
                holder.dispose()
        self._start()
        self._pid = getpid()

    def _new(self) -> H:
        handle = self._make()
        holder = _Holder(handle, self._dispose)
        _without_fork(lambda: self._keep(handle, holder))
        return handle

    def _keep(self, handle: H, holder: _Holder[H]) -> None:
        self._own.holder = holder
        self._own.handle = handle
        self._holders.add(holder)

    def close(self) -> None:
        """Dispose of every thread's handle. A thread that asks again gets a new one."""
        holders: list[_Holder[H]] = []
        _without_fork(lambda: holders.extend(self._take_all()))
        try:
            for holder in holders:
                if not self._delayed or _wait_for_call(holder.ident):
                    holder.release()
        finally:
            for holder in holders:  # if a call still runs, Python deallocates its handle after it
                holder.release.detach()

    def _take_all(self) -> list[_Holder[H]]:
        holders = list(self._holders)
        self._start()
        return holders

    def _part(self, *, quiet: bool) -> None:
        """Dispose of the handles that a child must not inherit. ``quiet`` means that no thread uses one."""
        if quiet and self._delayed:
            for holder in self._take_all():
                holder.release()
        elif own := getattr(self._own, "holder", None):
            self._own.__dict__.clear()
            self._holders.discard(own)
            own.release()


def _dispose(handle: H, dispose: Callable[[H], None], pid: int, ident: int) -> None:
    if pid == getpid():
        if _CLEARS_TWICE and ident == threading.get_ident() != threading.main_thread().ident:
            _hold_thread()
        _without_fork(lambda: dispose(handle))
    else:
        keep_for_ever(handle)


_CLEARS_TWICE = sys.version_info < (3, 12, 4)
"""Whether Python crashes if C code that runs at the end of a thread takes the GIL again, as SQLite does.

This concerns threads that Python did not start, such as those of granian (gh-119585).
"""


def _hold_thread() -> None:
    """Prevent Python from clearing the state of this thread again."""
    import ctypes

    ctypes.pythonapi.PyGILState_Ensure()


def keep_for_ever(thing: object) -> None:
    """Prevent ``thing`` from being deallocated, even at the end of the interpreter."""
    import ctypes  # only a child that inherited a handle needs it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


# ---- Forks ---------------------------------------------------------------------------------------

_PATIENCE = 30.0  # seconds that a fork, or `PerThread.close`, waits for calls of other threads
_POLL = 0.0005

_lock = PerProcess(threading.RLock)  # re-entrant: a finalizer may run, and use a store, while it is held
_alive: weakref.WeakSet[PerThread[object]] = weakref.WeakSet()
_delaying: set[CodeType] = set()
_waiting: PerProcess[set[int]] = PerProcess(set)  # idents of the threads that wait for _lock


def delays_fork(function: F) -> F:
    """Mark ``function``, so that a fork or a close in another thread waits until no call of it is running.

    During the call, a library in C may hold locks, and after a fork the child could never take them. The
    function must not run code of its caller, because this code may take any amount of time.
    """
    _delaying.add(function.__code__)
    return function


def _without_fork(function: Callable[[], object]) -> None:
    """Run ``function`` while no fork happens. A fork does not wait for threads that wait here."""
    ident, waiting = threading.get_ident(), _waiting()
    waiting.add(ident)
    try:
        with _lock():
            waiting.discard(ident)
            function()
    finally:
        waiting.discard(ident)


def _before_fork() -> None:
    _lock().acquire()
    alive = list(_alive)
    for handles in alive:
        if handles._delayed:
            handles._pid = 0
    quiet = _wait_for_calls()
    for handles in alive:
        handles._part(quiet=quiet)


def _after_fork_in_parent() -> None:
    for handles in list(_alive):
        handles._pid = getpid()
    with suppress(RuntimeError):  # an interrupt came before this thread had the lock
        _lock().release()


def _wait_for_calls() -> bool:
    """Wait until no other thread runs a marked function; return False if that takes too long."""
    return _wait_until(lambda: not _is_in_call())


def _wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _wait_for_call(ident: int) -> bool:
    """Wait for the end of the call that another thread runs now, if any; return False if that takes too long."""
    call = None if ident == threading.get_ident() else _find_call(_stack(ident))
    return call is None or _wait_until(lambda: call not in _stack(ident))


def _is_in_call() -> bool:
    """Return whether another thread runs a marked function, or ran it when Python did not see a fork."""
    passed = {threading.get_ident(), *_waiting()}
    return any(_find_call(_stack(ident)) for ident in sys._current_frames() if ident not in passed)


_was_in_call: PerProcess[bool] = PerProcess(_is_in_call)
"""Returns in a child that Python did not see whether a thread of the parent ran a marked function at the fork.

It must look once, before the child starts a thread: a new thread may get the memory in which the interpreter still
believes the stack of a thread that the child does not have.
"""


def before_thread() -> None:
    """Prepare this process for a new thread, after a fork that Python may not have seen."""
    _was_in_call()


def _find_call(stack: list[FrameType]) -> FrameType | None:
    """Return the outermost frame of a marked function, or None."""
    return next((frame for frame in reversed(stack) if frame.f_code in _delaying), None)


def _stack(ident: int) -> list[FrameType]:
    """Return the frames of a thread, the innermost first."""
    stack, frame = [], sys._current_frames().get(ident)
    while frame:
        stack.append(frame)
        frame = frame.f_back
    return stack


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent)
