"""Delivers the value of a key from one side to the other: the one place where a sync writes."""

import time
from typing import Any, Final, NamedTuple

from holdall.errors import Conflict, Corrupt
from holdall.middleware._lifetimes import Left, are_alike, longest
from holdall.replication.side import Side, is_same
from holdall.store import ABSENT, ATTEMPTS, MISSING, Tag, Tagged, conflict, pause

_DRY: Final = Tag("dry")  # stands for the tag of a value that was not written


class Delivered(NamedTuple):
    """The tags of a key at the giver and the taker after a delivery, and the name of what happened.

    ``done`` is "copied", "deleted" or "equal". ``replaced`` tells whether a value of the taker was overwritten
    that the giver had not delivered before.
    """

    giver: Tag
    taker: Tag
    done: str
    replaced: bool = False


class Delivery:
    """Delivers from ``giver`` to ``taker``. If ``verify``, it reads each value back that it wrote.

    If ``dry``, it writes nothing, and returns what it would have done. If both stores have the layer Expires, a value
    has the same time left at both.
    """

    def __init__(self, giver: Side, taker: Side, *, verify: bool = False, dry: bool = False) -> None:
        self.giver = giver
        self.taker = taker
        self.verify = verify
        self._dry = dry
        self.expire = giver.expires and taker.expires
        self.batches = taker.batches and not (dry or self.expire)

    def deliver(self, key: str, seen: Tag, *, known: bool) -> Delivered:
        """Give ``key`` at the taker the value that it has at the giver, or delete it.

        ``seen`` is the tag that the key has at the taker. If ``known``, the giver delivered that value or
        there was none; otherwise both values are compared first, and an equal value is not written again.
        The taker writes only if the key still has this tag. Raises Conflict if it does not.
        """
        # The taker is read first. A later value that another process delivers in between changes the taker's tag.
        there = None if known else self._look(key)
        held = self.giver.read(key)
        if held is None:
            return self._delete(key, seen, known)
        if there is not None:
            seen = there.tag
            if is_same(there.value, held.value) and self.expire_alike(key):
                return Delivered(held.tag, seen, "equal")
        taker = self.taker.with_left(self.giver.remaining(key)) if self.expire else self.taker
        tag = _DRY if self._dry else taker.put(key, held.value, seen)
        if self.verify and not self._dry:
            self._read_back(key, held.value, tag)
        return Delivered(held.tag, tag, "copied", not known and seen != ABSENT)

    def _look(self, key: str) -> Tagged[Any]:
        """Return the value of ``key`` at the taker, or MISSING if it is missing or cannot be read, and its tag."""
        try:
            return self.taker.read(key) or Tagged(MISSING, ABSENT)
        except Corrupt:
            return Tagged(MISSING, self.taker.tag(key))

    def expire_alike(self, key: str) -> bool:
        """Return whether the values of ``key`` expire at the same time."""
        return not self.expire or are_alike(self.giver.remaining(key), self.taker.remaining(key))

    def lasts_longer(self, key: str) -> bool:
        """Return whether the value of ``key`` lasts longer at the giver than at the taker."""
        ours, theirs = self.giver.remaining(key), self.taker.remaining(key)
        return ours != theirs and ours == longest([ours, theirs])

    def write(self, key: str, value: Any, seen: Tag, lefts: list[Left]) -> Tag:
        """Write ``value`` to the taker, or delete ``key`` if it is MISSING, and return the new tag.

        The value has the longest of ``lefts``; without any, the time of every write to the taker. Raises Conflict
        if the key does not have the tag ``seen`` there.
        """
        if value is not MISSING:
            taker = self.taker.with_left(longest(lefts)) if lefts else self.taker
            return _DRY if self._dry else taker.put(key, value, seen)
        if seen != ABSENT and not self._dry:
            self.taker.remove(key, seen)
        return ABSENT

    def _delete(self, key: str, seen: Tag, known: bool) -> Delivered:
        if seen == ABSENT:
            return Delivered(ABSENT, ABSENT, "equal")
        if not self._dry:
            self.taker.remove(key, seen)
        return Delivered(ABSENT, ABSENT, "deleted", not known)

    def _read_back(self, key: str, value: Any, tag: Tag) -> None:
        back = self.taker.read(key)
        if back is None or back.tag != tag:  # another writer has changed it since
            raise conflict(key)
        if not is_same(back.value, value):
            raise Corrupt(
                f"the value of {key!r} differs from the value that was read back from {self.taker.name}",
                key=key,
            )

    def insist(self, key: str, seen: Tag, *, known: bool) -> Delivered:
        """Deliver as `deliver` does, and if another writer was first, look again and overwrite its value.

        Raises Conflict after a thousand lost attempts.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self.deliver(key, seen, known=known)
            except Conflict:
                time.sleep(pause(attempt))
                seen = self.taker.tag(key)
                known = seen == ABSENT
        raise Conflict(
            f"{key!r} changed {ATTEMPTS} times at {self.taker.name} while it was synced; try again", key=key
        )
