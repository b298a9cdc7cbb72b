"""Conditional writes that know themselves again.

A write whose answer got lost may have happened. Each compare-and-swap therefore leaves a trace in the
metadata of the object, and copies the traces of the writes before it:

    holdall-writes = trace *( " " trace )       newest first, at most 32
    trace          = 16 hexadecimal digits      of one write
                   | "=" tag                    what one replaced that had left none
                   | "=new"                     one created the object

So a writer in doubt looks for its own trace, even where others have written since; and where it finds
what it expected among the traces, but not itself, it knows that it lost. A write without condition
copies none, and leaves its own at most, which breaks the sequence: then the outcome stays unknown, and
Unavailable says so.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from holdall.errors import HoldallError, Unavailable
from holdall.handles import PerProcess
from holdall.store import ABSENT, Tag, conflict

_NAME = "holdall-writes"
_KEPT = 32
_REMEMBERED = 4096  # states whose traces a store keeps in mind between reading and swapping


class State(NamedTuple):
    """An object as an answer shows it: its tag, and its metadata by name."""

    tag: Tag
    metadata: Mapping[str, str]

    @property
    def traces(self) -> tuple[str, ...]:
        """The traces in it, newest first."""
        return tuple(self.metadata.get(_NAME, "").split())


class Write(NamedTuple):
    """One compare-and-swap: the state that it expects, and the traces that it leaves, its own first."""

    expected: Tag
    traces: tuple[str, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """What it writes beside the value."""
        return {_NAME: " ".join(self.traces)}

    def happened(self, look: Callable[[], State]) -> bool:
        """Whether a ``look`` at the object shows it; False also where nobody can know."""
        with contextlib.suppress(HoldallError, KeyError):
            return self.traces[0] in look().traces
        return False

    def outcome(self, key: str, error: Exception, look: Callable[[], State]) -> Tag:
        """The tag that it wrote, after an ``error`` in doubt, by a ``look`` at it (KeyError: it is gone).

        Conflict where it lost; Unavailable where nobody can know.
        """
        try:
            now = look()
        except (HoldallError, KeyError):
            unknown(key, error)
        mine, base = self.traces[:2]
        if mine in now.traces:
            return now.tag if now.traces[0] == mine else Tag(f"{mine}-overwritten")
        if now.tag == self.expected or base not in now.traces:
            unknown(key, error)
        raise conflict(key) from error


class Traces:
    """What a store remembers of the states that it has seen: the traces in them."""

    def __init__(self) -> None:
        self._by_state: dict[tuple[str, Tag], tuple[str, ...]] = {}
        self._lock = PerProcess(threading.Lock)

    def seen(self, key: str, state: State) -> Tag:
        """The tag of ``state``, in which ``key`` was seen; its traces are remembered, and no older ones."""
        with self._lock():
            self._by_state.pop((key, state.tag), None)
            if traces := state.traces:
                self._by_state[key, state.tag] = traces
            if len(self._by_state) > _REMEMBERED:
                del self._by_state[next(iter(self._by_state))]
        return state.tag

    def write(self, key: str, expected: Tag) -> Write:
        """A new compare-and-swap."""
        before = self._by_state.get((key, expected)) or (f"={expected or 'new'}",)
        return Write(expected, (_trace(), *before)[:_KEPT])


def unconditional() -> Write:
    """A new write that replaces whatever is there: it knows itself again, and nothing of those before it."""
    return Write(ABSENT, (_trace(),))


def _trace() -> str:
    return secrets.token_hex(8)


def unknown(key: str, error: Exception) -> NoReturn:
    """Raise Unavailable from ``error``, after which nobody can know what holds."""
    if isinstance(error, Unavailable):
        raise error
    message = f"the change of {key!r} may or may not have happened; read it to find out"
    raise Unavailable(message, key=key) from error
