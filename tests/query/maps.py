"""Maps, stores and executors for parallel runs. Worker processes import this module, so it imports little."""

import os
import signal
import threading
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from decimal import Decimal, getcontext
from itertools import count
from pathlib import Path

from holdall import Memory
from holdall.store import Feature


def as_they_are(key, pairs):
    return pairs


def by_first(key, value):
    yield key[0], int(value)


def by_parity(key, value):
    number = int(value)
    yield ("odd" if number % 2 else "even", number % 3), number


def by_parity_listed(key, value):
    for group, number in by_parity(key, value):
        yield group, [number]


def numbers_alone(key, value):
    yield "all", value + 0


def picky(key, value):
    if value == b"bad":
        raise Odd(1, 2)
    yield "all", 1


def rounded(key, value):
    yield "all", Decimal(1) / 3 + getcontext().prec


VARIABLE = "HOLDALL_QUERY_TEST"


def from_environment(key, value):
    yield os.environ.get(VARIABLE), 1


def killing(key, value):
    """Kill this process at the first document with the name of a file, which is then removed."""
    if value and Path(value.decode()).exists():
        Path(value.decode()).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    yield "all", 1


def killing_each(key, value):
    """Kill this process at a document without a value."""
    if not value:
        os.kill(os.getpid(), signal.SIGKILL)
    yield "all", 1


def waiting(key, value):
    """Wait for ever at a document without a value."""
    if not value:
        threading.Event().wait()
    yield "all", 1


def amounts(key, document):
    yield document["code"], Decimal(document["amount"])


def amounts_after_a_kill(key, document):
    """Yield the amount of a document, as `killing` does at the file of the document."""
    yield from killing(key, document.get("file", "").encode())
    yield from amounts(key, document)


def interrupting(key, value):
    """Send Ctrl-C, at the first document of an `Endless` store, to the process whose number is the value."""
    if key == "0":
        os.kill(int(value), signal.SIGINT)
    yield "all", 1


class Odd(Exception):
    """An exception that cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__("odd")


class First:
    """A reducer whose result depends on the order of the values."""

    def fold(self, values):
        return values[0]

    def merge(self, left, right):
        return left

    def result(self, partial):
        return partial


class Mean:
    """A reducer that rounds its result."""

    def fold(self, values):
        return sum(values), len(values)

    def merge(self, left, right):
        return left[0] + right[0], left[1] + right[1]

    def result(self, partial):
        return Decimal(partial[0]) / partial[1]


class Unsent:
    """A reducer whose partials cannot be pickled."""

    def fold(self, values):
        return lambda: len(values)

    def merge(self, left, right):
        return lambda: left() + right()

    def result(self, partial):
        return partial()


class Open(Memory):
    """A store that says that other processes can read it: those of `Inline`, which are this one."""

    @property
    def features(self):
        return super().features | Feature.SHARED

    def __reduce__(self):
        super().__reduce__()  # raises if it is private
        return type(self), (self._name,)


class Endless(Open):
    """A store whose scan does not end. Its name is the value of each document."""

    def scan_items(self, prefix="", *, start="", stop=None):
        return ((str(number), self._name) for number in count())


def rows(view):
    return view.rows()


def rows_of_groups(groups):
    return list(groups.values())


class Inline(Executor):
    """Runs each task at once, as another process would."""

    def __init__(self):
        self.tasks = 0

    def submit(self, task, /, *args):
        self.tasks += 1
        future = Future()
        try:
            future.set_result(task(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class Dying(Inline):
    """Loses the first tasks: each has the error that ``errors`` has next."""

    def __init__(self, *errors):
        super().__init__()
        self.errors = list(errors)

    def submit(self, task, /, *args):
        if not self.errors:
            return super().submit(task, *args)
        future = Future()
        future.set_exception(self.errors.pop(0))
        return future


class Breaking(Inline):
    """Breaks at the span that begins with ``start``, as a pool of processes does."""

    def __init__(self, start):
        super().__init__()
        self.start, self.broken = start, False

    def submit(self, task, /, *args):
        if self.broken:
            raise BrokenProcessPool("broken before")
        if args[-1].start != self.start:
            return super().submit(task, *args)
        self.broken, future = True, Future()
        future.set_exception(BrokenProcessPool("a process was terminated"))
        return future
