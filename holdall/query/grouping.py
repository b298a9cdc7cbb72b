"""One pass over mapped pairs: a batch of values is listed by group, folded, and forgotten."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from holdall.errors import InvalidQuery, QueryFailed
from holdall.query.collation import Place, ambiguous, collate, cut, shown
from holdall.query.ranges import EVERYWHERE, Range
from holdall.query.reading import Reading, reason
from holdall.query.reducer import Reducer
from holdall.query.trial import Unsplittable

T = TypeVar("T")

BATCH = 8192  # pairs, at least; what a pass holds beside one partial a group
_NOWHERE: deque[Any] = deque(maxlen=0)


@dataclass(frozen=True)
class Grouping:
    """Which keys count, and how many of a tuple's first elements make its group.

    >>> shown(Grouping(level=1).group(collate(("EUR", 2026, 6))))
    ('EUR',)
    """

    range: Range = EVERYWHERE
    level: int | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.level < 0:
            raise InvalidQuery(f"group_level is {self.level}: use None, 0 or more")

    def group(self, place: Place) -> Place | None:
        """The place of the group of the key at ``place``, or None if that key is out of range."""
        if not self.range.holds(place):
            return None
        if self.level is None:
            return place
        return cut(place, self.level) if self.level else collate(None)


class Batch(dict[Any, Any]):
    """Lists of values by group: ``batch[key].append(value)`` puts a value in the list of its group.

    ``groups`` has the lists by place. The dict is only a short cut past the collation, for the keys
    about which dict and collation agree.

    >>> batch = Batch(Grouping())
    >>> batch[1].append("one"), batch[1.0].append("one, too"), batch[True].append("true")
    (None, None, None)
    >>> list(batch.groups.values())
    [['one', 'one, too'], ['true']]
    """

    def __init__(self, grouping: Grouping) -> None:
        super().__init__()
        self.grouping = grouping
        self.groups: dict[Place, list[Any]] = {}

    def __missing__(self, key: Any) -> Any:
        place = collate(key)
        group = self.grouping.group(place)
        values = _NOWHERE if group is None else self.groups.setdefault(group, [])
        if not ambiguous(place):
            self[key] = values
        return values


def partials(reading: Reading[Any], grouping: Grouping, reducer: Reducer[Any, Any, Any]) -> dict[Place, Any]:
    """One partial a group. Memory is bounded by these and one batch, however much is read."""
    result: dict[Place, Any] = {}
    while not reading.done:
        # A batch of less than the groups would fold most values by themselves.
        size = max(BATCH, 4 * len(result))
        for place, values in _batch(reading, grouping, size).items():
            partial = reduced(place, reducer.fold, values)
            if place in result:
                partial = reduced(place, reducer.merge, result[place], partial)
            result[place] = partial
    return result


def reduced(place: Place, step: Callable[..., T], *arguments: Any) -> T:
    """``step`` of a reducer on the group at ``place``.

    Raises an error that names the group if ``step`` fails: InvalidQuery for a reducer that depends on
    batches, QueryFailed for anything else.
    """
    try:
        return step(*arguments)
    except MemoryError:
        raise
    except Unsplittable as problem:
        raise InvalidQuery(f"reduce failed for {shown(place)!r}: {problem}") from problem.__cause__
    except Exception as problem:
        raise QueryFailed(f"reduce failed for {shown(place)!r}: {reason(problem)}") from problem


def _batch(reading: Reading[Any], grouping: Grouping, size: int) -> dict[Place, list[Any]]:
    batch, key = Batch(grouping), None
    try:
        for key, value in islice(reading.pairs, size):
            batch[key].append(value)
    except MemoryError:
        raise
    except Exception as problem:
        if reading.key is None:  # the store failed, and its error says more
            raise
        raise reading.failure(problem, key) from problem
    return batch.groups
