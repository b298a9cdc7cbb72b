"""Ctrl-C at a given moment."""

import contextlib
import itertools
import sys
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

_OURS = ("/holdall/", contextlib.__file__)


def interrupt(work: Callable[[], object], call: int) -> None:
    """Do ``work``, and press Ctrl-C as its call number ``call`` of a function of ours begins, if it makes so many.

    Python looks for signals there. A call of `contextlib` counts as ours. A finalizer's does not, because Python
    ignores an interrupt there.
    """
    calls = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        ours = any(part in frame.f_code.co_filename for part in _OURS)
        if ours and not _in_finalizer(frame) and next(calls) == call:
            sys.settrace(None)
            raise KeyboardInterrupt

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)


def _in_finalizer(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code is weakref.finalize.__call__.__code__:
            return True
        frame = frame.f_back
    return False
