"""Decides what a sync does with one key. `OneWay` is the rule by which the source wins."""

from typing import Any, Final, NamedTuple, Protocol

from holdall.errors import Conflict, Corrupt, HoldallError, Invalid, InvalidKey, TooLarge
from holdall.replication.deliver import Delivered, Delivery
from holdall.replication.rows import Block, Row
from holdall.replication.side import Write
from holdall.replication.tasks import Task
from holdall.store import ABSENT, Tag, Tagged

VOID: Final = Tag("\0")
"""The tag in a remembered row that proves nothing any more: the key was there, with a value that may differ."""

REFUSALS: Final = (InvalidKey, TooLarge, Invalid, Corrupt)
"""Errors about one key. A sync reports them, and goes on with the other keys."""


class Outcome(NamedTuple):
    """What became of a key: the row to remember, the name of what happened, and the error of a refusal.

    ``done`` is "copied", "deleted", "equal", "refused" or "conflict". ``siblings`` tells whether the key has
    revisions that lost a conflict which nobody has settled.
    """

    key: str
    row: Row | None
    done: str = "equal"
    replaced: bool = False
    error: HoldallError | None = None
    siblings: bool = False

    @property
    def settled(self) -> bool:
        """Whether the next sync need not look at the key again."""
        return self.done not in ("refused", "conflict")


class Rule(Protocol):
    """Decides what a sync does with each key."""

    def keeps(self, block: Block) -> bool:
        """Return whether nothing is to be done with ``block`` if the tags of its keys have not changed."""
        ...

    def may_empty(self, remembered: bool) -> tuple[bool, bool]:
        """Return for the source and the target whether all keys of the other one would be deleted if it had none.

        ``remembered`` tells whether a former sync remembered any keys.
        """
        ...

    def settle(self, task: Task) -> Outcome | None:
        """Return the outcome of ``task`` if its tags alone tell it, without a request."""
        ...

    def perform(self, task: Task) -> Outcome:
        """Make the requests of ``task``, and return its outcome."""
        ...

    def perform_many(self, tasks: list[Task]) -> list[Outcome]:
        """Make the requests of ``tasks``, and return the outcomes, in their order."""
        ...


class OneWay:
    """The source wins for every key that it has, or had. A key that only the target had stays, unless ``delete``.

    After one of the errors ``refusals``, it goes on with the other keys.
    """

    def __init__(
        self, delivery: Delivery, *, delete: bool, refusals: tuple[type[HoldallError], ...] = REFUSALS
    ) -> None:
        self._delivery = delivery
        self._refusals = refusals
        self._delete = delete

    def keeps(self, block: Block) -> bool:
        return not self._delivery.verify and (not self._delete or block.source.keys == block.target.keys)

    def may_empty(self, remembered: bool) -> tuple[bool, bool]:
        return self._delete or remembered, False

    def settle(self, task: Task) -> Outcome | None:
        key, source, target, row = task
        if row is not None and (source, target) == (row.source, row.target) and VOID not in row:
            compares = self._delivery.verify and source != ABSENT
            return None if compares or (self._delete and _is_extra(row)) else Outcome(key, row)
        if source != ABSENT or target is None:
            return None
        if target == ABSENT:
            return Outcome(key, None if is_new(task) else Row(key, ABSENT, ABSENT))
        if is_new(task) and not self._delete:
            return Outcome(key, Row(key, ABSENT, target))
        return None

    def perform(self, task: Task) -> Outcome:
        try:
            seen, known = self._look(task)
            return self._outcome(task, self._delivery.insist(task.key, seen, known=known))
        except self._refusals as error:
            return Outcome(task.key, task.row, "refused", error=error)

    def _look(self, task: Task) -> tuple[Tag, bool]:
        """Return the tag that the key has at the target, and whether the source delivered that value."""
        key, source, target, row = task
        if target is not None:
            seen = target
        elif row is not None and VOID not in row and self._delivery.taker.swaps:
            seen = row.target  # if that is not so any more, the compare-and-swap tells it
        elif source and row is None and self._delivery.taker.swaps:
            seen = ABSENT
        else:
            seen = self._delivery.taker.tag(key)
        delivered = row is not None and seen == row.target and row.source not in (ABSENT, VOID)
        if row is not None and source == row.source and self._delivery.verify:
            delivered = False  # the tags tell that both values stayed as they were, so compare them
        return seen, seen == ABSENT or delivered

    def _outcome(self, task: Task, made: Delivered) -> Outcome:
        row = Row(task.key, made.giver, made.taker)
        if made.giver == ABSENT and task.target is not None and is_new(task):
            # The source never had the key, so this is not a deletion that must be remembered.
            return Outcome(task.key, None, made.done)
        return Outcome(task.key, row, made.done, made.replaced)

    def perform_many(self, tasks: list[Task]) -> list[Outcome]:
        made = self._write_batch(tasks) if self._delivery.batches else {}
        return [made.get(task.key) or self.perform(task) for task in tasks]

    def _write_batch(self, tasks: list[Task]) -> dict[str, Outcome]:
        """Perform those of ``tasks`` that need no comparison in one transaction, if it succeeds."""
        try:
            looked = [(task, *self._look(task)) for task in tasks]
            plain = [(task, seen) for task, seen, known in looked if known]
            held = self._delivery.giver.read_many(task.key for task, _ in plain)
            writes = [Write(task.key, held.get(task.key), seen) for task, seen in plain]
            writes = [each for each in writes if each.held is not None or each.expected != ABSENT]
            tags = self._delivery.taker.write_many(writes) if writes else {}
        except (Conflict, *self._refusals):  # type: ignore[misc]  # mypy does not unpack a tuple of any length
            return {}
        return {
            task.key: self._written(task, held.get(task.key), tags) for task, _ in plain if task.key in tags
        }

    def _written(self, task: Task, held: Tagged[Any] | None, tags: dict[str, Tag]) -> Outcome:
        giver, done = (ABSENT, "deleted") if held is None else (held.tag, "copied")
        return self._outcome(task, Delivered(giver, tags[task.key], done))


def is_new(task: Task) -> bool:
    """Return whether nothing tells yet that the source had the key of ``task``."""
    return task.row is None or _is_extra(task.row)


def _is_extra(row: Row) -> bool:
    """Return whether only the target had the key."""
    return row.source == ABSENT != row.target
