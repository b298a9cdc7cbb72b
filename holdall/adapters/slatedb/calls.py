"""The calls of a store to an open SlateDB database, which run on the event loop."""

import asyncio
from collections.abc import Iterable

from slatedb.uniffi import (
    Db,
    DbBuilder,
    DbTransaction,
    DurabilityLevel,
    Error,
    IsolationLevel,
    KeyRange,
    KeyValue,
    ObjectStore,
    ScanOptions,
    Settings,
    WriteBatch,
)

from holdall.batches import ROOM
from holdall.store import ABSENT, Delete, Put, Tag, conflict

_STEP = 16  # rows taken from SlateDB at once, between two checks of their size
_RETRIES = 4  # of a request to the object store: about two seconds
_AHEAD = ScanOptions(
    durability_filter=DurabilityLevel.MEMORY,
    dirty=False,
    read_ahead_bytes=ROOM,
    cache_blocks=True,
    max_fetch_tasks=4,
)


async def open_database(root: str, path: str, flush_interval: float) -> Db:
    """Open the database at ``path`` of the object store ``root``. Create it if it is missing."""
    settings = Settings.default()
    settings.set("flush_interval", f'"{flush_interval * 1000:.0f}ms"')
    settings.set("object_store_max_retries", str(_RETRIES))  # the default hides failures by endless retries
    builder = DbBuilder(path, ObjectStore.resolve(root))
    builder.with_settings(settings)
    return await builder.build()


def tag_of(row: KeyValue | None) -> Tag:
    """Return the sequence number of ``row``, or ABSENT. Each write has a greater number than the last."""
    return ABSENT if row is None else Tag(str(row.seq))


async def write(db: Db, changes: Iterable[Put[bytes] | Delete]) -> None:
    """Apply ``changes`` together, durably."""
    batch = WriteBatch()
    for change in changes:
        if isinstance(change, Put):
            batch.put(change.key.encode(), change.value)
        else:
            batch.delete(change.key.encode())
    await (await db.write(batch)).await_durable()


async def rows(db: Db, keys: list[str]) -> list[KeyValue | None]:
    """Look up ``keys`` at the same time. Return the row of each key, or None if the key is missing."""
    found: list[KeyValue | None] = await asyncio.gather(*(db.get_key_value(key.encode()) for key in keys))
    return found


async def page(db: Db, low: bytes, high: bytes | None, size: int) -> list[KeyValue]:
    """Return up to ``size`` rows in order, fewer if they are large. An empty list means the end."""
    between = KeyRange(start=low, start_inclusive=True, end=high, end_inclusive=False)
    iterator = await db.scan_with_options(between, _AHEAD)
    found: list[KeyValue] = []
    room = ROOM
    while room > 0 and len(found) < size:
        more = await iterator.next_batch(min(_STEP, size - len(found)))
        if not more:
            break
        found += more
        room -= sum(len(row.value) for row in more)
    return found


async def transact(db: Db, before: dict[str, Tag], after: dict[str, bytes | None]) -> Tag | None:
    """Write the values of ``after`` in one transaction, and return their tag. None as a value deletes the key.

    Returns ABSENT if it had nothing to write, and None if it wrote nothing because of another writer. Raises
    Conflict if a key does not have its tag in ``before``.
    """
    transaction = await db.begin(IsolationLevel.SERIALIZABLE_SNAPSHOT)
    try:
        await _check(transaction, before)
        await _apply(transaction, after)
    except BaseException:
        await transaction.rollback()
        raise
    try:
        written = await transaction.commit()
    except Error.Transaction:
        return None
    if written is None:  # there was nothing to write
        return ABSENT
    await written.await_durable()
    return Tag(str(written.seqnum()))


async def _check(transaction: DbTransaction, before: dict[str, Tag]) -> None:
    for key, tag in before.items():
        if tag_of(await transaction.get_key_value(key.encode())) != tag:
            raise conflict(key)


async def _apply(transaction: DbTransaction, after: dict[str, bytes | None]) -> None:
    for key, value in after.items():
        if value is None:
            await transaction.delete(key.encode())
        else:
            await transaction.put(key.encode(), value)
