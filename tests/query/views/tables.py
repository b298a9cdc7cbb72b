"""Every kind of table, each over a new store, and what tests read of a table."""

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from holdall import Feature, File, Memory, SQLite, Store
from holdall.prefixed import Raw
from holdall.query.views.rows import RowTable
from holdall.query.views.segments import SegmentTable
from holdall.query.views.table import Table
from tests.faults.requests import Hooked, Hooks
from tests.soak import SOAK

Changes = Mapping[str, bytes | None]
State = tuple[bytes | None, dict[str, bytes]]

PART = ".holdall/views/test/"
NAMES = [f"{letter}{number}" for letter in "dgm" for number in range(8)]
OTHERS = ["x", "0123456789abcdefghijklmn.z"]


class SwapOnly(Memory):
    """A memory as S3 is: it swaps one key, and does not change several at once."""

    @property
    def features(self) -> Feature:
        return super().features & ~Feature.ATOMIC


class Kind(NamedTuple):
    """A kind of table: makes one in a part of a store, and makes such a store in a folder."""

    make: Callable[[Store[bytes]], Table]
    store: Callable[[Path], Store[bytes]]

    def table(self, store: Store[bytes], hooks: Hooks | None = None) -> Table:
        """Return a new instance of the table in ``store``. Its requests call ``hooks``."""
        below = store if hooks is None else Hooked(store, hooks)
        return self.make(Raw(below, PART))


KINDS = {
    "rows-memory": Kind(RowTable, lambda folder: Memory()),
    "rows-sqlite": Kind(RowTable, lambda folder: SQLite(folder / "rows.db", durability="os")),
    "segments-memory": Kind(SegmentTable, lambda folder: SwapOnly()),
    "segments-file": Kind(SegmentTable, lambda folder: File(folder / "files", durability="os")),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
_few = KINDS if SOAK else dict(islice(KINDS.items(), 1, 3))
each_way = pytest.mark.parametrize("kind", _few.values(), ids=_few)
"""Rows and segments; in a long run, every kind."""


def state(table: Table) -> State:
    """Return the head of ``table``, and the values of all names that tests use."""
    head = table.head()
    return (head.data if head else None), table.get_many([*NAMES, *OTHERS])


def commit(table: Table, changes: Changes, data: bytes) -> None:
    """Commit against the newest head."""
    table.commit(changes, data, table.head())


def applied(held: Mapping[str, bytes], changes: Changes) -> dict[str, bytes]:
    """Return what ``held`` is after ``changes``."""
    return {name: value for name, value in {**held, **changes}.items() if value is not None}
