"""One bucket, or what is under a prefix of it: requests by key, errors translated, the server known."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from holdall.adapters.concurrent import Pace
from holdall.adapters.conditions import HONOURED, TAGS_UNKNOWN, Conditions, tried
from holdall.adapters.objects import CONNECTIONS
from holdall.adapters.s3 import client as sdk
from holdall.adapters.s3.errors import RAISED, translated
from holdall.adapters.s3.listing import PAGE, Found, Range, flat, nested
from holdall.adapters.traces import State
from holdall.errors import Corrupt, Unsupported
from holdall.handles import PerProcess
from holdall.keys import Span
from holdall.store import ABSENT, Tag, conflict

_NEVER = Tag("never-issued")
_is_etag = re.compile(r"[!#-~]+").fullmatch  # RFC 9110, section 8.8.3, less what no header can carry
_IN_FOLDERS = {"SeaweedFS"}  # what keeps objects in folders, and lists them so
# Where a page begins it orders é as %C3%A9, which is before a; but it gives all names in one page if asked.
_LOSES_PLACE = {"LocalStack"}
_ALL = 2**31 - 1


class _Server(NamedTuple):
    """What is known of a server: its conditions, and whether it compares ETags only without their quotes."""

    conditions: Conditions
    bare: bool


_known: dict[tuple[str, str], _Server] = {}  # by endpoint and bucket, for as long as the process lives


class Bucket:
    """The bucket ``name`` below ``root``, which is empty or ends in a slash.

    Threads share it. Its client is made by the first request in each process.
    """

    def __init__(
        self,
        name: str,
        root: str,
        options: sdk.Options,
        *,
        served: Mapping[str, str] | None = None,
        listing: str = "auto",
        create: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.options = options
        self.pace = Pace(CONNECTIONS)
        self.note: Callable[[], Mapping[str, str]] = dict
        """What every write says beside its value, in the object's metadata."""
        self.served = served or {}
        """What else every write sends: the parameters that say how the object is served."""
        self._listing = listing
        self._create = create
        self._connection = PerProcess(self._connect)
        self._seen = False
        self._unpaged = False
        self._bare = False

    def _connect(self) -> sdk.Connection:
        try:
            connection = sdk.connected(self.options, self.pace)
            if self._create:
                sdk.create_bucket(connection.client, self.name)
        except RAISED as error:
            raise translated(error, self.name) from error
        return connection

    @property
    def connection(self) -> sdk.Connection:
        """The boto3 session and client of this process."""
        return self._connection()

    def ask(self, operation: str, key: str | None = None, /, **parameters: Any) -> Any:
        """The answer to one request, about ``key`` where there is one; raises holdall's errors and KeyError."""
        if key is not None:
            parameters["Key"] = self.root + key
        try:
            answer = getattr(self._connection().client, operation)(Bucket=self.name, **parameters)
        except RAISED as error:
            raise translated(error, self.name, key) from error
        self._seen = True
        return answer

    def read(self, key: str, **version: str) -> tuple[State, bytes]:
        """What ``key`` is and its whole body; a body that breaks off is asked for once more.

        ``version`` is a VersionId, if it is not to be the newest.
        """
        try:
            return _whole(self.ask("get_object", key, **version), key)
        except RAISED:
            return self._read_again(key, version)

    def _read_again(self, key: str, version: dict[str, str]) -> tuple[State, bytes]:
        answer = self.ask("get_object", key, **version)
        try:
            return _whole(answer, key)
        except RAISED as error:
            raise translated(error, self.name, key) from error

    def head(self, key: str, **version: str) -> State:
        """What HEAD says of ``key``. It cannot say whether that or the bucket is missing, so that is asked once."""
        try:
            return state_of(self.ask("head_object", key, **version), key)
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
        """Write ``value`` in one request; where ``expected`` is given if that holds, else Conflict. The new tag."""
        metadata = {**self.note(), **(metadata or {})}
        told = {**self.served, **self.condition(key, expected)}
        if metadata:
            told["Metadata"] = metadata
        return state_of(self.ask("put_object", key, Body=value, **told), key).tag

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete ``key``; where ``expected`` is given if that holds, else Conflict."""
        self.ask("delete_object", key, **self.condition(key, expected))

    def discard(self, key: str) -> None:
        """Delete ``key`` if it is there."""
        with contextlib.suppress(KeyError):  # S3 never says so; some servers do
            self.delete(key)

    def objects(self, span: Span, prefix: str, size: int = PAGE) -> Iterator[Found]:
        """The objects of ``span``, named below ``root``, in order; ``size`` is how many a page may hold."""
        if span.empty:
            return
        root = self.root
        names = Range(
            root + prefix,
            root + span.low,
            None if span.high is None else root + span.high,
            span.hides,
        )
        for found in self._flat(names, size):
            yield found._replace(name=found.name[len(root) :])
        if self._listing == "nested":
            for found in nested(self._page, names, size):
                yield found._replace(name=found.name[len(root) :])

    def _flat(self, names: Range, size: int) -> Iterator[Found]:
        """The objects of ``names``, or none where the first page tells that they have to be listed nested."""
        try:
            for found in flat(self._page, names, size):
                if self._listing == "nested":
                    return
                yield found
        except Unsupported:  # the first page is not in order, from before its first object
            if self._listing != "nested":
                raise

    def _page(self, **parameters: Any) -> dict[str, Any]:
        if self._unpaged:
            parameters = {"Prefix": parameters["Prefix"], "MaxKeys": _ALL}
        answer: dict[str, Any] = self.ask("list_objects_v2", **parameters)
        if self._listing == "auto":
            server = _server(answer)
            self._listing = "nested" if server in _IN_FOLDERS else "flat"
            self._unpaged = server in _LOSES_PLACE
            return self._page(**parameters) if self._unpaged else answer
        return answer

    @property
    def conditions(self) -> Conditions:
        """What the server does with conditions; tried out where that is not known yet."""
        client = self.connection.client
        if sdk.is_aws(client):
            return HONOURED  # as documented: on writes, and on deletes in general purpose buckets
        place = client.meta.endpoint_url, self.name
        if place not in _known:
            _known[place] = self._tried()
        conditions, self._bare = _known[place]
        return conditions

    def _tried(self) -> _Server:
        """Try conditions out; if the server does not know its own ETags with their quotes (Ceph), without them."""
        self._bare = False
        quoted = tried(self, _NEVER)
        if quoted.reason != TAGS_UNKNOWN:
            return _Server(quoted, bare=False)
        self._bare = True
        bare = tried(self, _NEVER)
        return _Server(bare, bare=True) if bare.features else _Server(quoted, bare=False)

    def condition(self, key: str, expected: Tag | None) -> dict[str, Any]:
        """The parameter that makes a request about ``key`` conditional; Conflict if no object can be ``expected``."""
        if expected is None:
            return {}
        if expected == ABSENT:
            return {"IfNoneMatch": "*"}
        if not _is_etag(expected):
            raise conflict(key)
        return {"IfMatch": expected if self._bare else f'"{expected}"'}

    def close(self) -> None:
        """Close the connections of this process."""
        connection = self._connection.take()
        if connection is not None:
            connection.client.close()


def _server(answer: dict[str, Any]) -> str:
    """The first word that the server says of itself."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return "LocalStack" if "x-localstack" in headers else headers.get("server", "").partition(" ")[0]


def _whole(answer: dict[str, Any], key: str) -> tuple[State, bytes]:
    """The object in an answer, and its body. Who does not read that to its end has to close its connection."""
    with closing(answer["Body"]) as body:
        return state_of(answer, key), body.read()


def state_of(answer: dict[str, Any], key: str) -> State:
    """The object in an answer: its ETag, unquoted, and its metadata. Corrupt where the answer has no ETag."""
    return State(Tag(told(answer, "ETag", key).strip('"')), answer.get("Metadata", {}))


def told(answer: dict[str, Any], name: str, key: str) -> Any:
    """What every answer of this kind about ``key`` tells under ``name``; Corrupt where this one does not."""
    if name not in answer:
        message = f"an answer about {key!r} without {name}: no S3 server is at this endpoint"
        raise Corrupt(message, key=key)
    return answer[name]
