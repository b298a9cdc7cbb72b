"""A store in SlateDB: a log-structured merge tree (LSM) whose files are in a bucket or a folder."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import replace
from itertools import chain, starmap
from typing import Any, NoReturn, TypeVar

from holdall.adapters._shared.servers import check_wait
from holdall.adapters._shared.transactional import TRANSACTIONS
from holdall.address import Address
from holdall.batches import read_pages, split_keys, split_pairs, split_transaction
from holdall.errors import Conflict, HoldallError, InvalidAddress
from holdall.extras import needs
from holdall.keys import Foreign, Span, check_key, to_name
from holdall.store import (
    ABSENT,
    ATTEMPTS,
    MISSING,
    Delete,
    Expect,
    Feature,
    Operation,
    Put,
    Store,
    Tag,
    Tagged,
    conflict,
    pause,
)

with needs("slatedb"):
    from slatedb.uniffi import Db, KeyValue

from holdall.adapters.slatedb import calls as calls
from holdall.adapters.slatedb.errors import Failure, translate
from holdall.adapters.slatedb.loop import LOOP

T = TypeVar("T")

# SlateDB encodes any other character in a path, twice for some of its files and once for others.
_portable = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_. -]*(?:/[A-Za-z0-9_-][A-Za-z0-9_. -]*)*").fullmatch
_MOST = 2**31 - 1  # bytes of a value: UniFFI, the library's bridge to Python, passes lengths as int32
_LOOKUPS = 128  # keys looked up at once


class SlateDB(Store[bytes]):
    """The database at ``url``, ``"file:///folder"`` or ``"s3://bucket/prefix"``. Experimental.

    A scan of many small values reads files that hold many rows each, instead of one object per value.
    ``flush_interval``: the seconds for which SlateDB collects writes before it sends them to the object store
    together. So a single write takes about that long and costs one request. ``timeout``: the seconds to wait
    for any answer; then the store raises Unavailable.

    Only one process at a time can use the database. The first operation, even a read, opens the database
    and takes it from the process that had it open. The next write of that process raises Fenced, and this
    write may or may not be kept; until then, that process may read old data. So the store is not SHARED and
    cannot be pickled, and a child that was forked after SlateDB was used raises Unsupported. Access to a
    bucket is configured by environment variables (``AWS_ACCESS_KEY_ID``, ``AWS_REGION``,
    ``AWS_ENDPOINT_URL``, ``AWS_ALLOW_HTTP`` …), not by profiles. In a folder, a write that returned is with
    the operating system: it survives the end of the process, but perhaps not a power failure.

    Tags are sequence numbers of the database. A scan reads one page at a time and holds nothing in between.
    The store does not promise to notice damage to one of its files.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, SlateDB(f"file://{folder}/books") as store:
    ...     tag = store.swap("counter", b"1", ABSENT)
    ...     store.get_tagged("counter") == (b"1", tag)
    True
    """

    def __init__(self, url: str, *, flush_interval: float = 0.1, timeout: float = 30) -> None:
        address = Address.parse(url)
        address.options()
        self._root, self._path = f"{address.scheme}://{address.host}/", address.path.strip("/")
        host = {"file": False, "s3": True}.get(address.scheme)
        more = address.userinfo or address.port is not None or not address.slashes
        if host != bool(address.host) or more or not _portable(self._path):
            raise InvalidAddress(
                f"slatedb: {address} names no place; write file:///folder or s3://bucket/prefix, "
                "of letters, digits, '_', '-', '.' and spaces; credentials and endpoint are named in the "
                "environment (AWS_ACCESS_KEY_ID …)"
            )
        check_wait("slatedb", timeout)
        if not 0.001 <= flush_interval <= 60:
            raise InvalidAddress("slatedb: flush_interval is not a number of seconds from 0.001 to 60")
        self._url = url
        self._flush_interval = flush_interval
        self._timeout = timeout
        self._db: asyncio.Future[Db] | None = None  # changed only by the loop's thread

    @classmethod
    def from_address(cls, address: Address) -> "SlateDB":
        options = address.options(flush_interval=float, timeout=float)
        return cls(str(replace(address, scheme=address.transport, params={})), **options)

    @property
    def features(self) -> Feature:
        return TRANSACTIONS | Feature.DURABLE

    # ---- One key ---------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        return self.get_tagged(key).value

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self.set_many([(key, value)])

    def __delitem__(self, key: str, /) -> None:
        if self._take(key) is MISSING:
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        self.delete_many([key])

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self._scan(prefix, start, stop))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return ((key, row.value) for key, row in self._scan(prefix, start, stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return ((key, calls.tag_of(row)) for key, row in self._scan(prefix, start, stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (name for name, _ in self._rows(Span.of(prefix, start, stop)))

    def get_foreign(self, name: Foreign, /) -> bytes:
        row = self._run(lambda db: db.get_key_value(name.stored))
        if row is None:
            raise KeyError(name)
        return bytes(row.value)

    def _scan(self, prefix: str, start: str, stop: str | None) -> Iterator[tuple[str, KeyValue]]:
        span = Span.of(prefix, start, stop)
        return ((name, row) for name, row in self._rows(span) if type(name) is not Foreign)

    def _rows(self, span: Span) -> Iterator[tuple[str, KeyValue]]:
        """Yield the rows of ``span`` with their names; foreign ones too."""
        rows = chain.from_iterable(self._pages(span))
        return ((name, row) for row in rows if span.shows(name := to_name(row.key)))

    def _pages(self, span: Span) -> Iterator[list[KeyValue]]:
        high = None if span.high is None else span.high.encode()

        def read(low: bytes, size: int) -> tuple[list[KeyValue], bytes | None]:
            if high is not None and low >= high:
                return [], None
            page = self._run(lambda db: calls.page(db, low, high, size))
            return page, page[-1].key + b"\0" if page else None

        return read_pages(read, span.low.encode())

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split_keys(keys, _LOOKUPS):
            rows = self._run(lambda db, batch=batch: calls.rows(db, batch))  # type: ignore[misc]
            yield from ((key, row.value) for key, row in zip(batch, rows, strict=True) if row is not None)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for pairs in split_pairs(items, most=_MOST):
            puts = list(starmap(Put, pairs))
            self._run(lambda db, puts=puts: calls.write(db, puts))  # type: ignore[misc]

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            deletes = list(map(Delete, batch))
            self._run(lambda db, deletes=deletes: calls.write(db, deletes))  # type: ignore[misc]

    # ---- Compare-and-swap ------------------------------------------------------------------------

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        return Tagged(row.value, calls.tag_of(row))

    def tag(self, key: str, /) -> Tag:
        return calls.tag_of(self._row(key))

    def _row(self, key: str) -> KeyValue | None:
        check_key(key)
        return self._run(lambda db: db.get_key_value(key.encode()))

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        return self._commit([Expect(key, expected), Put(key, value)])

    def remove(self, key: str, /, expected: Tag) -> None:
        if expected == ABSENT:
            check_key(key)
            raise conflict(key)
        self._commit([Expect(key, expected), Delete(key)])

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        self._commit(changes)

    def _commit(self, changes: Iterable[Operation[bytes]]) -> Tag:
        """Apply ``changes``, and return the tag of the values that they wrote."""
        before, after = split_transaction(changes, _MOST)
        for attempt in range(ATTEMPTS):
            tag = self._run(lambda db: calls.transact(db, before, after))
            if tag is not None:
                return tag
            time.sleep(pause(attempt))
        raise Conflict(f"{self._url} changed {ATTEMPTS} times during a transaction; try again")

    # ---- The database ----------------------------------------------------------------------------

    def _run(self, work: Callable[[Db], Coroutine[Any, Any, T]]) -> T:
        """Run ``work`` on the open database and return its result, with errors translated."""
        try:
            return LOOP.run(lambda: self._with(work), self._url, self._timeout)
        except Failure as error:
            raise translate(error, self._url) from error

    async def _with(self, work: Callable[[Db], Coroutine[Any, Any, T]]) -> T:
        if self._db is None:
            self._db = asyncio.ensure_future(
                calls.open_database(self._root, self._path, self._flush_interval)
            )
        opening = self._db
        try:
            db = await asyncio.shield(opening)  # a caller that stops waiting does not cancel it
        except Failure:
            if self._db is opening:
                self._db = None
            raise
        return await work(db)

    def close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(HoldallError):  # all writes are stored; only a clean end is missing
                self._run(self._shut)

    async def _shut(self, db: Db) -> None:
        self._db = None
        await db.shutdown()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a SlateDB store cannot be pickled: the process that opens it would take it over from this one; "
            "open it in one process"
        )
