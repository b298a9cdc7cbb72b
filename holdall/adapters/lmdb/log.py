"""The log of changes in an LMDB environment: the keys that each transaction wrote or deleted.

    entry = %x00 "c" number => tick entries keys    of one transaction
    epoch = %x00 "e" number => changes name         numbered from 1; the last 10,000
    number, entries, changes = 8 bytes, big-endian
    keys  = key *( %x00 key )
    name  = 16 bytes                                random

The number of an entry counts all changes that the log ever recorded up to it, and ``entries`` counts the entries,
so the log knows its length without being read. It keeps the last 100,000 changes, or as many as the environment
has keys if it has more: a reader that missed more than that reads all keys at the same cost. If the size of the map
is limited, it keeps at most one change for each 2 KiB of the map, so that the log does not fill it.

Each process begins an epoch before its first write; ``changes`` is the number of the last entry at that time.
An environment that was restored from a backup therefore has other epochs than the lost one had.
"""

import os
from struct import Struct
from typing import NamedTuple, TypeAlias

from holdall.extras import needs

with needs("lmdb"):
    import lmdb

Txn: TypeAlias = "lmdb.Transaction[memoryview]"
Cursor: TypeAlias = "lmdb.Cursor[memoryview]"

RECORDED, EPOCHS = 100_000, 10_000
"""The fewest changes that the log goes back, and the number of the last epochs that it keeps."""

HIGHEST = 2**63
"""No store makes so many changes, so a higher number is damage."""

TRIMMED = 64
"""The log is trimmed each time when it has recorded so many entries; this removes up to twice as many."""

_ENTRY, _EPOCH = b"\0c", b"\0e"
_NUMBER = 8
_pack = Struct(">Q").pack
_KEYS = 2 * _NUMBER  # where the keys of an entry begin


class Log:
    """The end of the log: how many changes it has recorded so far, and in how many entries."""

    __slots__ = ("changes", "entries")

    def __init__(self, changes: int = 0, entries: int = 0) -> None:
        self.changes = changes
        self.entries = entries

    def append(self, txn: Txn, tick: bytes, keys: list[bytes]) -> None:
        """Record that the transaction with the tick ``tick`` changed ``keys``."""
        self.changes += len(keys)
        self.entries += 1
        txn.put(_ENTRY + _pack(self.changes), tick + _pack(self.entries) + b"\0".join(keys))

    def trim(self, txn: Txn, total: int, most: int) -> None:
        """Remove the oldest entries if the log is too long, or if it has more than ``most`` changes.

        The environment holds ``total`` entries of all kinds.
        """
        with txn.cursor() as cursor:
            found = cursor.set_range(_ENTRY)
            for _ in range(2 * TRIMMED):
                oldest = _log_at(cursor) if found else None
                if oldest is None:
                    return
                keys = total - (self.entries - oldest.entries + 1)
                if self.changes - oldest.changes < min(max(RECORDED, keys), most):
                    return
                found = cursor.delete()  # and move to the next entry


class Entry(NamedTuple):
    """An entry of the log. ``changes`` is the number of its last change."""

    changes: int
    tick: bytes
    keys: list[bytes]

    @property
    def before(self) -> int:
        """The number of changes before this entry."""
        return self.changes - len(self.keys)


class Epoch(NamedTuple):
    """A part of the life of the environment. ``changes`` is the number of changes when it began."""

    number: int
    name: str
    changes: int


def begin_epoch(txn: Txn, changes: int, *, first: bool) -> None:
    """Begin an epoch after so many changes. If it is the ``first`` one of this log, forget all others."""
    newest = find_epoch(txn)
    number = newest.number + 1 if newest else 1
    with txn.cursor() as cursor:
        while cursor.set_range(_EPOCH) and (oldest := _epoch_at(cursor)):
            if not first and oldest.number > number - EPOCHS:
                break
            cursor.delete()
    txn.put(_EPOCH + _pack(number), _pack(changes) + os.urandom(16))


def find_log(txn: Txn) -> Log:
    """Return the end of the log."""
    with txn.cursor() as cursor:
        last = _log_at(cursor) if _seek_last(cursor, _ENTRY) else None
        return last or Log()


def find_start(txn: Txn) -> int:
    """Return the number of changes that the log no longer holds."""
    first = find_entry(txn, 0)
    return first.before if first else 0


def find_entry(txn: Txn, changes: int) -> Entry | None:
    """Return the first entry after the first ``changes`` changes, or None if there is none."""
    with txn.cursor() as cursor:
        return _entry_at(cursor) if cursor.set_range(_ENTRY + _pack(changes + 1)) else None


def find_epoch(txn: Txn, number: int | None = None) -> Epoch | None:
    """Return the epoch with this number, or the newest one, or None if there is none."""
    with txn.cursor() as cursor:
        if number is None:
            return _epoch_at(cursor) if _seek_last(cursor, _EPOCH) else None
        return _epoch_at(cursor) if cursor.set_key(_EPOCH + _pack(number)) else None


def _seek_last(cursor: Cursor, kind: bytes) -> bool:
    return cursor.prev() if cursor.set_range(_after(kind)) else cursor.last()


def _after(kind: bytes) -> bytes:
    return kind[:-1] + bytes([kind[-1] + 1])


def _log_at(cursor: Cursor) -> Log | None:
    """Return the end of the log as it was after the entry at the cursor, or None if there is no entry."""
    name = bytes(cursor.key())
    if not name.startswith(_ENTRY):
        return None
    return Log(_unpack(name[2:]), _unpack(bytes(cursor.value()[_NUMBER:_KEYS])))


def _entry_at(cursor: Cursor) -> Entry | None:
    name, value = bytes(cursor.key()), bytes(cursor.value())
    if not name.startswith(_ENTRY):
        return None
    return Entry(_unpack(name[2:]), value[:_NUMBER], value[_KEYS:].split(b"\0"))


def _epoch_at(cursor: Cursor) -> Epoch | None:
    name, value = bytes(cursor.key()), bytes(cursor.value())
    if not name.startswith(_EPOCH):
        return None
    return Epoch(_unpack(name[2:]), value[_NUMBER:].hex(), _unpack(value))


def _unpack(coded: bytes) -> int:
    return int.from_bytes(coded[:_NUMBER], "big")
