"""Call SlateDB from any thread: its asynchronous calls run on one event loop per process, in a thread."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from holdall.errors import Unavailable, Unsupported
from holdall.handles import PerProcess
from holdall.threads import run_in_loop

T = TypeVar("T")


class Loop:
    """An event loop to which any thread may give a coroutine.

    SlateDB has threads of its own, which a fork does not copy. If a process forks after it used SlateDB, the
    child would wait for these threads for ever. So `run` raises Unsupported in the child.
    """

    def __init__(self) -> None:
        self._starting = PerProcess(threading.Lock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], where: str, timeout: float) -> T:
        """Return the result of the coroutine of ``work``. Raises Unavailable after ``timeout`` seconds."""
        loop = self._loop or self._start()
        self._check(where)
        try:
            return run_in_loop(loop, work, timeout)
        except TimeoutError:
            remedy = "check that its object store can be reached, or raise timeout="
            raise Unavailable(f"{where} did not answer within {timeout:g} seconds; {remedy}") from None

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting():
            if self._loop is None:
                self._pid = os.getpid()
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="slatedb", daemon=True).start()
            return self._loop

    def _check(self, where: str) -> None:
        if self._pid != os.getpid():
            remedy = "start processes by spawn or forkserver, and open it in one of them"
            raise Unsupported(f"{where}: SlateDB was in use when this process was forked; {remedy}")


LOOP = Loop()
"""The event loop of this process."""
