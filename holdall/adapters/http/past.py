"""The history of a store that its service keeps: revisions, earlier values, and the whole store as of a time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, pairwise
from typing import Annotated, Any, Final, NoReturn

from holdall.adapters.http.link import Link
from holdall.adapters.http.listing import read_listing
from holdall.adapters.http.service import Service
from holdall.errors import Corrupt, NoRevision, PermissionDenied
from holdall.extras import needs
from holdall.history import Note, Revision
from holdall.keys import Span, check_key
from holdall.store import Feature, Store

with needs("http"):
    import msgspec

_PAGE: Final = 100
_MOST: Final = (1 << 63) - 1
_UNDATED: Final = datetime.fromtimestamp(0, UTC)
"""The time of a value that is older than its history."""


class _Told(msgspec.Struct):
    revision: int
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None
    deleted: bool
    author: str
    message: str

    def decode(self) -> Revision:
        note = Note(self.author, self.message)
        return Revision(self.revision, self.time or _UNDATED, self.deleted, lambda: note)


class _Page(msgspec.Struct):
    revisions: list[_Told]
    next: str = ""


_decoder = msgspec.json.Decoder(_Page)


def history(link: Link, key: str) -> Iterator[Revision]:
    """Yield the revisions of ``key``, the newest first. The first page is read at once: it may raise KeyError."""
    first = _read(link, key, link.place.history(key, limit=_PAGE))

    def find() -> Iterator[Revision]:
        page = first
        while True:
            yield from (told.decode() for told in page.revisions)
            if not (page.next and page.revisions):
                return
            cursor = page.next.rpartition("cursor=")[2]
            target = link.place.history(key, limit=_PAGE, cursor=cursor)
            page = _read(link, key, target, page.revisions[-1].revision)

    return find()


def _read(link: Link, key: str, target: str, below: int = _MOST + 1) -> _Page:
    """Return a page of revisions, whose numbers fall from one under ``below`` to 1 at the least."""
    page = link.ask("GET", target, key=key).decode(_decoder, link.place.url)
    numbers = [below, *(told.revision for told in page.revisions), 0]
    if not all(later > earlier for later, earlier in pairwise(numbers)):
        raise Corrupt(f"a page of revisions of {link.place.url} is not in order; update the service")
    return page


def at(link: Link, key: str, revision: int) -> bytes:
    """Return the value of ``key`` at ``revision``."""
    if not 1 <= revision <= _MOST:
        next(history(link, key))  # raises KeyError if the key never existed
        raise NoRevision(f"{key!r} has no revision {revision}; revisions begin at 1", key=key)
    return link.ask("GET", link.place.document(key, at=revision), key=key).value(link.place.url)


class AsOf(Store[bytes]):
    """The store of ``link`` as it was at ``time``. Writing raises PermissionDenied."""

    def __init__(self, link: Link, service: Service, time: datetime) -> None:
        self._link = link
        self._service = service
        self._time = time

    @property
    def features(self) -> Feature:
        return self._service.features & (Feature.SHARED | Feature.DURABLE)

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        target = self._link.place.document(key, as_of=self._time.isoformat())
        return self._link.ask("GET", target, key=key).value(self._link.place.url)

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (item.key for item in self._scan("keys", prefix, Span.of(prefix, start, stop)))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        items = self._scan("values", prefix, Span.of(prefix, start, stop))
        return ((item.key, item.value) for item in items)

    def _scan(self, include: str, prefix: str, span: Span) -> Iterator[Any]:
        pages = read_listing(self._link, self._service, include, prefix, span, as_of=self._time.isoformat())
        return chain.from_iterable(pages)

    def __setitem__(self, key: str, value: bytes, /) -> None:
        self._refuse(key)

    def __delitem__(self, key: str, /) -> None:
        self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise PermissionDenied(f"{key!r} cannot be written: this is the store as of {self._time}", key=key)
