"""The store `S3`."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from holdall.adapters.bucket_store import BucketStore
from holdall.adapters.concurrent import Pace, ahead, ordered
from holdall.adapters.facts import facts
from holdall.adapters.notes import note_of
from holdall.adapters.objects import batches, check_served, checked, exhaust, root_of
from holdall.adapters.s3.bucket import Bucket
from holdall.adapters.s3.client import Options
from holdall.adapters.s3.deletes import BATCH, delete_batch
from holdall.adapters.s3.history import S3Past
from holdall.adapters.s3.listing import PAGE
from holdall.adapters.s3.reads import Reads
from holdall.adapters.s3.writes import Writes
from holdall.address import Address, flag
from holdall.errors import InvalidAddress
from holdall.store import Feature

_SERVED = {"content_type": "ContentType", "cache_control": "CacheControl"}
_DELETING = 4  # bulk deletes at once: each is a thousand deletes to the server


class S3(BucketStore[Bucket]):
    """The objects of ``bucket`` under ``prefix``, keys in UTF-8 as they are, values up to 5 TiB.

    Credentials are the SDK's own: environment, profile, SSO, web identity, instance role. ``endpoint_url``
    is another server that speaks S3 (else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon);
    ``addressing`` puts the bucket in the ``path`` or the host name (``virtual``). A request waits
    ``timeout`` seconds for a connection and for each part of the answer, and is tried ``retries`` more
    times, with jitter. ``transport`` of bulk reads is ``boto3``, ``rust`` (the extra of that name) or
    ``auto``: rust where it is installed and nothing observes the client. ``listing`` is ``flat``, or
    ``nested`` for a server that lists folder by folder; ``auto`` goes by what the server calls itself.
    ``create`` makes the bucket on first use. ``anon`` sends no credentials, to read what is public.
    ``content_type`` and ``cache_control`` are the headers that the server sends with what this store writes.

    Requests: one for each read, write, ``in``, tag, swap, remove and discard, and for each thousand keys of a
    scan or a bulk delete; one more for deletes that must tell a missing key. Values above 16 MiB go in
    parts. Of a server that is not Amazon's, `features` are tried out when they are first needed: up to ten.

    A tag is the ETag, a hash of the value in most buckets: equal bytes bring it back (no TICKS). A swap
    is then still right, for what it replaces is what it expected, but it cannot tell that a value went
    and came back. Removing needs s3:GetObject besides s3:DeleteObject.

    >>> S3("acme", "books", region="eu-west-1")
    S3('acme', 'books', region='eu-west-1')
    """

    _scheme = "s3"
    _always = Feature.SEEK | Feature.BATCH | Feature.TAGS | Feature.SHARED | Feature.DURABLE

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        addressing: str = "auto",
        timeout: float = 20,
        retries: int = 4,
        transport: str = "auto",
        listing: str = "auto",
        create: bool = False,
        anon: bool = False,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> None:
        if bucket.endswith("--x-s3"):
            raise InvalidAddress("s3: a directory bucket lists in no order; use a general purpose bucket")
        options = Options(region, profile, endpoint_url, addressing, timeout, retries, anon)
        served = check_served("s3", content_type=content_type, cache_control=cache_control)
        self._bucket = Bucket(
            bucket,
            root_of(prefix, "s3"),
            options,
            served={_SERVED[name]: value for name, value in served.items()},
            listing=listing,
            create=create,
        )
        self._reads = Reads(self._bucket, transport)
        self._writes = Writes(self._bucket)

    @classmethod
    def from_address(cls, address: Address) -> "S3":
        """``s3://bucket/prefix?region=&profile=&endpoint_url=&addressing=&timeout=&retries=…``."""
        if address.userinfo:
            raise InvalidAddress(
                "s3: an address holds no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or name a profile with ?profile="
            )
        if not address.host or address.port is not None:
            raise InvalidAddress("s3: the bucket is missing; write s3://bucket/prefix")
        options = address.options(
            region=str,
            profile=str,
            endpoint_url=str,
            addressing=("auto", "path", "virtual"),
            timeout=float,
            retries=int,
            transport=("auto", "boto3", "rust"),
            listing=("auto", "flat", "nested"),
            create=flag,
            anon=flag,
            content_type=str,
            cache_control=str,
        )
        return cls(address.host, address.path.removeprefix("/").removesuffix("/"), **options)

    @property
    def client(self) -> Any:
        """The boto3 client of this process, to add event handlers to."""
        return self._bucket.connection.client

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        return self._reads.many(map(checked, keys))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return self._reads.many(ahead(self.scan(prefix, start=start, stop=stop), PAGE))

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = batches(map(checked, keys), BATCH)
        exhaust(ordered(lambda batch: delete_batch(self._bucket, batch), found, Pace(_DELETING)))

    def past(self, author: str = "", /) -> S3Past:
        """The versions that the bucket keeps; from now on writes carry their note. See `Remembers.past`."""
        found = S3Past(self._bucket)
        self._bucket.note = partial(note_of, author)
        return found

    def facts(self) -> dict[str, str]:
        """Its server and that server's clock."""
        answer = self._bucket.ask("list_objects_v2", MaxKeys=1)
        return facts(self.client.meta.endpoint_url, answer["ResponseMetadata"]["HTTPHeaders"])

    def close(self) -> None:
        self._reads.close()
        super().close()
