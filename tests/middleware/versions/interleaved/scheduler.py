"""Writers that take turns at every call of the store below them, in an order that is given, and die there.

Each writer is a thread, and only one of them runs at a time: it runs up to its next call of the store and
waits there until it is chosen again. So an order of choices is a schedule that can be repeated.
"""

import threading
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from holdall.errors import Unavailable


class Fate(Enum):
    """What becomes of the call before which a writer waits."""

    RUN = "run"
    KILL = "kill"
    """The writer dies before it."""
    LOSE = "lose"
    """The call is made, and its answer is lost."""


class Killed(BaseException):
    """Ends a writer where it stands."""


class Writer:
    """A thread that runs ``work`` a call of the store at a time."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self.name = name
        self.dead = False
        self.done = False
        self._work = work
        self._fate = Fate.RUN
        self._turn = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._error: BaseException | None = None

    def _run(self) -> None:
        try:
            self.wait()
            self._work()
        except Killed:
            self.dead = True
        except BaseException as error:  # `step` raises it in the main thread
            self._error = error
        self.done = True
        self._back.release()

    def start(self) -> None:
        """Let it run up to its first call."""
        self._thread.start()
        self._back.acquire()

    def step(self, fate: Fate) -> None:
        """Let it make the call it waits at, meet ``fate`` there, and run up to the next."""
        self._fate = fate
        self._turn.release()
        self._back.acquire()
        if self._error is not None:
            raise self._error

    def wait(self) -> Fate:
        """In the writer's thread, before a call: wait to be chosen."""
        if self.dead:
            raise Killed
        self._back.release()
        self._turn.acquire()
        if self._fate is Fate.KILL:
            self.dead = True
            raise Killed
        return self._fate


def watched(store: Any, writer: Callable[[], "Writer"], count: Callable[[str], None]) -> Any:
    """``store`` as a writer sees it: every call waits for its turn."""
    kind = type(store)

    class Watched(kind):  # type: ignore[misc, valid-type]  # the same store, its calls held up
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            made = super().__new__(cls)
            made.__dict__.update(store.__dict__)
            return made

        def __init__(self) -> None:
            pass

    for name in CALLS:
        setattr(Watched, name, _held_up(getattr(kind, name), name, writer, count))
    return Watched()


CALLS = (
    *("__getitem__", "_find", "__contains__", "get_tagged", "scan", "scan_items", "scan_tags", "get_many"),
    *("__setitem__", "__delitem__", "swap", "remove", "transact", "set_many", "delete_many", "discard"),
)
_LISTS = frozenset({"scan", "scan_items", "scan_tags", "get_many"})


def _held_up(
    call: Callable[..., Any], name: str, writer: Callable[[], Writer], count: Callable[[str], None]
) -> Callable[..., Any]:
    def held_up(self: Any, *args: Any, **kwargs: Any) -> Any:
        me = writer()
        if getattr(me, "inside", False):  # a call of the store by the store itself
            return call(self, *args, **kwargs)
        fate = me.wait()
        count(name)
        me.inside = True
        try:
            result = call(self, *args, **kwargs)
            if name in _LISTS:
                result = list(result)
        finally:
            me.inside = False
        if fate is Fate.LOSE:
            raise Unavailable("the answer was lost")
        return iter(result) if name in _LISTS else result

    return held_up


def run(writers: list[Writer], choices: Iterator[tuple[int, Fate]], limit: int = 3000) -> int:
    """Let ``choices`` decide who goes on and what it meets; then all in turn. How many calls were made."""
    for writer in writers:
        writer.start()
    steps = 0
    while waiting := [writer for writer in writers if not writer.done]:
        index, fate = next(choices, (steps, Fate.RUN))
        chosen = writers[index % len(writers)]
        (waiting[0] if chosen.done else chosen).step(fate)
        steps += 1
        if steps > limit:
            raise AssertionError(f"still not done after {limit} calls: the writers hold each other up")
    return steps
