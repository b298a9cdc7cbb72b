"""The store `GCS`."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from holdall.adapters.bucket_store import BucketStore
from holdall.adapters.concurrent import Pace, ordered
from holdall.adapters.facts import facts
from holdall.adapters.gcs.bucket import Bucket
from holdall.adapters.gcs.client import Options
from holdall.adapters.gcs.deletes import AT_ONCE, BATCH, delete_batch
from holdall.adapters.gcs.history import GCSPast
from holdall.adapters.gcs.writes import Writes
from holdall.adapters.notes import note_of
from holdall.adapters.objects import batches, check_served, checked, exhaust, root_of
from holdall.address import Address, flag
from holdall.errors import InvalidAddress
from holdall.store import Feature


class GCS(BucketStore[Bucket]):
    """The objects of ``bucket`` under ``prefix``, keys in UTF-8 as they are, values up to 5 TiB.

    Credentials are Application Default Credentials; ``project`` is only needed to create a bucket, if they
    name none. ``endpoint_url`` is another server of the same protocol (else STORAGE_EMULATOR_HOST, else
    Google); the one in that variable, or any by plain http, gets no credentials. A request waits
    ``timeout`` seconds for a connection and for each part of the answer, and is tried ``retries`` more
    times, with jitter. ``create`` makes the bucket on first use. ``anon`` sends no credentials, to read
    what is public. ``content_type`` and ``cache_control`` are the headers that the server sends with what
    this store writes.

    Requests: one for each read, write, ``in``, tag, delete, swap, remove and discard, one for each thousand keys
    of a scan and for each hundred of a bulk delete. Values above 8 MiB take one more to write. The first
    miss or bulk delete of a store that did nothing before costs one more, to tell a missing key from a
    missing bucket. Of a server that is not Google's, `features` are tried out when they are first needed: up
    to ten.

    A tag is the object's generation, which never comes again.

    >>> GCS("acme", "books", timeout=5)
    GCS('acme', 'books', timeout=5)
    """

    _scheme = "gs"
    _always = Feature.SEEK | Feature.BATCH | Feature.TAGS | Feature.TICKS | Feature.SHARED | Feature.DURABLE

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
        self._bucket = Bucket(bucket, root_of(prefix, "gs"), options, served=served, create=create)
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
        for key, value in ordered(self._read, map(checked, keys), self._bucket.pace, _size):
            if value is not None:
                yield str(key), value

    def _read(self, key: str) -> tuple[str, bytes | None]:
        try:
            return key, self._bucket.read(key)[1]
        except KeyError:
            return key, None

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = batches(map(checked, keys), BATCH)
        exhaust(ordered(lambda batch: delete_batch(self._bucket, batch), found, Pace(AT_ONCE)))

    def past(self, author: str = "", /) -> GCSPast:
        """The versions that the bucket keeps; from now on writes carry their note. See `Remembers.past`."""
        found = GCSPast(self._bucket)
        self._bucket.note = partial(note_of, author)
        return found

    def facts(self) -> dict[str, str]:
        """Its server and that server's clock."""
        return facts(self.client.api_endpoint, self._bucket.headers())


def _size(found: tuple[str, bytes | None]) -> int:
    return len(found[1] or b"")
