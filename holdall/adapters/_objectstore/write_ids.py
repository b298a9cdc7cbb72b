"""Conditional writes that can be recognised after their answer was lost.

If the answer to a write is lost, the write may have happened. Each compare-and-swap therefore stores a random
ID, its trace, in the metadata of the object, and copies the traces of the writes before it:

    holdall-writes = trace *( " " trace )       newest first, at most 32
    trace          = 16 hexadecimal digits      of one write
                   | "=" tag                    what one replaced that had left none
                   | "=new"                     one created the object

If the replaced state has no traces, its tag is stored in their place, or "=new" if the object was missing.

After a lost answer, a writer reads the traces of the object. If its own trace is there, its write happened,
even if others have written since. If its own trace is missing, but that of the state which it expected is
there, another writer came first. An unconditional write copies no traces and stores at most its own. That
breaks the sequence, so the outcome can remain unknown; then the writer raises Unavailable.
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
_REMEMBERED = 4096  # states whose traces a store remembers between a read and a swap


class State(NamedTuple):
    """The state of an object in an answer: its tag, and its metadata by name."""

    tag: Tag
    metadata: Mapping[str, str]

    @property
    def traces(self) -> tuple[str, ...]:
        """The traces in the metadata, newest first."""
        return tuple(self.metadata.get(_NAME, "").split())


class Write(NamedTuple):
    """One compare-and-swap: the tag that it expects, and the traces that it stores, its own first."""

    expected: Tag
    traces: tuple[str, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata to write with the value."""
        return {_NAME: " ".join(self.traces)}

    def happened(self, look: Callable[[], State]) -> bool:
        """Whether the object shows that this write happened; False also if that cannot be known.

        ``look`` reads the state of the object.
        """
        with contextlib.suppress(HoldallError, KeyError):
            return self.traces[0] in look().traces
        return False

    def outcome(self, key: str, error: Exception, look: Callable[[], State]) -> Tag:
        """The tag that this write stored, after an ``error`` that leaves its success in doubt.

        ``look`` reads the state of the object, and raises KeyError if the object is missing. Raises Conflict
        if another writer came first, and Unavailable if that cannot be known.
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
    """The traces of the object states that a store has seen."""

    def __init__(self) -> None:
        self._by_state: dict[tuple[str, Tag], tuple[str, ...]] = {}
        self._lock = PerProcess(threading.Lock)

    def seen(self, key: str, state: State) -> Tag:
        """Return the tag of ``state``, in which ``key`` was read, and remember its traces.

        They replace the traces that are remembered for the same tag.
        """
        with self._lock():
            self._by_state.pop((key, state.tag), None)
            if traces := state.traces:
                self._by_state[key, state.tag] = traces
            if len(self._by_state) > _REMEMBERED:
                del self._by_state[next(iter(self._by_state))]
        return state.tag

    def write(self, key: str, expected: Tag) -> Write:
        """A new compare-and-swap of ``key``, with the traces remembered for ``expected``."""
        before = self._by_state.get((key, expected)) or (f"={expected or 'new'}",)
        return Write(expected, (_trace(), *before)[:_KEPT])


def unconditional() -> Write:
    """A new unconditional write. It can be recognised by its own trace, and copies no other traces."""
    return Write(ABSENT, (_trace(),))


def _trace() -> str:
    return secrets.token_hex(8)


def unknown(key: str, error: Exception) -> NoReturn:
    """Raise Unavailable from ``error``, after which it cannot be known whether ``key`` was changed."""
    if isinstance(error, Unavailable):
        raise error
    message = f"the change of {key!r} may or may not have happened; read the key to find out"
    raise Unavailable(message, key=key) from error
