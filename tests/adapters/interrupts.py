"""Interrupts at a given moment of some work, or at each moment in turn."""

import contextlib
import dis
import itertools
import sys
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

_OURS = ("/holdall/", contextlib.__file__)
_CHECKS = ("CALL", "CALL_FUNCTION_EX", "CALL_KW", "JUMP_BACKWARD")
_opnames: dict[CodeType, dict[int, str]] = {}


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt, which pytest takes for the user's own."""


Moments = Callable[[FrameType, str], bool]
"""Whether an event of `sys.settrace` is a moment at which to interrupt."""


def interrupt(work: Callable[[], object], call: int) -> None:
    """Do ``work``, and press Ctrl-C as its call number ``call`` of a function of ours begins, if it makes so many.

    Python looks for signals there. A call of `contextlib` counts as ours. A finalizer's does not, because Python
    ignores an interrupt there.
    """

    _interrupt(work, call, _begins_call, KeyboardInterrupt)


def interrupt_everywhere(work: Callable[[], object], *modules: str) -> Iterator[int]:
    """Do ``work`` again and again, interrupted at its first bytecode in ``modules``, then at the second, and so on.

    Yields after each interrupt, while its traceback is alive, and ends when ``work`` comes to its end.
    """
    return _interrupt_in_turn(work, _Opcodes(modules))


def interrupt_at_checks(work: Callable[[], object], *modules: str) -> Iterator[int]:
    """Do as `interrupt_everywhere`, but only at those bytecodes before which Python runs signal handlers."""
    return _interrupt_in_turn(work, _Checks(modules))


def _begins_call(frame: FrameType, event: str) -> bool:
    return (
        event == "call"
        and any(part in frame.f_code.co_filename for part in _OURS)
        and not _in_finalizer(frame)
    )


class _Opcodes:
    """Every bytecode in some modules is a moment."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._files = {sys.modules[module].__file__ for module in modules}

    def __call__(self, frame: FrameType, event: str) -> bool:
        if event == "call" and frame.f_code.co_filename in self._files:
            frame.f_trace_opcodes = True
        return event == "opcode"


class _Checks(_Opcodes):
    """A bytecode is a moment if it follows a call, the start of a function or the end of a round of a loop."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        super().__init__(modules)
        self._checks: dict[
            int, bool
        ] = {}  # by frame: whether its last bytecode ends with a check for signals

    def __call__(self, frame: FrameType, event: str) -> bool:
        checked = self._checks.get(id(frame), False)
        if event in ("call", "exception"):  # there is no check after a call that raised
            self._checks[id(frame)] = event == "call"
        elif event == "opcode":
            self._checks[id(frame)] = _opname(frame) in _CHECKS
        return super().__call__(frame, event) and checked


def _opname(frame: FrameType) -> str:
    code = frame.f_code
    if code not in _opnames:
        _opnames[code] = {each.offset: each.opname for each in dis.get_instructions(code)}
    return _opnames[code][frame.f_lasti]


def _interrupt_in_turn(work: Callable[[], object], moments: Moments) -> Iterator[int]:
    for number in itertools.count(1):
        try:
            _interrupt(work, number, moments, Interrupted)
        except Interrupted:
            yield number
        else:
            return


def _interrupt(work: Callable[[], object], number: int, moments: Moments, error: type[BaseException]) -> None:
    """Do ``work``, and raise ``error`` at moment ``number``, if it comes to so many."""
    left = number

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if moments(frame, event):
            left -= 1
            if not left:
                sys.settrace(None)
                raise error
        return trace if frame.f_trace_opcodes else None

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
