"""Requests by key to one bucket, or to the part of it below a prefix; errors are translated to holdall's."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from holdall.adapters._objectstore.names import CONNECTIONS, NameRange
from holdall.adapters._objectstore.probe import HONOURED, TAGS_UNKNOWN, Conditions, probe_conditions
from holdall.adapters._objectstore.write_ids import State
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.s3 import client as sdk
from holdall.adapters.s3.entries import trim_entries
from holdall.adapters.s3.errors import RAISED, begins_after_end, translate
from holdall.adapters.s3.listing import PAGE, S3Object, list_flat, list_nested
from holdall.adapters.s3.transport import Transport
from holdall.errors import Corrupt, HoldallError, Unsupported
from holdall.keys import Span
from holdall.ranges import ByteRange
from holdall.store import ABSENT, Tag, conflict

_NEVER = Tag("never-issued")
_is_etag = re.compile(r"[!#-~]+").fullmatch  # RFC 9110, section 8.8.3, but ASCII only
_IN_FOLDERS = {"SeaweedFS"}  # servers that keep objects in folders, and list folder by folder
# LocalStack compares the start of a page in percent-encoding, where é (%C3%A9) sorts before a. But it returns
# all names in one page if the request allows that many.
_LOSES_PLACE = {"LocalStack"}
_ALL = 2**31 - 1


class _Server(NamedTuple):
    """How a server treats conditions, and whether it recognises its ETags only without quotes."""

    conditions: Conditions
    bare: bool


_known: dict[tuple[str, str], _Server] = {}  # by endpoint and bucket; kept until the process ends


class S3Bucket:
    """The objects of the bucket ``name`` below ``root``, which is empty or ends in a slash.

    Threads may share it. The first request in each process creates its client.
    """

    def __init__(
        self,
        name: str,
        root: str,
        options: sdk.Options,
        *,
        served: Mapping[str, str] | None = None,
        listing: str = "auto",
        transport: str = "auto",
        create: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.options = options
        self.pace = Pace(CONNECTIONS)
        self.note: Callable[[], Mapping[str, str]] = dict
        """Returns the metadata that every write stores with its value."""
        self.served = served or {}
        """Further parameters of every write: the headers with which the server serves the object."""
        self._listing = listing
        self.transport = Transport(name, options, self.pace, transport, create=create)
        self._seen = False
        self._unpaged = False
        self._bare = False

    @property
    def connection(self) -> sdk.Connection:
        """The boto3 session and client of this process."""
        return self.transport.connection

    def ask(self, operation: str, key: str | None = None, /, **parameters: Any) -> Any:
        """The answer to one request, about ``key`` if it is given. Raises holdall's errors and KeyError."""
        if key is not None:
            parameters["Key"] = self.root + key
        try:
            answer = self.transport.send(operation, parameters)
        except RAISED as error:
            raise translate(error, self.name, key) from error
        self._seen = True
        return answer

    def read(self, key: str, **version: str) -> tuple[State, bytes]:
        """The state of ``key`` and its whole body. If the body breaks off, one more request is sent.

        ``version`` is a VersionId; it defaults to the newest version.
        """
        answer, body = self._get(key, **version)
        return state_of(answer, key), body

    def read_part(self, key: str, part: ByteRange) -> bytes:
        """The ``part`` of the body of ``key``; its length is not 0."""
        try:
            answer, body = self._get(key, Range=part.header)
        except HoldallError as error:
            if not begins_after_end(error):
                raise
            # A server may also refuse the last bytes of a shorter value, which are all of its bytes.
            return b"" if part.start >= 0 else self.read_part(key, part._replace(start=0))
        return part.of_answer(body, partial="ContentRange" in answer)

    def read_version(self, key: str, tag: Tag, part: ByteRange) -> bytes:
        """The ``part`` of the body of ``key``, if it carries ``tag``; otherwise raises Conflict."""
        try:
            answer, body = self._get(key, Range=part.header, **self.condition(key, tag))
        except KeyError:
            raise conflict(key) from None
        except HoldallError as error:
            if not begins_after_end(error):
                raise
            raise conflict(key) from error
        if state_of(answer, key).tag != tag:  # the server ignores the condition
            raise conflict(key)
        return part.of_answer(body, partial="ContentRange" in answer)

    def _get(self, key: str, **parameters: str) -> tuple[dict[str, Any], bytes]:
        """The answer to a GET request about ``key``, and its whole body."""
        try:
            return _whole(self.ask("get_object", key, **parameters), key)
        except RAISED:
            return self._get_again(key, parameters)

    def _get_again(self, key: str, parameters: dict[str, str]) -> tuple[dict[str, Any], bytes]:
        answer = self.ask("get_object", key, **parameters)
        try:
            return _whole(answer, key)
        except RAISED as error:
            raise translate(error, self.name, key) from error

    def head(self, key: str, **version: str) -> State:
        """The state of ``key``, from a HEAD request."""
        return state_of(self._head(key, **version), key)

    def look(self, key: str) -> tuple[Tag, int]:
        """The tag of ``key`` and the number of its bytes, from a HEAD request."""
        answer = self._head(key)
        return state_of(answer, key).tag, int(require_field(answer, "ContentLength", key))

    def _head(self, key: str, **version: str) -> dict[str, Any]:
        """The answer to a HEAD request about ``key``.

        A 404 answer to HEAD does not say whether the key or the bucket is missing. So if no request has
        succeeded before, one more request checks whether the bucket exists.
        """
        try:
            return self.ask("head_object", key, **version)  # type: ignore[no-any-return]
        except KeyError:
            if not self._seen:
                self.ask("head_bucket")
            raise

    def write(
        self,
        key: str,
        value: bytes,
        expected: Tag | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Tag:
        """Write ``value`` in one request, and return the new tag.

        Raises Conflict if ``expected`` is given and the object does not carry it.
        """
        metadata = {**self.note(), **(metadata or {})}
        parameters = {**self.served, **self.condition(key, expected)}
        if metadata:
            parameters["Metadata"] = metadata
        return state_of(self.ask("put_object", key, Body=value, **parameters), key).tag

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete ``key``. Raises Conflict if ``expected`` is given and the object does not carry it."""
        self.ask("delete_object", key, **self.condition(key, expected))

    def discard(self, key: str) -> None:
        """Delete ``key`` if it exists."""
        with contextlib.suppress(KeyError):  # S3 does not report a missing key; some servers do
            self.delete(key)

    def objects(self, span: Span, prefix: str, size: int = PAGE) -> Iterator[S3Object]:
        """The objects of ``span`` in order, with their names below ``root``; a page holds up to ``size``."""
        if span.empty:
            return
        root = self.root
        names = NameRange(
            root + prefix,
            root + span.low,
            None if span.high is None else root + span.high,
            span.hides,
        )
        for name, tag in self._in_bucket(names, size):
            yield S3Object(name[len(root) :], tag)

    def _in_bucket(self, names: NameRange, size: int) -> Iterator[S3Object]:
        yield from self._flat(names, size)
        if self._listing == "nested":
            yield from list_nested(self._page, names, size)

    def _flat(self, names: NameRange, size: int) -> Iterator[S3Object]:
        """The objects of ``names``. Yields none if the first page shows that listing has to be nested."""
        try:
            for found in list_flat(self._page, names, size):
                if self._listing == "nested":
                    return
                yield found
        except Unsupported:  # the first page was out of order before any of its objects was yielded
            if self._listing != "nested":
                raise

    def _page(self, **parameters: Any) -> dict[str, Any]:
        if self._unpaged:
            parameters = {"Prefix": parameters["Prefix"], "MaxKeys": _ALL}
        with trim_entries():
            answer: dict[str, Any] = self.ask("list_objects_v2", **parameters)
        if self._listing == "auto":
            server = _server(answer)
            self._listing = "nested" if server in _IN_FOLDERS else "flat"
            self._unpaged = server in _LOSES_PLACE
            return self._page(**parameters) if self._unpaged else answer
        return answer

    @property
    def conditions(self) -> Conditions:
        """How the server treats conditions. Tests them with requests if that is not known yet."""
        client = self.connection.client
        if sdk.is_aws(client):
            return HONOURED  # as documented for writes, and for deletes in general purpose buckets
        place = client.meta.endpoint_url, self.name
        if place not in _known:
            _known[place] = self._probe()
        conditions, self._bare = _known[place]
        return conditions

    def _probe(self) -> _Server:
        """Test the conditions. If the server does not know its ETags with quotes (Ceph), test without."""
        self._bare = False
        quoted = probe_conditions(self, _NEVER)
        if quoted.reason != TAGS_UNKNOWN:
            return _Server(quoted, bare=False)
        self._bare = True
        bare = probe_conditions(self, _NEVER)
        return _Server(bare, bare=True) if bare.features else _Server(quoted, bare=False)

    def condition(self, key: str, expected: Tag | None) -> dict[str, Any]:
        """The parameter that makes a request about ``key`` conditional; empty if ``expected`` is None.

        Raises Conflict if ``expected`` cannot be the tag of any object.
        """
        if expected is None:
            return {}
        if expected == ABSENT:
            return {"IfNoneMatch": "*"}
        if not _is_etag(expected):
            raise conflict(key)
        return {"IfMatch": expected if self._bare else f'"{expected}"'}

    def close(self) -> None:
        """Close the connections of this process."""
        self.transport.close()


def _server(answer: dict[str, Any]) -> str:
    """The name of the server: the first word of its Server header, or LocalStack."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return "LocalStack" if "x-localstack" in headers else headers.get("server", "").partition(" ")[0]


def _whole(answer: dict[str, Any], key: str) -> tuple[dict[str, Any], bytes]:
    """An answer about ``key`` and its body. Closes the body, even if it is not an object or reading it fails."""
    with closing(answer["Body"]) as body:
        state_of(answer, key)
        return answer, body.read()


def state_of(answer: dict[str, Any], key: str) -> State:
    """The ETag, without quotes, and the metadata in an answer. Raises Corrupt if the answer has no ETag."""
    return State(Tag(require_field(answer, "ETag", key).strip('"')), answer.get("Metadata", {}))


def require_field(answer: dict[str, Any], name: str, key: str) -> Any:
    """The field ``name`` of an answer about ``key``. S3 always sends it; raises Corrupt if it is missing."""
    if name not in answer:
        message = f"the answer about {key!r} has no {name}; check that an S3 server is at this endpoint"
        raise Corrupt(message, key=key)
    return answer[name]
