"""The store `S3`."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from holdall.adapters._objectstore.diagnosis import server_info
from holdall.adapters._objectstore.links import whole_seconds
from holdall.adapters._objectstore.names import check_served, exhaust, require_key, root_of
from holdall.adapters._objectstore.store import BucketStore
from holdall.adapters._objectstore.versions import note_of
from holdall.adapters._shared.throttle import Pace, map_ordered, read_ahead
from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.client import Options
from holdall.adapters.s3.history import S3Past
from holdall.adapters.s3.links import sign
from holdall.adapters.s3.listing import PAGE
from holdall.adapters.s3.multipart import PART
from holdall.adapters.s3.reads import read_many
from holdall.adapters.s3.streams import S3Upload
from holdall.adapters.s3.writes import BATCH, S3Writes, delete_batch
from holdall.address import Address, flag
from holdall.batches import split_keys
from holdall.errors import InvalidAddress
from holdall.keys import check_key
from holdall.store import Feature, Tag

_SERVED = {"content_type": "ContentType", "cache_control": "CacheControl"}
_DELETING = 4  # concurrent bulk deletes; the server counts each as a thousand deletes


class S3(BucketStore[S3Bucket, S3Writes]):
    """A store of the objects in ``bucket`` below ``prefix``; values up to 5 TiB.

    The name of an object is the prefix, a slash and the key, in UTF-8 without any escaping. If the prefix is
    empty, the name is the key.

    The AWS SDK finds the credentials: environment, profile, SSO, web identity or instance role.
    ``endpoint_url`` is the address of another server that speaks S3; it defaults to AWS_ENDPOINT_URL_S3, then
    AWS_ENDPOINT_URL, then Amazon. ``addressing`` puts the bucket in the ``path`` of a URL, or in its host
    name (``virtual``). A request waits up to ``timeout`` seconds for a connection, and as long for each part
    of the answer. After a failure it is retried up to ``retries`` times, with jitter. ``transport`` selects
    the client for reads, ``in``, tags, writes and swaps: ``boto3``, ``rust`` (needs the extra of that name), or
    ``auto``, which means rust if it is installed. boto3 sends all other requests, those that rust cannot send, and
    every request while a mock or a tracer observes the boto3 client. ``listing`` is ``flat``, or
    ``nested`` for a server that lists one folder after the other; ``auto`` decides by the name that the
    server gives in its answers. ``create`` creates the bucket on first use. ``anon`` sends no credentials, to
    read public data. ``content_type`` and ``cache_control`` are the headers that the server sends with every
    object that this store writes.

    Requests: one for each read, write, ``in``, tag, swap, remove and discard, and one for each thousand keys
    of a scan or a bulk delete. A delete that has to report a missing key (``del``) sends one more. Values
    above 16 MiB are uploaded in parts. On a server that is not Amazon's, the store tests the conditional
    requests when `features` are first needed, with up to ten requests.

    A tag is the ETag, which in most buckets is a hash of the value. The same bytes give the same tag again,
    so the store does not have UNIQUE_TAGS. A swap is still correct, because it replaces exactly the value that it
    expected, but it does not notice if the value changed and changed back. Removing a key needs the
    permission s3:GetObject in addition to s3:DeleteObject.

    >>> S3("acme", "books", region="eu-west-1")
    S3('acme', 'books', region='eu-west-1')
    """

    _scheme = "s3"
    _part = PART
    _always = (
        Feature.SEEK
        | Feature.BATCH
        | Feature.TAGS
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
            raise InvalidAddress(
                "s3: a directory bucket does not list keys in order; use a general purpose bucket"
            )
        options = Options(region, profile, endpoint_url, addressing, timeout, retries, anon)
        served = check_served("s3", content_type=content_type, cache_control=cache_control)
        self._bucket = S3Bucket(
            bucket,
            root_of(prefix, "s3"),
            options,
            served={_SERVED[name]: value for name, value in served.items()},
            listing=listing,
            transport=transport,
            create=create,
        )
        self._writes = S3Writes(self._bucket)

    @classmethod
    def from_address(cls, address: Address) -> "S3":
        """``s3://bucket/prefix?region=&profile=&endpoint_url=&addressing=&timeout=&retries=…``."""
        if address.userinfo:
            raise InvalidAddress(
                "s3: an address must not contain credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
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
        return read_many(self._bucket, map(require_key, keys))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return read_many(self._bucket, read_ahead(self.scan(prefix, start=start, stop=stop), PAGE))

    def delete_many(self, keys: Iterable[str], /) -> None:
        found = split_keys(keys, BATCH)
        exhaust(map_ordered(lambda batch: delete_batch(self._bucket, batch), found, Pace(_DELETING)))

    def url(self, key: str, expires: float = 3600) -> str:
        """Return a link to the value of ``key`` that works for ``expires`` seconds, without other credentials.

        Whoever has the link can read the value, so treat it as a secret. It costs no request, and is also made
        for a missing key. It ends early if the credentials that sign it are temporary and end early. Raises
        Invalid if ``expires`` is not between 1 second and 7 days, and PermissionDenied if there are no
        credentials.
        """
        check_key(key)
        return sign(self._bucket, key, whole_seconds(expires))

    def _upload(self, key: str, expected: Tag | None) -> S3Upload:
        return S3Upload(self._bucket, self._writes, key, expected)

    def past(self, author: str = "", /) -> S3Past:
        """The versions that the bucket keeps. From now on each write stores a note. See `Remembers.past`."""
        found = S3Past(self._bucket)
        self._bucket.note = partial(note_of, author)
        return found

    def info(self) -> dict[str, str]:
        """The address of the server, and how far its clock differs from this machine's."""
        answer = self._bucket.ask("list_objects_v2", MaxKeys=1)
        return server_info(self.client.meta.endpoint_url, answer["ResponseMetadata"]["HTTPHeaders"])
