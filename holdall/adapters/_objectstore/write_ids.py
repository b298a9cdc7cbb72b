"""Conditional writes that can be recognised after their answer was lost.

If the answer to a write is lost, the write may have happened. Each compare-and-swap therefore stores a random
write ID in the metadata of the object, and copies the write IDs of the writes before it:

    holdall-writes = id *( " " id )             newest first, at most 32
    id             = 16 hexadecimal digits      of one write
                   | "=" tag                    of a replaced state that had no write IDs
                   | "=new"                     one created the object

If the replaced state has no write IDs, its tag is stored in their place, or "=new" if the object was missing.

After a lost answer, a writer reads the write IDs of the object. If its own ID is among them, its write
happened, even if others have written since. If its own ID is missing, but the object has the ID of the state
that the writer expected, another writer came first. An unconditional write copies no write IDs and stores at
most its own. That breaks the sequence, so the outcome can remain unknown; then the writer raises Unavailable.
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
_REMEMBERED = 4096  # states whose write IDs a store remembers between a read and a swap


class State(NamedTuple):
    """The state of an object in an answer: its tag, and its metadata by name."""

    tag: Tag
    metadata: Mapping[str, str]

    @property
    def write_ids(self) -> tuple[str, ...]:
        """The write IDs in the metadata, newest first."""
        return tuple(self.metadata.get(_NAME, "").split())


class Write(NamedTuple):
    """One compare-and-swap: the tag that it expects, and the write IDs that it stores, its own first."""

    expected: Tag
    write_ids: tuple[str, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata to write with the value."""
        return {_NAME: " ".join(self.write_ids)}

    def has_taken_effect(self, look: Callable[[], State]) -> bool:
        """Whether the object shows that this write happened; False also if that cannot be known.

        ``look`` reads the state of the object.
        """
        with contextlib.suppress(HoldallError, KeyError):
            return self.write_ids[0] in look().write_ids
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
        mine, base = self.write_ids[:2]
        if mine in now.write_ids:
            return now.tag if now.write_ids[0] == mine else Tag(f"{mine}-overwritten")
        if now.tag == self.expected or base not in now.write_ids:
            unknown(key, error)
        raise conflict(key) from error


class WriteIds:
    """The write IDs of the object states that a store has read."""

    def __init__(self) -> None:
        self._by_state: dict[tuple[str, Tag], tuple[str, ...]] = {}
        self._lock = PerProcess(threading.Lock)

    def remember(self, key: str, state: State) -> Tag:
        """Return the tag of ``state``, in which ``key`` was read, and remember its write IDs.

        They replace the write IDs that are remembered for the same tag.
        """
        with self._lock():
            self._by_state.pop((key, state.tag), None)
            if write_ids := state.write_ids:
                self._by_state[key, state.tag] = write_ids
            if len(self._by_state) > _REMEMBERED:
                del self._by_state[next(iter(self._by_state))]
        return state.tag

    def write(self, key: str, expected: Tag) -> Write:
        """A new compare-and-swap of ``key``, with the write IDs remembered for ``expected``."""
        before = self._by_state.get((key, expected)) or (f"={expected or 'new'}",)
        return Write(expected, (_new_id(), *before)[:_KEPT])


def unconditional() -> Write:
    """A new unconditional write. It can be recognised by its own write ID, and copies no other."""
    return Write(ABSENT, (_new_id(),))


def _new_id() -> str:
    return secrets.token_hex(8)


def unknown(key: str, error: Exception) -> NoReturn:
    """Raise Unavailable from ``error``, after which it cannot be known whether ``key`` was changed."""
    if isinstance(error, Unavailable):
        raise error
    message = f"the change of {key!r} may or may not have happened; read the key to find out"
    raise Unavailable(message, key=key) from error
