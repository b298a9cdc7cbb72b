"""The old generations of objects in a bucket that has versioning enabled."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from holdall.adapters._objectstore.names import is_key
from holdall.adapters._objectstore.versions import read_notes, read_values
from holdall.adapters.gcs.bucket import GCSBucket
from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.listing import PAGE, require_listing
from holdall.errors import Unsupported
from holdall.history import Note, Version
from holdall.keys import Span

_FIELDS = "kind,nextPageToken,items(name,generation,timeCreated,timeDeleted)"

Items = list[dict[str, Any]]


class GCSPast:
    """The generations in ``bucket``; see `holdall.history.Past`. Raises Unsupported if versioning is off.

    A listing returns a thousand generations per request, in order of name and generation ("Objects: list" in
    the Cloud Storage JSON API reference). A deletion does not create a generation. It is derived from a
    generation that was deleted before the next one was created, and its version has no id.
    """

    def __init__(self, bucket: GCSBucket) -> None:
        def send(connection: Connection, retry: Any) -> Any:
            return connection.client.get_bucket(bucket.name, timeout=bucket.options.timeout, retry=retry)

        if not bucket.ask(send).versioning_enabled:
            raise Unsupported(
                f"gs://{bucket.name} does not keep versions; enable them (gcloud storage buckets update "
                f"gs://{bucket.name} --versioning), or use history=on"
            )
        self._bucket = bucket

    def of(self, key: str) -> Iterator[Version]:
        """See `holdall.history.Past.of`."""
        return self._versions(self._items(key, key, f"{key}\0"))

    def scan(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        """See `holdall.history.Past.scan`."""
        span = Span.of(prefix, start, stop)
        if span.empty:
            return iter(())
        found = self._versions(self._items(prefix, span.low, span.high))
        return (version for version in found if is_key(version.key, span))

    def _items(self, prefix: str, low: str, high: str | None) -> Iterator[dict[str, Any]]:
        root = self._bucket.root
        names = {
            "prefix": root + prefix or None,
            "start_offset": root + low or None,
            "end_offset": None if high is None else root + high,
        }
        token = None
        while True:
            page = self._page(names, token)
            yield from page.get("items", ())
            token, last = page.get("nextPageToken"), token
            if not token:
                return
            if token == last:
                raise Unsupported(
                    f"the server of gs://{self._bucket.name} gives the same page of versions again and again: "
                    f"it cannot list more than {PAGE:,} of one key; use history=on"
                )

    def _page(self, names: dict[str, str | None], token: str | None) -> dict[str, Any]:
        # The client would send a bool as "True", which not every server understands.
        options = {"versions": "true", "page_token": token, "page_size": PAGE, "fields": _FIELDS}
        timeout = self._bucket.options.timeout

        def send(connection: Connection, retry: Any) -> Any:
            blobs = connection.client.list_blobs(
                self._bucket.name, **names, **options, timeout=timeout, retry=retry
            )
            return next(blobs.pages).raw_page

        found: dict[str, Any] = self._bucket.ask(send)
        require_listing(found)
        return found

    def _versions(self, items: Iterator[dict[str, Any]]) -> Iterator[Version]:
        cut = len(self._bucket.root)
        for name, generations in groupby(items, lambda item: item["name"]):
            oldest_first = sorted(generations, key=lambda item: int(item["generation"]))
            yield from reversed(list(lives(name[cut:], oldest_first)))

    def read(self, versions: Iterable[Version]) -> Iterator[bytes | None]:
        """See `holdall.history.Past.read`."""
        bucket = self._bucket
        return read_values(lambda version: bucket.read(version.key, version.id)[1], versions, bucket.pace)

    def notes(self, versions: Iterable[Version]) -> Iterator[Note]:
        """See `holdall.history.Past.notes`."""
        bucket = self._bucket
        return read_notes(
            lambda version: bucket.head(version.key, version.id).metadata, versions, bucket.pace
        )


def lives(key: str, generations: Items) -> Iterator[Version]:
    """The versions of ``key``, oldest first: its ``generations``, and the deletions between and after them.

    >>> when = "2026-09-30T12:00:0{}.000Z".format
    >>> first = {"generation": "1", "timeCreated": when(1), "timeDeleted": when(2)}
    >>> [version.deleted for version in lives("a", [first, {"generation": "3", "timeCreated": when(3)}])]
    [False, True, False]
    """
    for item, after in pairwise([*generations, None]):
        assert item is not None  # noqa: S101 - pairwise gives None only as the second
        yield Version(key, item["generation"], _time(item["timeCreated"]), deleted=False)
        gone = item.get("timeDeleted")
        if gone and (after is None or _time(gone) < _time(after["timeCreated"])):
            yield Version(key, "", _time(gone), deleted=True)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
