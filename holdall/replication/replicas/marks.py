"""Marks: numbers that tell whether a replica has everything that was written before a moment.

    mark = JSON object: "origin": 32HEXDIG, "count": number

`advance` counts on at the primary. A delivery reads the mark of the primary first, then delivers, and then writes
this mark at the replica. So a replica whose count is not lower has everything from before `advance` returned.
The origin is random, and it changes when a replica is promoted.
"""

from typing import Any, Final
from uuid import uuid4

from holdall.changes import Position
from holdall.errors import Conflict, InvalidPosition
from holdall.replication.replicas.records import damaged, dump, load, records
from holdall.store import ABSENT, ATTEMPTS, Store, Tag, conflict

_NAME: Final = "mark"


def read_mark(store: Store[Any]) -> Position | None:
    """Return the mark of ``store``, or None if it has none."""
    data = records(store).get(_NAME)
    return None if data is None else _parse(store, data)


def write_mark(store: Store[Any], mark: Position) -> None:
    """Replace the mark of ``store``."""
    records(store)[_NAME] = dump(origin=mark.origin, count=mark.numbers[0])


def new_mark() -> Position:
    """Return the first mark of a new origin."""
    return Position(uuid4().hex, (0,))


def advance(store: Store[Any]) -> Position:
    """Count on at ``store``, and return the new mark. Needs SWAP."""
    raw = records(store)
    for _ in range(ATTEMPTS):
        before, tag = _get(store, raw)
        after = before._replace(numbers=(before.numbers[0] + 1,))
        try:
            raw.swap(_NAME, dump(origin=after.origin, count=after.numbers[0]), tag)
        except Conflict:
            continue
        return after
    raise conflict(_NAME)


def covers(mark: Position | None, wanted: Position) -> bool:
    """Return whether a store with ``mark`` has everything from before ``wanted``.

    >>> covers(Position("a", (2,)), Position("a", (1,))), covers(Position("b", (2,)), Position("a", (1,)))
    (True, False)
    """
    return mark is not None and mark.origin == wanted.origin and mark.numbers >= wanted.numbers


def _get(store: Store[Any], raw: Store[bytes]) -> tuple[Position, Tag]:
    try:
        data, tag = raw.get_tagged(_NAME)
    except KeyError:
        return new_mark(), ABSENT
    return _parse(store, data), tag


def _parse(store: Store[Any], data: bytes) -> Position:
    read = load(store, _NAME, data)
    try:
        return Position.parse(f"{read.get('origin')}.{read.get('count')}")
    except InvalidPosition as error:
        raise damaged(store, _NAME) from error
