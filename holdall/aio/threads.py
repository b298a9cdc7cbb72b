"""The threads of one `AsyncStore`: calls wait in one queue, and a call that is cancelled there is never made."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from anyio import Event
from anyio.lowlevel import checkpoint_if_cancelled, current_token

from holdall.threads import Call

T = TypeVar("T")


class Waited(Call[T]):
    """A call for whose result one task at a time waits. It runs with the context variables of its maker."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(partial(copy_context().run, work))
        self._wake: Callable[[], object] | None = None

    def wake(self) -> None:
        """Wake the task that waits, because the call has ended."""
        if wake := self._wake:
            with suppress(RuntimeError):  # the event loop has ended
                wake()

    async def wait(self) -> T:
        """Return the result, or raise the exception of the call. A task that is cancelled may wait again."""
        event = Event()
        self._wake = partial(_post_to_this_loop(), event.set)
        try:
            if not self.done:
                await event.wait()
        finally:
            self._wake = None
        return self.result()


def _post_to_this_loop() -> Callable[..., object]:
    """Return the function that lets the event loop of this task call a function soon, from any thread."""
    loop: Any = current_token().native_token
    post: Callable[..., object] = getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe
    return post


class Threads:
    """Up to ``most`` threads that make calls in the order of `submit`. Several event loops may share them.

    A thread starts when a call finds no idle one. The thread that became idle last gets the next call, so a program
    that makes one call at a time uses one thread, and a store such as SQLite has one connection.
    """

    def __init__(self, most: int) -> None:
        self._calls: deque[Waited[Any]] = deque()
        self._idle: list[SimpleQueue[None]] = []  # wakes a thread that waits
        self._missing = [None] * most  # threads that may still start
        self._started: list[threading.Thread] = []
        self._ending = False

    async def run(self, function: Callable[..., T], /, *args: Any, **options: Any) -> T:
        """Return ``function(*args, **options)``, called in a thread.

        If the task is cancelled before the call has begun, the call is never made. If it is cancelled later, the
        call goes on in its thread, and nobody gets its result.
        """
        await checkpoint_if_cancelled()
        call = Waited(partial(function, *args, **options))
        self.submit(call)
        try:
            return await call.wait()
        finally:
            call.cancel()

    def submit(self, call: Waited[Any]) -> None:
        """Let a thread run ``call``. Raises RuntimeError after `end`, and if the system has no thread for it."""
        self._calls.append(call)  # before the two looks below: see `_work`
        if self._ending and call.cancel():
            raise RuntimeError("this store is closed; open it again")
        if not self._wake_one():
            self._start_one(call)

    def _wake_one(self) -> bool:
        try:
            self._idle.pop().put(None)
        except IndexError:
            return False
        return True

    def _start_one(self, call: Waited[Any]) -> None:
        try:
            self._missing.pop()
        except IndexError:
            return  # every thread is busy, and the first that has ended its call takes the next one
        thread = threading.Thread(target=self._work, name="holdall-aio", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._missing.append(None)
            if not self._started:
                call.cancel()
                raise
        else:
            self._started.append(thread)

    def _work(self) -> None:
        wakes: SimpleQueue[None] = SimpleQueue()
        ended: Waited[Any] | None = None
        while True:
            try:
                call = self._calls.popleft()
            except IndexError:
                call = None
                if self._ending and not self._calls:
                    break
                self._idle.append(wakes)
            # This thread is idle, or has another call, before the task goes on: its next call starts no new thread.
            if ended:
                ended.wake()
                ended = None
            if call:
                call.run()
                ended, call = call, None
            else:
                # A call that came before this thread was idle has woken no thread.
                if self._calls or self._ending:
                    self._wake_one()
                wakes.get()
        if ended:
            ended.wake()

    @property
    def ending(self) -> bool:
        """Whether `end` was called."""
        return self._ending

    def end(self) -> None:
        """Let the threads end after the calls that were submitted."""
        self._ending = True
        while self._wake_one():
            pass

    def join(self) -> None:
        """End the threads, and wait until they have ended."""
        self.end()
        for thread in self._started:
            thread.join()


class Pools:
    """The threads of a store for its calls, and for those that watch it. They end when this object is deleted."""

    def __init__(self, most: int, watching: int) -> None:
        self.calls = Threads(most)
        self.watches = Threads(watching)

    def end(self) -> None:
        """Let the threads end after the calls that were submitted."""
        self.calls.end()
        self.watches.end()

    __del__ = end


async def run_apart(function: Callable[[], T]) -> T:
    """Return ``function()``, called in a new thread, which also goes on if this task is cancelled."""
    call = Waited(function)

    def work() -> None:
        call.run()
        call.wake()

    threading.Thread(target=work, name="holdall-aio-apart", daemon=True).start()
    return await call.wait()
