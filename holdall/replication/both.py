"""`BothWays`, the rule by which each side gets what changed at the other, as remembered tags tell it."""

import time
from collections.abc import Callable
from typing import Any, Final, Literal

from holdall.errors import Conflict
from holdall.replication.deliver import Delivery
from holdall.replication.policies import Policy
from holdall.replication.revisions.merge import Merged
from holdall.replication.rows import Block, Row
from holdall.replication.rules import REFUSALS, VOID, Outcome
from holdall.replication.side import Side, is_same
from holdall.replication.tasks import Task
from holdall.store import ABSENT, ATTEMPTS, MISSING, Feature, Tag, Tagged, pause, unsupported

_Choice = Literal["ours", "theirs"] | Merged | None
_Choose = Callable[[str, Tagged[Any] | None, Tagged[Any] | None], _Choice]


class BothWays:
    """A side that changed since the last sync gives its value to a side that did not; deletions too.

    The remembered tags tell which side changed. If both changed and their values differ, ``policy`` decides.
    ``restored`` tells for each side whether it was restored from a backup; a key that was deleted before then
    does not come back, and a key that it lost comes from the other side.
    """

    def __init__(self, there: Delivery, back: Delivery, policy: Policy, restored: tuple[bool, bool]) -> None:
        self._ways = there, back
        self._choose = _chooser(policy, there.giver, there.taker)
        self._restored = restored
        self._verify = there.verify

    def keeps(self, block: Block) -> bool:
        return not self._verify

    def may_empty(self, remembered: bool) -> tuple[bool, bool]:
        return remembered and not self._restored[0], remembered and not self._restored[1]

    def settle(self, task: Task) -> Outcome | None:
        key, source, target, row = task
        if row is not None:
            source, target = _known(source, row.source), _known(target, row.target)
            same = (source, target) == (row.source, row.target) and VOID not in row
            if same and not (self._verify and ABSENT not in (source, target)):
                return Outcome(key, row)
        if source == ABSENT == target:
            return Outcome(key, row and Row(key, ABSENT, ABSENT))
        return None

    def perform(self, task: Task) -> Outcome:
        key, source, target, row = task
        tags = _known(source, row and row.source), _known(target, row and row.target)
        try:
            for attempt in range(ATTEMPTS):
                source, target = (
                    side.tag(key) if tag in (None, VOID) else tag
                    for side, tag in zip(self._sides, tags, strict=True)
                )
                try:
                    return self._decide(key, source, target, row)
                except Conflict:
                    time.sleep(pause(attempt))
                    tags = None, None
        except REFUSALS as error:
            return Outcome(key, row, "refused", error=error)
        raise Conflict(f"{key!r} changed {ATTEMPTS} times while it was synced; try again", key=key)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self._ways[0].giver, self._ways[0].taker

    def perform_many(self, tasks: list[Task]) -> list[Outcome]:
        return [self.perform(task) for task in tasks]

    def _decide(self, key: str, source: Tag, target: Tag, row: Row | None) -> Outcome:
        was = (ABSENT, ABSENT) if row is None else (row.source, row.target)
        if source == ABSENT == target:
            return Outcome(key, row and Row(key, ABSENT, ABSENT))
        if ABSENT in (source, target):
            return self._decide_absent(key, (source, target), was, row)
        changed = source != was[0], target != was[1]
        if VOID in was or changed[0] == changed[1]:
            return self._compare(key, row)
        return self._give(key, 0 if changed[0] else 1, (source, target))

    def _decide_absent(
        self, key: str, now: tuple[Tag, Tag], was: tuple[Tag, Tag], row: Row | None
    ) -> Outcome:
        """Decide about a key that only one side has."""
        has = 0 if now[1] == ABSENT else 1
        lacks = 1 - has
        if was[lacks] != ABSENT and not self._restored[lacks]:  # it was deleted there
            deletes = now[has] == was[has] or (was[has] == VOID)
            return self._give(key, lacks, now) if deletes else self._compare(key, row)
        if row is not None and was == (ABSENT, ABSENT) and self._restored[has]:
            return self._give(key, lacks, now)
        return self._give(key, has, now)

    def _give(self, key: str, giver: int, now: tuple[Tag, Tag], *, replaced: bool = False) -> Outcome:
        """Deliver ``key`` from the side ``giver`` to the other one, which must still have its tag of ``now``."""
        made = self._ways[giver].deliver(key, now[1 - giver], known=True)
        tags = (made.giver, made.taker) if giver == 0 else (made.taker, made.giver)
        return Outcome(key, Row(key, *tags), made.done, replaced)

    def _compare(self, key: str, row: Row | None) -> Outcome:
        ours, theirs = (side.read(key) for side in self._sides)
        now = _tag(ours), _tag(theirs)
        if ours is None and theirs is None:
            return Outcome(key, Row(key, ABSENT, ABSENT))
        if ours is not None and theirs is not None and is_same(ours.value, theirs.value):
            if self._ways[0].expire_alike(key):
                return Outcome(key, Row(key, *now))
            return self._give(key, 0 if self._ways[0].lasts_longer(key) else 1, now)
        choice = self._choose(key, ours, theirs)
        if choice is None:
            return Outcome(key, row, "conflict")
        if isinstance(choice, Merged):
            return self._merge(key, choice.value, now)
        return self._give(key, 0 if choice == "ours" else 1, now, replaced=True)

    def _merge(self, key: str, value: Any, now: tuple[Tag, Tag]) -> Outcome:
        """Write ``value`` to both sides. It lasts as long as the value that lasts longer.

        After a kill in between, the next sync merges again.
        """
        sides = zip(self._sides, now, strict=True)
        lefts = [side.remaining(key) for side, tag in sides if tag != ABSENT and self._ways[0].expire]
        ways = zip(self._ways[::-1], now, strict=True)
        row = Row(key, *(way.write(key, value, tag, lefts) for way, tag in ways))
        return Outcome(key, row, "deleted" if value is MISSING else "copied", replaced=True)


def _known(tag: Tag | None, remembered: Tag | None) -> Tag | None:
    return remembered if tag is None else tag


def _tag(held: Tagged[Any] | None) -> Tag:
    return ABSENT if held is None else held.tag


def _chooser(policy: Policy, source: Side, target: Side) -> _Choose:
    """Return the function that settles a conflict by ``policy``."""
    if callable(policy):
        merge: Final = policy
        return lambda key, ours, theirs: _settled(merge(MISSING, _value(ours), _value(theirs)))
    if policy == "newest":
        for side in source, target:
            if Feature.HISTORY not in side.store.features:
                raise unsupported(
                    side.store, "tell which value is newer", Feature.HISTORY, "give another policy"
                )
        return lambda key, ours, theirs: _newest(key, source, target)
    fixed: Final[_Choice] = policy if policy in ("ours", "theirs") else None
    return lambda key, ours, theirs: fixed


def _settled(value: Any) -> Merged | None:
    """Return what a merge function returned, or None if it leaves the conflict."""
    made = value if isinstance(value, Merged) else Merged(value, [])
    return None if made.conflicts else made


def _value(held: Tagged[Any] | None) -> Any:
    return MISSING if held is None else held.value


def _newest(key: str, source: Side, target: Side) -> _Choice:
    ours, theirs = (next(side.store.history(key)).time for side in (source, target))
    if ours == theirs:
        return None
    return "ours" if ours > theirs else "theirs"
