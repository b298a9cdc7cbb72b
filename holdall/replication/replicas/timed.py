"""Calls that are given up after some seconds."""

import queue
from collections.abc import Callable
from contextvars import copy_context
from typing import Final, TypeVar

from holdall.errors import Unavailable
from holdall.threads import Call, Workers

T = TypeVar("T")

_THREADS: Final = 16


class Timed:
    """Makes calls in other threads, and raises Unavailable if one takes longer than ``timeout`` seconds.

    The thread of a call that was given up stays busy until the call ends.

    >>> Timed(60).call(lambda: 1 + 1, "Memory()")
    2
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._threads = Workers(_THREADS)

    def call(self, work: Callable[[], T], name: str) -> T:
        """Return ``work()``, which asks the store ``name``."""
        ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        context = copy_context()

        def run() -> T:
            try:
                return context.run(work)
            finally:
                ended.put(None)

        call = Call(run)
        self._threads.submit(call)
        try:
            ended.get(timeout=self._timeout)
        except queue.Empty:
            raise Unavailable(f"{name} did not answer within {self._timeout:g} seconds") from None
        return call.result()
