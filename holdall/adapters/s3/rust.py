"""Frequent requests through obstore, which needs a tenth of the processor time that boto3 needs per request.

It sends each request once, and answers in the form of the boto3 client. It knows only the most frequent refusals.
Any other outcome is Undecided. Then the boto3 client sends the request again, with its retries and its words for
errors.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any, TypeVar

from holdall.adapters.s3.client import Connection, Options
from holdall.adapters.s3.forks import note_use
from holdall.adapters.s3.interruptible import Interruptible
from holdall.adapters.s3.outcomes import Undecided, judge, require_etag
from holdall.adapters.s3.place import find_place
from holdall.extras import needs

with needs("rust"):
    import obstore
    from botocore.exceptions import ClientError
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.store import S3Store

T = TypeVar("T")
Answer = dict[str, Any]

_PARAMETERS = {
    "get_object": {"Key", "Range", "IfMatch"},
    "head_object": {"Key"},
    "put_object": {"Key", "Body", "Metadata", "IfMatch", "IfNoneMatch", "ContentType", "CacheControl"},
}
_NOWHERE = "http://127.0.0.1:0"
"""The address of a proxy that cannot exist."""

_LARGE = 2**20
"""A larger body is sent by boto3: obstore gives up a request that takes longer to send than a part of an answer may."""


class Client:
    """Sends single requests to ``bucket``, with the credentials and to the server of a boto3 ``connection``."""

    def __init__(self, connection: Connection, bucket: str, options: Options) -> None:
        note_use()
        self._store = _open(connection, bucket, options)
        self._interruptible = Interruptible()
        self._by_name: dict[str, Callable[[str, Answer], Answer]] = {
            "get_object": self._get,
            "head_object": self._head,
            "put_object": self._put,
        }

    def send(self, operation: str, parameters: Answer) -> Answer | Undecided:
        """The answer to a request, as the boto3 client returns it. Raises ClientError if the server refuses it."""
        work = self._by_name[operation]
        name = parameters["Key"]
        return self._interruptible(
            lambda: _try(operation, name, lambda: work(name, parameters)),
            abandon=operation != "put_object",
        )

    def read(self, name: str) -> bytes | Undecided:
        """The bytes of the object ``name``: `send` for many reads. Raises ClientError if the server refuses it."""
        return _try("get_object", name, lambda: self._read(name))

    def _read(self, name: str) -> bytes:
        found = obstore.get(self._store, name)
        require_etag(found.meta["e_tag"])
        return bytes(found.bytes())

    def _get(self, name: str, parameters: Answer) -> Answer:
        wanted = parameters.get("Range")
        options: Any = {}
        if wanted is not None:
            options["range"] = _range(wanted)
        if "IfMatch" in parameters:
            options["if_match"] = parameters["IfMatch"]
        found = obstore.get(self._store, name, options=options or None)
        answer = _answer(found)
        if wanted is not None:
            first, end = found.range
            answer["ContentRange"] = f"bytes {first}-{end - 1}/{answer['ContentLength']}"
        answer["Body"] = BytesIO(bytes(found.bytes()))
        return answer

    def _head(self, name: str, parameters: Answer) -> Answer:
        return _answer(obstore.get(self._store, name, options={"head": True}))

    def _put(self, name: str, parameters: Answer) -> Answer:
        made = obstore.put(
            self._store,
            name,
            parameters["Body"],
            mode=_mode(parameters),
            attributes=_attributes(parameters),
            use_multipart=False,
        )
        return {"ETag": require_etag(made["e_tag"])}


def _try(operation: str, name: str, work: Callable[[], T]) -> T | Undecided:
    """The result of ``work``, which asks obstore about the object ``name``."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - whatever it is, the boto3 client will name the reason
        outcome = judge(error, operation, name)
    if isinstance(outcome, ClientError):
        raise outcome
    return outcome


def can_send(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether obstore can express the request, leaves the name of its object as it is, and has time to send it."""
    known = _PARAMETERS.get(operation)
    if known is None or not parameters.keys() <= known or len(parameters.get("Body", b"")) > _LARGE:
        return False
    name = parameters["Key"]
    return not (name.startswith("/") or name.endswith("/"))


def _open(connection: Connection, bucket: str, options: Options) -> S3Store:
    """The store of obstore. Every setting is given that obstore would otherwise read from the environment."""
    session, client = connection
    place = find_place(client, bucket)
    wait = timedelta(seconds=options.timeout)
    return S3Store(
        bucket,
        endpoint=place.endpoint,
        aws_endpoint_url_s3=place.endpoint,
        virtual_hosted_style_request=place.virtual,
        region=client.meta.region_name or "us-east-1",
        skip_signature=options.anon,
        unsigned_payload=False,
        request_payer=False,
        s3_express=False,
        conditional_put="etag",
        # One server stored an empty object when a connection broke off before the body of a PUT; it refuses such
        # a PUT if this checksum is sent.
        checksum_algorithm="SHA256",
        credential_provider=None
        if options.anon
        else Boto3CredentialProvider(session, ttl=timedelta(minutes=5)),
        client_options={
            "allow_http": place.endpoint.startswith("http:"),
            # obstore follows redirects, and obeys ALL_PROXY, but boto3 does neither. No option turns that off. So
            # the requests to all other servers are sent to a proxy that cannot exist.
            "proxy_url": _NOWHERE,
            "proxy_excludes": place.host,
            "connect_timeout": wait,
            "read_timeout": wait,
            "timeout": timedelta(days=1),  # of the whole request; no value stands for no limit
        },
        retry_config={"max_retries": 0},
    )


def _range(header: str) -> Any:
    """The range of a Range header, as obstore takes it."""
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return {"suffix": int(last)}
    return (int(first), int(last) + 1) if last else {"offset": int(first)}


def _mode(parameters: Answer) -> Any:
    if "IfMatch" in parameters:
        return {"e_tag": parameters["IfMatch"]}
    return "create" if "IfNoneMatch" in parameters else "overwrite"


def _attributes(parameters: Answer) -> dict[str, str] | None:
    found = dict(parameters.get("Metadata", ()))
    for name, header in (("ContentType", "Content-Type"), ("CacheControl", "Cache-Control")):
        if name in parameters:
            found[header] = parameters[name]
    return found or None


def _answer(found: Any) -> Answer:
    meta = found.meta
    return {
        "ETag": require_etag(meta["e_tag"]),
        "ContentLength": meta["size"],
        "Metadata": found.attributes,
    }
