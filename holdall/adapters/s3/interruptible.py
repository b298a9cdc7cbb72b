"""Calls of a library that does not look for signals while it waits, such as one in Rust."""

import sys
from collections.abc import Callable
from threading import get_ident, main_thread
from typing import TypeVar

from holdall.handles import PerProcess
from holdall.threads import Call, Workers

T = TypeVar("T")


class Interruptible:
    """Makes calls that Ctrl-C can interrupt, one at a time.

    Python runs signal handlers only in the main thread. So that thread lets another make the call, and waits.
    """

    def __init__(self) -> None:
        self._workers = PerProcess(lambda: Workers(1))

    def __call__(self, work: Callable[[], T], *, abandon: bool) -> T:
        """Return the result of ``work``.

        After an interrupt, either the call is abandoned, or the interrupt is raised when the call has ended. A
        write must not be abandoned, because it could replace a value that is written later.
        """
        if get_ident() != main_thread().ident or sys.is_finalizing():
            return work()
        call = Call(work)
        try:
            self._workers().submit(call)
            return call.result()
        except BaseException:
            if abandon and not call.done:
                self._workers.take()  # its thread still makes this call
            else:
                call.end()
            raise
