"""Ctrl-C at a given moment."""

import contextlib
import itertools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_OURS = ("/holdall/", contextlib.__file__)


def interrupt(work: Callable[[], object], call: int) -> None:
    """Do ``work``, and press Ctrl-C as its call number ``call`` of a function of ours begins, if it makes so many.

    Python looks for signals there. What is of `contextlib` counts as ours.
    """
    calls = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        if any(part in frame.f_code.co_filename for part in _OURS) and next(calls) == call:
            sys.settrace(None)
            raise KeyboardInterrupt

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
