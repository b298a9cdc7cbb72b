"""Makes calls in other threads, safe from interrupts. If no thread can start, the caller makes the call.

The futures of the standard library wait on a `threading.Condition`. An exception that a signal handler raises
(Ctrl-C, a time limit) can leave a condition locked, and then both sides wait for ever. Here the threads
communicate only through `queue.SimpleQueue`. Its methods are written in C, so no interrupt stops them
halfway. The class is looked up at each use, because gevent and eventlet may replace it after this module is
imported.
"""

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Coroutine
from queue import Empty
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
_LOOK = 0.05  # seconds between two checks of a call, in case an interrupt lost the wake-up


class Call(Generic[T]):
    """One call of ``work``, which is made at most once, and its outcome.

    >>> call = Call(lambda: 1 + 1)
    >>> call.run()
    >>> call.result()
    2
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = [work]  # the thread that pops it makes the call: a list's pop is atomic
        self._outcome: list[tuple[T | None, BaseException | None]] = []
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()  # wakes the caller who waits

    def run(self) -> None:
        """Make the call, unless it was already made or cancelled."""
        try:
            work = self._work.pop()
        except IndexError:
            return
        try:
            outcome: tuple[T | None, BaseException | None] = work(), None
        except BaseException as error:  # noqa: BLE001 - the caller of `result` gets it
            outcome = None, error
        self._outcome.append(outcome)
        self._ended.put(None)

    @property
    def done(self) -> bool:
        """Whether the call has ended."""
        return bool(self._outcome)

    def result(self) -> T:
        """Wait until the call ends, and return its result or raise its exception."""
        self._wait()
        return _value(*self._outcome)

    def cancel(self) -> bool:
        """Cancel the call, unless it has begun. Return whether it was cancelled now."""
        try:
            self._work.pop()
        except IndexError:
            return False
        return True

    def end(self) -> None:
        """Cancel the call; if it has begun, wait until it ends."""
        if not self.cancel():
            self._wait()

    def _wait(self) -> None:
        while not self._outcome:
            with contextlib.suppress(Empty):
                self._ended.get(timeout=_LOOK)


def _value(outcome: tuple[T | None, BaseException | None]) -> T:
    value, error = outcome
    if error is None:
        return value  # type: ignore[return-value]  # it is None only if None is a T
    try:
        raise error
    finally:
        del outcome, error  # otherwise they and this frame keep each other alive


class Workers:
    """Up to ``most`` threads that make calls in the order of `submit`. They end when this object is deleted.

    As a context manager, it waits at the end until the threads have ended. A process that is then forked in C,
    where Python's own locks are not prepared for it, has no thread of these that could hold one.

    If no thread can start, because the interpreter ends or the system has no more threads, `submit` makes the
    call itself.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._threads: list[threading.Thread] = []
        self._calls: queue.SimpleQueue[Call[Any] | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._calls.put(None)
        for thread in self._threads:
            # The garbage collector may end a generator in any thread, and daemon threads stop with Python.
            if thread is not threading.current_thread() and not sys.is_finalizing():
                thread.join()

    def submit(self, call: Call[Any]) -> None:
        """Let a thread run ``call``."""
        self._calls.put(call)
        if len(self._threads) < self._most and not self._calls.empty():
            # A daemon thread, because a thread that waits for calls must not keep the interpreter alive.
            thread = threading.Thread(target=_run_all, args=(self._calls,), name="holdall", daemon=True)
            try:
                thread.start()
                self._threads.append(thread)
            except RuntimeError:
                if not self._threads:
                    call.run()

    def __del__(self) -> None:
        self._calls.put(None)


def _run_all(calls: "queue.SimpleQueue[Call[Any] | None]") -> None:
    while call := calls.get():
        call.run()
        del call  # release it now, because the next call may come much later
    calls.put(None)  # for the next thread


def run_in_loop(
    loop: asyncio.AbstractEventLoop, work: Callable[[], Coroutine[Any, Any, T]], timeout: float | None = None
) -> T:
    """Run the coroutine that ``work`` makes in ``loop``, which another thread runs, and return its result.

    Raises TimeoutError if that takes longer than ``timeout`` seconds. If the wait ends early, by a timeout or
    an exception such as KeyboardInterrupt, the coroutine is cancelled.
    """
    outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    tasks: list[asyncio.Task[None]] = []

    async def run() -> None:
        try:
            outcome.put((await work(), None))
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            outcome.put((None, error))

    def start() -> None:
        tasks.append(loop.create_task(run()))

    def stop() -> None:
        for task in tasks:
            task.cancel()

    try:
        loop.call_soon_threadsafe(start)
        found = outcome.get(timeout=timeout)
    except Empty:
        loop.call_soon_threadsafe(stop)
        raise TimeoutError from None
    except BaseException:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(stop)
        raise
    return _value(found)
