"""The store `GCS`."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from holdall.adapters._objectstore.diagnosis import server_info
from holdall.adapters._objectstore.links import whole_seconds
from holdall.adapters._objectstore.names import check_served, exhaust, require_key, root_of
from holdall.adapters._objectstore.store import BucketStore
from holdall.adapters._objectstore.versions import note_of
from holdall.adapters._shared.throttle import Pace, map_ordered
from holdall.adapters.gcs.bucket import GCSBucket
from holdall.adapters.gcs.client import Options
from holdall.adapters.gcs.deletes import AT_ONCE, BATCH, delete_batch
from holdall.adapters.gcs.history import GCSPast
from holdall.adapters.gcs.links import sign
from holdall.adapters.gcs.uploads import PART, GCSUpload
from holdall.adapters.gcs.writes import GCSWrites
from holdall.address import Address, flag
from holdall.batches import split_keys
from holdall.errors import InvalidAddress
from holdall.keys import check_key
from holdall.store import Feature, Tag


class GCS(BucketStore[GCSBucket, GCSWrites]):
    """A store of the objects in ``bucket`` below ``prefix``; values up to 5 TiB.

    The name of an object is the prefix, a slash and the key, in UTF-8 without any escaping. If the prefix is
    empty, the name is the key.

    Credentials are Application Default Credentials. ``project`` is only needed to create a bucket, and only
    if the credentials name no project. ``endpoint_url`` is the address of another server that speaks the same
    protocol; it defaults to STORAGE_EMULATOR_HOST, then to Google. No credentials are sent to the server that
    STORAGE_EMULATOR_HOST names, nor to an address that begins with plain ``http:``. A request waits up to
    ``timeout`` seconds for a connection, and as long for each part of the answer. After a failure it is
    retried up to ``retries`` times, with jitter. ``create`` creates the bucket on first use. ``anon`` sends
    no credentials, to read public data. ``content_type`` and ``cache_control`` are the headers that the
    server sends with every object that this store writes.

    Requests: one for each read, write, ``in``, tag, delete, swap, remove and discard, one for each thousand
    keys of a scan, and one for each hundred keys of a bulk delete. Writing a value above 8 MiB takes one
    more. If the first operation of a store asks for a missing key, or is a bulk delete, it costs one more
    request, which tells a missing key from a missing bucket. On a server that is not Google's, the store
    tests the conditional requests when `features` are first needed, with up to ten requests.

    A tag is the generation of the object, which is never used again.

    >>> GCS("acme", "books", timeout=5)
    GCS('acme', 'books', timeout=5)
    """

    _scheme = "gs"
    _part = PART
    _always = (
        Feature.SEEK
        | Feature.BATCH
        | Feature.TAGS
        | Feature.UNIQUE_TAGS
        | Feature.SHARED
        | Feature.DURABLE
        | Feature.RANGES
        | Feature.STREAMS
    )

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
        anon: bool = False,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> None:
        options = Options(project, endpoint_url, timeout, retries, anon)
        served = check_served("gs", content_type=content_type, cache_control=cache_control)
        self._bucket = GCSBucket(bucket, root_of(prefix, "gs"), options, served=served, create=create)
        self._writes = GCSWrites(self._bucket)

    @classmethod
    def from_address(cls, address: Address) -> "GCS":
        """``gs://bucket/prefix?project=&endpoint_url=&timeout=&retries=&create=``."""
        if address.userinfo:
            raise InvalidAddress(
                "gs: an address must not contain credentials; log in with `gcloud auth application-default login`, "
                "or set GOOGLE_APPLICATION_CREDENTIALS"
            )
        if not address.host or address.port is not None:
            raise InvalidAddress("gs: the bucket is missing; write gs://bucket/prefix")
        options = address.options(
            project=str,
            endpoint_url=str,
            timeout=float,
            retries=int,
            create=flag,
            anon=flag,
            content_type=str,
            cache_control=str,
        )
        return cls(address.host, address.path.strip("/"), **options)

    @property
    def client(self) -> Any:
        """The client of google-cloud-storage of this process."""
        return self._bucket.connection.client

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for key, value in map_ordered(self._read, map(require_key, keys), self._bucket.pace, _size):
            if value is not None:
                yield str(key), value

    def _read(self, key: str) -> tuple[str, bytes | None]:
        try:
            return key, self._bucket.read(key)[1]
        except KeyError:
            return key, None

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = split_keys(keys, BATCH)
        exhaust(map_ordered(lambda batch: delete_batch(self._bucket, batch), found, Pace(AT_ONCE)))

    def url(self, key: str, expires: float = 3600) -> str:
        """Return a link to the value of ``key`` that works for ``expires`` seconds, without other credentials.

        Whoever has the link can read the value, so treat it as a secret. It costs no request, and is also made
        for a missing key. Raises Invalid if ``expires`` is not between 1 second and 7 days, and
        PermissionDenied if the credentials are not the key of a service account, because only such a key signs.
        """
        check_key(key)
        return sign(self._bucket, key, whole_seconds(expires))

    def _upload(self, key: str, expected: Tag | None) -> GCSUpload:
        return GCSUpload(self._bucket, self._writes, key, expected)

    def past(self, author: str = "", /) -> GCSPast:
        """The versions that the bucket keeps. From now on each write stores a note. See `Remembers.past`."""
        found = GCSPast(self._bucket)
        self._bucket.note = partial(note_of, author)
        return found

    def info(self) -> dict[str, str]:
        """The address of the server, and how far its clock differs from this machine's."""
        return server_info(self.client.api_endpoint, self._bucket.headers())


def _size(found: tuple[str, bytes | None]) -> int:
    return len(found[1] or b"")
