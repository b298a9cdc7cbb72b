"""A store on a Redis or Valkey server."""

import os
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, cast

from holdall.adapters._shared.expiring import ExpiringStore
from holdall.adapters._shared.servers import (
    Part,
    after,
    check_wait,
    cut_page,
    fresh_tag,
    login,
    parts_of,
    unpicklable,
)
from holdall.adapters._shared.space import Space
from holdall.adapters._shared.totals import totals
from holdall.adapters.redis import scripts
from holdall.adapters.redis.feed import Feed
from holdall.adapters.redis.link import Link, lexical
from holdall.adapters.redis.scripts import Write
from holdall.address import Address
from holdall.batches import ROOM, read_pages, split_keys, split_pairs, to_bytes_within
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import Corrupt, InvalidAddress
from holdall.handles import PerProcess
from holdall.keys import RESERVED, Foreign, Span, check_key
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Feature,
    Missing,
    Operation,
    Put,
    Tag,
    Tagged,
    conflict,
)

_LARGEST = 512 * 2**20  # bytes: "Strings" in the Redis documentation
_LOOKUPS = 128
_SILENCE = 10  # seconds without a message, after which a watch looks, and subscribes again


class Redis(ExpiringStore):
    """The store named ``prefix`` in database ``db`` of the server at ``host``; values up to 512 MiB.

    Pass the password as ``password``, or better, set the variable REDISCLI_AUTH: a store that was given
    ``password`` cannot be pickled. ``tls`` encrypts the connection and checks the server's name and
    certificate. The certificate must be signed by an authority that the system trusts or, if ``ca`` names a
    file of certificates, by an authority in that file. ``ca`` turns on ``tls``. Each wait for the server
    takes ``timeout`` seconds at most; after that the store raises Unavailable. No command is sent twice.
    `watch` waits for messages that each write sends, on a connection of its own.

    An operation takes one request, and a scan or batch one for each thousand keys or MiB of values; every few
    hundred writes take one more. Each batch of `set_many` and `delete_many` is written wholly or not at all.
    If the layer `Expires` is above this store, each write of a value also deletes up to five expired ones. When a
    write returns, the server has it; whether it is on the server's disk depends on the server's
    ``appendonly`` and ``appendfsync``. If the server may evict keys (a ``maxmemory-policy`` other than
    ``noeviction``), the store promises nothing. Clusters are not supported.

    >>> Redis("cache.example", 2, prefix="books")
    Redis('cache.example', 2, prefix='books')
    """

    def __init__(
        self,
        host: str = "localhost",
        db: int = 0,
        *,
        port: int = 6379,
        user: str | None = None,
        password: str | None = None,
        tls: bool = False,
        ca: str | None = None,
        prefix: str = "holdall",
        timeout: float = 10,
    ) -> None:
        check_wait("redis", timeout)
        if not prefix:
            raise InvalidAddress("redis: the prefix is empty; leave it out, or give a name")
        self._password = password
        secured = {"ssl": True, "ssl_ca_certs": ca} if tls or ca is not None else {}
        self._link = Link(
            prefix, db=db, host=host, port=port, username=user, timeout=timeout,
            password=password or os.environ.get("REDISCLI_AUTH"), **secured,
        )  # fmt: skip
        self._feed = Feed(self, self._link)
        self._bell = PerProcess(Bell)

    @classmethod
    def from_address(cls, address: Address) -> "Redis":
        """``redis://user:password@host:port/db?prefix=&timeout=``; ``rediss://`` with TLS, and ``ca=``."""
        known: dict[str, Any] = {"prefix": str, "timeout": float, "password": str}
        tls: dict[str, Any] = {"tls": True} if address.scheme == "rediss" else {}
        options = address.options(**known, **({"ca": str} if tls else {}))
        number = address.path.strip("/") or "0"
        if not (number.isascii() and number.isdigit()):
            raise InvalidAddress(
                f"{address.scheme}: the database is not a number; write {address.scheme}://host/0, "
                "and a name as ?prefix="
            )
        return cls(**{"db": int(number), **login(address), **tls, **options})

    @property
    def features(self) -> Feature:
        return super().features | Feature.CHANGES | Feature.RANGES

    # ---- One key ---------------------------------------------------------------------------------

    def _find(self, key: str, /) -> bytes | Missing:
        check_key(key)
        value = self._link.command("HGET", self._link.values, key, about=key)
        return MISSING if value is None else value

    def __contains__(self, key: object, /) -> bool:
        check_key(cast(str, key))  # raises TypeError if it is not a str
        return bool(self._link.command("HEXISTS", self._link.values, cast(str, key)))

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        part = ByteRange.of(start, length).up_to(_LARGEST)
        value: bytes | None = self._link.run(scripts.READ, key, *part, about=key)
        if value is None:
            raise KeyError(key)
        return value

    def size(self, key: str, /) -> int:
        check_key(key)
        size: int = self._link.command("HSTRLEN", self._link.values, key, about=key)
        if not size and key not in self:  # the answer for a missing key is 0, too
            raise KeyError(key)
        return size

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._write(scripts.PUT, fresh_tag(), key, to_bytes_within(key, value, _LARGEST), about=key)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        if self._write(scripts.DROP, key, about=key) == scripts.REFUSED:
            raise KeyError(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._write(scripts.DROP, key, about=key)

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self._scan("keys", prefix, start, stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        pages = self._pages("keys", Span.of(prefix, start, stop))
        return (name for page in pages for name, _ in page)

    def get_foreign(self, name: Foreign, /) -> bytes:
        value: bytes | None = self._link.command("HGET", self._link.values, name.stored)
        if value is None:
            raise KeyError(name)
        return value

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return ((key, _require_value(key, value)) for key, value in self._scan("values", prefix, start, stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        found = self._scan("tags", prefix, start, stop)
        return ((key, Tag(_require_value(key, tag).decode())) for key, tag in found)

    def _scan(self, what: str, prefix: str, start: str, stop: str | None) -> Iterator[Any]:
        rows = chain.from_iterable(self._pages(what, Span.of(prefix, start, stop)))
        return (row for row in rows if type(row[0]) is not Foreign)

    def _pages(self, what: str, span: Span) -> Iterator[list[Any]]:
        def read(low: str, size: int) -> tuple[list[Any], str | None]:
            page, more = self._link.page(what, low, span.high, size)
            return cut_page(page, hides=span.hides, more=more)

        return read_pages(read, span.low)

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split_keys(keys, _LOOKUPS):
            while batch:
                found = self._link.run(scripts.LOOK_UP, ROOM, *batch)
                pairs = zip(batch, found, strict=False)  # the next request asks for the keys that had no room
                yield from ((str(key), value) for key, value in pairs if value is not None)
                batch = batch[len(found) :]

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in map(dict, split_pairs(items, most=_LARGEST)):
            words: Iterable[str | bytes] = chain.from_iterable(batch.items())
            self._write(scripts.PUT_MANY, fresh_tag(), *words)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            self._write(scripts.DROP_MANY, *batch)

    def delete_prefix(self, prefix: str, /) -> None:
        span = Span.of(prefix)
        low = None if span.empty else span.low
        hidden = f"/{RESERVED}/" if span.hides else "//"  # no key has an empty segment
        while low is not None:
            last = self._write(scripts.DROP_RANGE, *lexical(low, span.high), hidden)
            low = after(last.decode(errors="surrogateescape")) if isinstance(last, bytes) else None

    # ---- Compare-and-swap ------------------------------------------------------------------------

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        value, tag = self._link.both(key)
        if value is None:
            raise KeyError(key)
        return Tagged(value, Tag(_require_value(key, tag).decode()))

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        tag = self._link.command("HGET", self._link.tags, key, about=key)
        return ABSENT if tag is None else Tag(tag.decode())

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        tag = fresh_tag()
        value = to_bytes_within(key, value, _LARGEST)
        if self._write(scripts.SWAP, tag, key, value, expected, about=key) == scripts.REFUSED:
            raise conflict(key)
        return tag

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if self._write(scripts.REMOVE, key, expected, about=key) == scripts.REFUSED:
            raise conflict(key)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        steps = chain.from_iterable(_steps(*pair) for pair in parts_of(changes, _LARGEST).items())
        result = self._write(scripts.TRANSACT, fresh_tag(), *steps)
        if isinstance(result, bytes):
            raise conflict(result.decode())

    def _write(self, script: Write, *args: str | bytes, about: str | None = None) -> Any:
        """Run ``script`` on the server. Through a view of `_expiring`, the value gets its deadline."""
        if self._deadline is None:
            return self._link.write(script, *args, about=about)
        return self._link.write(script.expiring, self._last_second or "", *args, about=about)

    # ---- Changes ---------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        return self._feed.changes(since, Span.of(prefix, "", None))

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        feed = partial(self.changes, prefix=prefix)
        with self._link.subscribe() as subscription:
            return self._bell().watch(feed, since, timeout, _SILENCE, event=subscription)

    # ---- The store itself ------------------------------------------------------------------------

    def info(self) -> dict[str, str]:
        return self._link.info() | totals(self._link.count())

    def _space(self) -> Space:
        return self._link.space()

    def close(self) -> None:
        self._bell().close()
        self._link.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._password:
            raise unpicklable("REDISCLI_AUTH")
        return super().__reduce__()


def _steps(key: str, part: Part) -> Iterator[str | bytes]:
    if part.expected is not None:
        yield from ("expect", key, part.expected)
    if isinstance(part.change, Put):
        yield from ("put", key, part.change.value)
    elif part.change is not None:
        yield from ("delete", key, "")


def _require_value(key: str, value: bytes | None) -> bytes:
    if value is None:
        raise Corrupt(
            f"{key!r} is listed, but has no value: the server evicted or lost a part of it", key=key
        )
    return value
