"""The old versions of objects in a bucket that has versioning enabled."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from holdall.adapters._objectstore.names import is_key
from holdall.adapters._objectstore.versions import read_notes, read_values
from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.entries import MARKERS, ORDER, VERSIONS, trim_entries
from holdall.adapters.s3.listing import PAGE, listing
from holdall.errors import Unsupported
from holdall.history import Note, Version
from holdall.keys import Span

_of_key = attrgetter("key")


class S3Past:
    """The versions in ``bucket``; see `holdall.history.Past`. Raises Unsupported if versioning is off.

    A listing returns a thousand versions per request, with the newest version of each key first
    ("ListObjectVersions" in the Amazon S3 API reference). The time of a version is the time at which S3 was
    asked to write it, in whole seconds; for an upload in parts, the time at which the upload began.
    """

    def __init__(self, bucket: S3Bucket) -> None:
        if bucket.ask("get_bucket_versioning").get("Status") != "Enabled":
            raise Unsupported(
                f"s3://{bucket.name} does not keep versions; enable them (aws s3api put-bucket-versioning --bucket "
                f"{bucket.name} --versioning-configuration Status=Enabled), or use history=on"
            )
        self._bucket = bucket

    def of(self, key: str) -> Iterator[Version]:
        """See `holdall.history.Past.of`."""
        for page in self._pages(key):
            yield from (version for version in page if version.key == key)
            if page and page[-1].key != key:
                return

    def scan(self, prefix: str, start: str, stop: str | None) -> Iterator[Version]:
        """See `holdall.history.Past.scan`. Lists from the beginning of ``prefix``, whatever ``start`` is."""
        span = Span.of(prefix, start, stop)
        last = ""
        for version in (version for page in self._pages(prefix) for version in page):
            if version.key < last:
                raise Unsupported(
                    f"this server lists the versions of {version.key!r} after those of {last!r}, so a scan "
                    "cannot be in order; use history=on"
                )
            last = version.key
            if span.high is not None and last >= span.high:
                return
            if last >= span.low and is_key(last, span):
                yield version

    def _pages(self, prefix: str) -> Iterator[list[Version]]:
        after: dict[str, str] = {}
        while True:
            answer = self._ask(prefix, after, PAGE)
            found = self._entries(answer)
            yield sorted(self._singly(prefix, after, len(found)) if _doubtful(found) else found, key=_of_key)
            if not answer.get("IsTruncated"):
                return
            after = _after(answer)

    def _ask(self, prefix: str, after: dict[str, str], size: int) -> Any:
        name = self._bucket.root + prefix
        with trim_entries():
            answer = self._bucket.ask("list_object_versions", Prefix=name, MaxKeys=size, **after)
        return listing(answer)

    def _entries(self, answer: Any) -> list[Version]:
        """Versions and delete markers, in the order of the server."""
        entries = {name: iter(answer.get(name, ())) for name in (VERSIONS, MARKERS)}
        order = [name for name in answer[ORDER] if name in entries]
        return [self._version(next(entries[name]), name == MARKERS) for name in order]

    def _version(self, entry: Any, deleted: bool) -> Version:
        key = entry["Key"][len(self._bucket.root) :]
        return Version(key, entry["VersionId"], datetime.fromisoformat(entry["LastModified"]), deleted)

    def _singly(self, prefix: str, after: dict[str, str], count: int) -> Iterator[Version]:
        """The next ``count`` entries that come after the position ``after``, with one request per entry."""
        for _ in range(count):
            answer = self._ask(prefix, after, 1)
            yield from self._entries(answer)
            after = _after(answer) if answer.get("IsTruncated") else {}

    def read(self, versions: Iterable[Version]) -> Iterator[bytes | None]:
        """See `holdall.history.Past.read`."""
        bucket = self._bucket
        return read_values(
            lambda version: bucket.read(version.key, VersionId=version.id)[1], versions, bucket.pace
        )

    def notes(self, versions: Iterable[Version]) -> Iterator[Note]:
        """See `holdall.history.Past.notes`."""
        bucket = self._bucket
        return read_notes(
            lambda version: bucket.head(version.key, VersionId=version.id).metadata, versions, bucket.pace
        )


def _doubtful(found: list[Version]) -> bool:
    """Whether a page lists all delete markers after all versions, although their times contradict that order.

    Some servers always list like this. S3 does so only if it is the true order, and then the times agree.
    """
    kinds = [version.deleted for version in found]
    return kinds == sorted(kinds) and any(map(_contradicts, _by_key(found)))


def _by_key(found: list[Version]) -> Iterator[list[Version]]:
    return (list(group) for _, group in groupby(sorted(found, key=_of_key), _of_key))


def _contradicts(found: list[Version]) -> bool:
    written = [version.time for version in found if not version.deleted]
    deleted = [version.time for version in found if version.deleted]
    return bool(written and deleted) and min(written) <= max(deleted)


def _after(answer: Any) -> dict[str, str]:
    """The position at which the page after ``answer`` begins."""
    return {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}
