"""An interrupt at each bytecode of some code in turn."""

import itertools
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which pytest takes for the user's own."""


def interrupt_everywhere(work: Callable[[], object], *files: str) -> Iterator[int]:
    """Do ``work`` again and again, interrupted at its first bytecode in ``files``, then at the second, and so on.

    ``files`` are ends of paths. Yields after each interrupt, while its traceback is alive, and ends when
    ``work`` comes to its end.
    """
    for number in itertools.count(1):
        try:
            _interrupt(work, number, files)
        except Interrupted:
            yield number
        else:
            return


def _interrupt(work: Callable[[], object], number: int, files: tuple[str, ...]) -> None:
    left = number

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(files):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if not left:
                sys.settrace(None)
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
