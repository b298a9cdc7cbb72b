"""The store `GCS`."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from holdall.adapters.concurrent import Pace, ordered
from holdall.adapters.facts import facts
from holdall.adapters.gcs.bucket import Bucket
from holdall.adapters.gcs.client import Options
from holdall.adapters.gcs.deletes import AT_ONCE, BATCH, delete_batch
from holdall.adapters.gcs.history import GCSPast
from holdall.adapters.gcs.writes import Writes
from holdall.adapters.notes import note_of
from holdall.adapters.objects import batches, checked, exhaust, is_key, root_of, write_all
from holdall.address import Address, flag
from holdall.errors import InvalidAddress, Unsupported
from holdall.keys import Span, check_key
from holdall.store import ABSENT, Feature, Store, Tag, Tagged, to_bytes

_FEATURES = Feature.SEEK | Feature.BATCH | Feature.TAGS | Feature.TICKS | Feature.SHARED | Feature.DURABLE


class GCS(Store[bytes]):
    """The objects of ``bucket`` under ``prefix``, keys in UTF-8 as they are, values up to 5 TiB.

    Credentials are Application Default Credentials; ``project`` is only needed to create a bucket, if they
    name none. ``endpoint_url`` is another server of the same protocol (else STORAGE_EMULATOR_HOST, else
    Google); the one in that variable, or any by plain http, gets no credentials. A request waits
    ``timeout`` seconds for a connection and for each part of the answer, and is tried ``retries`` more
    times, with jitter. ``create`` makes the bucket on first use.

    Requests: one for each read, write, ``in``, tag, delete, swap, remove and discard, one for each thousand keys
    of a scan and for each hundred of a bulk delete. Values above 8 MiB take one more to write. The first
    miss or bulk delete of a store that did nothing before costs one more, to tell a missing bucket; the
    first use of features other than Google's up to ten, to try what its server honours.

    A tag is the object's generation, which never comes again.

    >>> GCS("acme", "books", timeout=5)
    GCS('acme', 'books', timeout=5)
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        project: str | None = None,
        endpoint_url: str | None = None,
        timeout: float = 20,
        retries: int = 4,
        create: bool = False,
    ) -> None:
        options = Options(project, endpoint_url, timeout, retries)
        self._bucket = Bucket(bucket, root_of(prefix, "gs"), options, create=create)
        self._writes = Writes(self._bucket)

    @classmethod
    def from_address(cls, address: Address) -> "GCS":
        """``gs://bucket/prefix?project=&endpoint_url=&timeout=&retries=&create=``."""
        if address.userinfo:
            raise InvalidAddress(
                "gs: an address holds no credentials; log in with `gcloud auth application-default login`, "
                "or set GOOGLE_APPLICATION_CREDENTIALS"
            )
        if not address.host or address.port is not None:
            raise InvalidAddress("gs: the bucket is missing; write gs://bucket/prefix")
        options = address.options(project=str, endpoint_url=str, timeout=float, retries=int, create=flag)
        return cls(address.host, address.path.strip("/"), **options)

    @property
    def client(self) -> Any:
        """The client of google-cloud-storage of this process."""
        return self._bucket.connection.client

    @property
    def features(self) -> Feature:
        return _FEATURES | self._bucket.conditions.features

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._bucket.read(key)[1]

    def __contains__(self, key: object, /) -> bool:
        check_key(key)  # type: ignore[arg-type]  # what is no str is refused there
        try:
            self._bucket.head(key)  # type: ignore[arg-type]
        except KeyError:
            return False
        return True

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        state, value = self._bucket.read(key)
        return Tagged(value, self._writes.seen(key, state))

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        try:
            return self._writes.seen(key, self._bucket.head(key))
        except KeyError:
            return ABSENT

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for key, value in ordered(self._read, map(checked, keys), self._bucket.pace, _size):
            if value is not None:
                yield str(key), value

    def _read(self, key: str) -> tuple[str, bytes | None]:
        try:
            return key, self._bucket.read(key)[1]
        except KeyError:
            return key, None

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self.scan_tags(prefix, start=start, stop=stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        span = Span.of(prefix, start, stop)
        found = self._bucket.objects(span, prefix)
        return ((name, Tag(generation)) for name, generation in found if is_key(name, span))

    def __bool__(self) -> bool:
        span = Span.of()
        return any(is_key(name, span) for name, _ in self._bucket.objects(span, "", size=1))

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._writes.put(key, to_bytes(value))

    def _each(self, write: Callable[[str, bytes], object], items: Iterable[tuple[str, bytes]]) -> None:
        write_all(write, items, self._bucket.pace)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        self._writes.delete(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._bucket.discard(key)

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = batches(map(checked, keys), BATCH)
        exhaust(ordered(lambda batch: delete_batch(self._bucket, batch), found, Pace(AT_ONCE)))

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        value = to_bytes(value)
        self._need(Feature.SWAP)
        return self._writes.swap(key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        self._need(Feature.REMOVE)
        self._writes.remove(key, expected)

    def _need(self, feature: Feature) -> None:
        if feature not in self._bucket.conditions.features:
            raise Unsupported(
                f"gs://{self._bucket.name} lacks {feature.name}: {self._bucket.conditions.reason}"
            )

    def past(self, author: str = "", /) -> GCSPast:
        """The versions that the bucket keeps; from now on writes carry their note. See `Remembers.past`."""
        found = GCSPast(self._bucket)
        self._bucket.note = partial(note_of, author)
        return found

    def facts(self) -> dict[str, str]:
        """Its server, that one's clock, and objects that are no keys, for which the whole store is listed."""
        names = (found.name for found in self._bucket.objects(Span.of(), ""))
        return facts(self.client.api_endpoint, self._bucket.headers(), names)

    def close(self) -> None:
        self._bucket.close()


def _size(found: tuple[str, bytes | None]) -> int:
    return len(found[1] or b"")
