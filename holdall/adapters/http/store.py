"""A store that an HTTP service serves."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from typing import IO, Any, Final, cast

from holdall.adapters._shared.etags import etag, unescape_tag
from holdall.adapters._shared.servers import check_wait
from holdall.adapters._shared.service import WAIT
from holdall.adapters.http import batches, erasing, feed, parts, past
from holdall.adapters.http.answer import Answer
from holdall.adapters.http.batches import code_delete, code_get, code_put, split_coded
from holdall.adapters.http.connector import Upload
from holdall.adapters.http.feed import LongPoll
from holdall.adapters.http.link import Link
from holdall.adapters.http.listing import read_listing
from holdall.adapters.http.place import Place
from holdall.adapters.http.service import Service
from holdall.adapters.http.streams import Spooled, open_to_read
from holdall.adapters.http.token import Source
from holdall.adapters.http.values import Item
from holdall.address import Address
from holdall.batches import split_keys, split_pairs, split_transaction, to_bytes_within
from holdall.bell import Bell
from holdall.changes import Changes
from holdall.errors import InvalidAddress, Unsupported
from holdall.files import ValueWriter, is_to_write
from holdall.handles import PerProcess
from holdall.history import Revision, require_moment
from holdall.keys import KEY_BYTES, RawKey, Span, check_key, is_reserved
from holdall.prefixed import Raw
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Feature,
    Missing,
    Operation,
    Store,
    Tag,
    Tagged,
    conflict,
    to_bytes,
    unsupported,
)

_LOOKUPS: Final = 250  # keys
_SMALL: Final = 1 << 16  # bytes of a value that every service takes


class HTTP(Store[bytes]):
    """The store at ``url``, which is served by `holdall serve` or `holdall.server.app`.

    Values are the bytes that the service sends: the JSON text of a document, the UTF-8 of a text, or the bytes
    themselves. So ``Json(HTTP(url))`` works with a service of documents, and with one of bytes.

    ``token`` names the source of a bearer token: ``env:NAME``, ``file:PATH``, or a function that returns it. A
    token is only sent to this machine or over https. ``ca`` names a file of certificates, one of which must have
    signed the certificate of the service, instead of those that this system trusts. Each wait for the service
    takes ``timeout`` seconds at most. After a failure that may pass, a request is sent again up to ``retries``
    times; the service recognises a write that it has carried out already. Redirects are not followed.

    A pickle contains the name of the source of the token, and not the token.

    >>> HTTP("http://127.0.0.1:8080/v1/notes")
    HTTP('http://127.0.0.1:8080/v1/notes')
    """

    def __init__(
        self,
        url: str,
        *,
        token: Source | None = None,
        ca: str | None = None,
        timeout: float = 10,
        retries: int = 2,
    ) -> None:
        check_wait("http", timeout)
        if retries < 0:
            raise InvalidAddress("http: retries must be 0 or more")
        place = Place.of(Address.parse(url))
        if ca is not None and place.scheme == "http":
            raise InvalidAddress("http: ca has no effect without encryption; write https://")
        self._link = Link(place, token=token, ca=ca, timeout=timeout, retries=retries)
        self._service = PerProcess(lambda: Service(self._link))
        self._bell = PerProcess(Bell)

    @classmethod
    def from_address(cls, address: Address) -> "HTTP":
        """``http://host:port/v1/name?token=&timeout=&retries=``; ``https://`` with TLS, and ``ca=``."""
        known: dict[str, Any] = {"token": str, "timeout": float, "retries": int}
        options = address.options(**known, **({"ca": str} if address.scheme == "https" else {}))
        return cls(Place.of(address).url, **options)

    @property
    def features(self) -> Feature:
        found = self._service().features | Feature.RANGES
        return found if Feature.TAGS in found else found & ~Feature.STREAMS

    # ---- Reserved keys ---------------------------------------------------------------------------

    @cached_property
    def _raw(self) -> "HTTP":
        """The same store as the service shows it with its reserved keys."""
        raw = self._link.place.raw
        return self if raw == self._link.place else HTTP(raw.url, **self._made_with[1])

    def _with(self, key: str) -> "HTTP":
        """Return the store that has ``key``: this one, or `_raw` if only raw stores have such keys."""
        check_key(key)
        if type(key) is RawKey and (is_reserved(key) or len(key.encode()) > KEY_BYTES):
            return self._raw
        return self

    def _with_all(self, keys: Iterable[str]) -> "HTTP":
        return next((face for face in map(self._with, keys) if face is not self), self)

    def raw(self, prefix: str = "") -> Store[bytes]:
        return Raw(self._raw, prefix)

    # ---- One key ---------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        return self._with(key)._read(key).value(self._link.place.url)

    def _find(self, key: str, /) -> bytes | Missing:
        try:
            return self[key]
        except KeyError:
            return MISSING

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        answer = self._with(key)._read(key)
        return Tagged(answer.value(self._link.place.url), self._require_tag(answer.tag))

    def __contains__(self, key: object, /) -> bool:
        key = cast(str, key)
        try:
            self._with(key)._read(key, If_None_Match="*")  # raises TypeError if it is not a str
        except KeyError:
            return False
        return True

    def tag(self, key: str, /) -> Tag:
        try:
            answer = self._with(key)._read(key, If_None_Match="*")
        except KeyError:
            return ABSENT
        return self._require_tag(answer.tag)

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        part = ByteRange.of(start, length)
        face = self._with(key)
        answer = face._read(key, Range=part.header if part.length != 0 else parts.FIRST)
        return parts.part_in(answer, part, self._link.place.url)

    def size(self, key: str, /) -> int:
        answer = self._with(key)._read(key, Range=parts.FIRST)
        return parts.size_in(answer, self._link.place.url)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        face = self._with(key)
        writes = is_to_write(mode, expected)
        needed = Feature.STREAMS if expected is None else Feature.STREAMS | Feature.SWAP
        if needed not in face.features:
            return super().open(key, cast(Any, mode), expected=expected)
        if writes:
            most = face._service().info.body
            return ValueWriter(Spooled(key, most, partial(face._put_file, key, expected)))
        return open_to_read(partial(face._read, key), key, self._link.place.url)

    def _put_file(self, key: str, expected: Tag | None, file: IO[bytes], size: int) -> Tag:
        condition = {} if expected is None else _condition(expected)
        target = self._link.place.document(key)
        return self._link.ask("PUT", target, Upload(file, size), condition, key=key, once=True).tag

    def _read(self, key: str, **condition: str) -> Answer:
        return self._link.ask("GET", self._link.place.document(key), None, condition, key=key)

    def _require_tag(self, tag: Tag) -> Tag:
        if tag == ABSENT:
            raise unsupported(self, "return tags", Feature.TAGS)
        return tag

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._with(key)._put(key, value)

    def _put(self, key: str, value: bytes, **condition: str) -> Tag:
        value = to_bytes(value)
        if len(value) > _SMALL:
            value = to_bytes_within(key, value, self._service().info.body)
        target = self._link.place.document(key)
        return self._link.ask("PUT", target, value, condition, key=key, once=True).tag

    def __delitem__(self, key: str, /) -> None:
        self._with(key)._delete(key)

    def _delete(self, key: str, **condition: str) -> None:
        self._link.ask("DELETE", self._link.place.document(key), None, condition, key=key, once=True)

    def discard(self, key: str, /) -> None:
        link = self._with(key)._link
        with suppress(KeyError):
            link.ask("DELETE", link.place.document(key), key=key, once=True, doubtful=())

    # ---- Compare-and-swap ------------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        face = self._with(key)
        return face._require_tag(face._put(key, value, **_condition(expected)))

    def remove(self, key: str, /, expected: Tag) -> None:
        face = self._with(key)
        if expected != ABSENT:
            face._delete(key, If_Match=etag(expected))
        elif Feature.REMOVE in face.features:
            raise conflict(key)
        else:
            raise unsupported(self, "compare and delete", Feature.REMOVE)

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        before, after = split_transaction(changes)
        if before or after:
            face = self._with_all(map(RawKey, (*before, *after)))
            batches.transact(face._link, face._service(), before, after)

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (item.key for item in self._scan("keys", Span.of(prefix, start, stop), prefix))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        items = self._scan("values", Span.of(prefix, start, stop), prefix)
        return ((item.key, cast(bytes, item.value)) for item in items)

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        items = self._scan("tags", Span.of(prefix, start, stop), prefix)
        return ((item.key, unescape_tag(item.tag)) for item in items)

    def _scan(self, include: str, span: Span, prefix: str) -> Iterator[Item[Any]]:
        if not span.empty:
            face = self if span.hides else self._raw
            pages = read_listing(face._link, face._service(), include, prefix, span)
            yield from chain.from_iterable(pages)

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split_keys(keys, _LOOKUPS):
            yield from self._with_all(batch)._get_many(batch)

    def _get_many(self, keys: list[str]) -> Iterator[tuple[str, bytes]]:
        for batch in split_coded(map(code_get, keys), self._service()):
            while batch:
                values = batches.read_batch(self._link, self._service(), batch)
                if not values:  # the first value is too large for a batch
                    values = [self.get(RawKey(batch[0].key))]
                pairs = zip(batch, values, strict=False)
                yield from ((str(each.key), value) for each, value in pairs if value is not None)
                batch = batch[len(values) :]

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in map(dict, split_pairs(items)):
            self._with_all(map(RawKey, batch))._set_many(batch)

    def _set_many(self, values: dict[str, bytes]) -> None:
        service = self._service()
        for batch in split_coded((code_put(service, *pair) for pair in values.items()), service):
            if len(batch) == 1:
                self._put(batch[0].key, values[batch[0].key])
            else:
                batches.write_batch(self._link, service, batch)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys):
            face = self._with_all(batch)
            for coded in split_coded(map(code_delete, batch), face._service()):
                batches.write_batch(face._link, face._service(), coded)

    def delete_prefix(self, prefix: str, /) -> None:
        span = Span.of(prefix)
        if span.empty:
            return
        try:
            erasing.delete_prefix((self if span.hides else self._raw)._link, prefix)
        except Unsupported:
            super().delete_prefix(prefix)

    # ---- History ---------------------------------------------------------------------------------

    def history(self, key: str, /) -> Iterator[Revision]:
        return past.history(self._with(key)._link, key)

    def at(self, key: str, revision: int, /) -> bytes:
        return past.at(self._with(key)._link, key, revision)

    def as_of(self, time: datetime, /) -> Store[bytes]:
        require_moment(time)
        service = self._service()
        if Feature.HISTORY not in service.features:
            return super().as_of(time)
        return past.AsOf(self._link, service, time)

    # ---- Changes ---------------------------------------------------------------------------------

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        face = self if Span.of(prefix).hides else self._raw
        return feed.changes(face._link, since, prefix, face._service().info.page)

    def watch(self, since: str, *, prefix: str = "", timeout: float | None = None) -> bool:
        face = self if Span.of(prefix).hides else self._raw
        poll = LongPoll(face._link, prefix)

        def look(since: str) -> Changes:
            poll.seen = self.changes(since, prefix=prefix)
            return poll.seen

        return self._bell().watch(look, since, timeout, WAIT, event=poll)

    # ---- Expiry ----------------------------------------------------------------------------------

    def lasting(self, ttl: float | None, /) -> Store[bytes]:
        raise self._without_expiry()

    def remaining(self, key: str, /) -> float | None:
        raise self._without_expiry()

    def sweep(self, prefix: str = "") -> int:
        raise self._without_expiry()

    def _without_expiry(self) -> Unsupported:
        return Unsupported(
            f"{self!r} cannot tell or change when values of the served store expire; open that store itself, or let "
            "values expire here with the layer Expires (expires=1h in its address)"
        )

    # ---- The store itself ------------------------------------------------------------------------

    def info(self) -> dict[str, str]:
        found = self._service().info
        sizes = {"largest body": found.body, "used": found.used, "free": found.free}
        shown = {name: f"{size:,} bytes" for name, size in sizes.items() if size is not None}
        return {"values": found.media_type, **shown}

    def close(self) -> None:
        self._bell().close()
        self._link.close()
        if "_raw" in vars(self) and self._raw is not self:
            self._raw.close()


def _condition(expected: Tag) -> dict[str, str]:
    """Return the header that a compare-and-swap sends."""
    return {"If_None_Match": "*"} if expected == ABSENT else {"If_Match": etag(expected)}
