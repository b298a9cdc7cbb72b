"""What a writer may do to the key, and what it then says it met."""

from collections.abc import Callable
from typing import Any

from holdall import Versions
from holdall.errors import Conflict, Unavailable
from holdall.history import Revision, note
from holdall.middleware.versions.head import Head
from holdall.store import ABSENT, Store, Tag
from tests.middleware.versions.interleaved.linear import Operation, Outcome, State
from tests.middleware.versions.interleaved.scheduler import Killed

KEY = "k"


class Script:
    """One writer's operations on ``store``, which keeps versions; ``clock`` tells the step of the schedule."""

    def __init__(self, name: str, below: Store[bytes], clock: Callable[[], int]) -> None:
        self.name = name
        self.below = below
        self.store: Versions[bytes] = Versions(below, author=name)
        self.operations: list[Operation] = []
        self._clock = clock
        self._seen: Head = Head(KEY)

    def run(self, kinds: list[str]) -> None:
        for kind in kinds:
            name = f"{self.name}.{len(self.operations)}.{kind}"
            own = name.encode()
            operation = Operation(name, self._clock(), lambda before, own=own: own)
            self.operations.append(operation)
            try:
                with note(message=name):
                    getattr(self, kind)(operation, own)
            except Unavailable:
                continue  # its answer was lost; the writer lives and goes on
            operation.ended = self._clock()

    # ---- Reading -------------------------------------------------------------------------------

    def get(self, one: Operation, own: bytes) -> None:
        self._saw(one, self.store.get(KEY), lambda state, told: state.value == told)

    def look(self, one: Operation, own: bytes) -> None:
        """Read, and remember the tag for a `swap` or a `remove` to come."""
        self._seen = Head.read(self.below, KEY)
        self._saw(one, self._seen.value, lambda state, told: state.value == told)

    def history(self, one: Operation, own: bytes) -> None:
        try:
            told = [named(revision) for revision in self.store.history(KEY)]
        except KeyError:
            told = []
        self._saw(one, told, lambda state, told: (told[:1] or ["nothing"]) == [state.name])

    @staticmethod
    def _saw(one: Operation, told: Any, fits: Callable[[State, Any], bool]) -> None:
        one.outcome, one.told, one.fits = Outcome.SAW, told, lambda state: fits(state, told)

    # ---- Writing -------------------------------------------------------------------------------

    def put(self, one: Operation, own: bytes) -> None:
        self.store[KEY] = own
        one.outcome = Outcome.WROTE

    def update(self, one: Operation, own: bytes) -> None:
        """As a part of many keys."""
        self.store.update({KEY: own, "other": own})
        one.outcome = Outcome.WROTE

    def swap(self, one: Operation, own: bytes) -> None:
        self._if_as_seen(one, lambda tag: self.store.swap(KEY, own, tag))

    def remove(self, one: Operation, own: bytes) -> None:
        one.value = lambda before: None
        self._if_as_seen(one, lambda tag: self.store.remove(KEY, tag))

    def _if_as_seen(self, one: Operation, call: Callable[[Tag], object]) -> None:
        """A swap or remove must win where the key is as it was seen, and only there."""
        seen = self._seen
        name = seen.stamp.note.message if seen.stamp else None
        as_seen: Callable[[State], bool] = lambda state: (  # noqa: E731
            state.value is None if seen.shown == ABSENT else state.name in (name, "before-found")
        )
        try:
            call(seen.shown)
        except Conflict:
            # What was found is stamped first, which is a write to its tag.
            found = seen.there and seen.stamp is None
            refuses = found or (one.name.endswith("remove") and seen.shown == ABSENT)
            self._saw(one, "conflict", lambda state, told: refuses or not as_seen(state))
        else:
            one.outcome, one.fits = Outcome.WROTE, as_seen

    def delete(self, one: Operation, own: bytes) -> None:
        one.value = lambda before: None
        try:
            del self.store[KEY]
        except KeyError:
            self._saw(one, None, lambda state, told: state.value is None)
        else:
            one.outcome, one.fits = Outcome.WROTE, lambda state: state.value is not None

    def pop(self, one: Operation, own: bytes) -> None:
        one.value = lambda before: None
        told = self.store.pop(KEY, None)
        if told is None:
            self._saw(one, None, lambda state, told: state.value is None)
        else:
            one.outcome, one.fits = Outcome.WROTE, lambda state: state.value == told

    def modify(self, one: Operation, own: bytes) -> None:
        one.value = lambda before: (before or b"") + b"+" + own
        told = self.store.modify(KEY, one.value, default=b"")  # type: ignore[arg-type]  # it gives bytes
        one.outcome, one.fits = Outcome.WROTE, lambda state: one.value(state.value) == told

    def setdefault(self, one: Operation, own: bytes) -> None:
        told = self.store.setdefault(KEY, own)
        if told == own:
            one.outcome, one.fits = Outcome.WROTE, lambda state: state.value is None
        else:
            self._saw(one, told, lambda state, told: state.value == told)

    def revert(self, one: Operation, own: bytes) -> None:
        """Put back the first value there ever was: a store whose tags are hashes sees it again."""
        try:
            first = self.store.at(KEY, 1)
        except LookupError:
            self._saw(one, "nothing to revert to", lambda state, told: True)
            return
        one.value = lambda before: first
        self.store[KEY] = first
        one.outcome = Outcome.WROTE

    # ---- Others ----------------------------------------------------------------------------------

    def prune(self, one: Operation, own: bytes) -> None:
        self.store.prune(keep=2)
        self._saw(one, None, lambda state, told: True)

    def bypass(self, one: Operation, own: bytes) -> None:
        """Write as one does who knows nothing of versions."""
        self.below[KEY] = own
        self._saw(one, None, lambda state, told: True)

    def bypass_delete(self, one: Operation, own: bytes) -> None:
        self.below.discard(KEY)
        self._saw(one, None, lambda state, told: True)


BYPASSES = ("bypass", "bypass", "bypass_delete")
WRITES = ("put", "put", "update", "delete", "swap", "remove", "pop", "modify", "setdefault", "revert")
READS = ("get", "look", "history")


def named(revision: Revision) -> str:
    """The operation that made ``revision``."""
    return revision.message or f"before-{'lost' if revision.deleted else 'found'}"


__all__ = ["BYPASSES", "KEY", "READS", "WRITES", "Killed", "Script", "named"]
