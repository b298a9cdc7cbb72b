"""Requests by key to one bucket, or to the part of it below a prefix; errors are translated to holdall's."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from holdall.adapters._objectstore.names import CONNECTIONS, NameRange
from holdall.adapters._objectstore.probe import HONOURED, Conditions, probe_conditions, scratch
from holdall.adapters._objectstore.write_ids import State
from holdall.adapters._shared.throttle import Pace
from holdall.adapters.gcs.attempts import Attempts
from holdall.adapters.gcs.calls import Calls, Stat
from holdall.adapters.gcs.client import Connection, Options, connect, create_bucket
from holdall.adapters.gcs.download import download, download_part
from holdall.adapters.gcs.errors import RAISED, begins_after_end, translate
from holdall.adapters.gcs.json_api import JsonAPI
from holdall.adapters.gcs.listing import PAGE, GCSObject, Page, list_objects
from holdall.adapters.gcs.observed import is_observed
from holdall.adapters.gcs.sdk import SDK
from holdall.errors import Conflict, Corrupt, HoldallError
from holdall.handles import PerProcess
from holdall.keys import Span
from holdall.ranges import ByteRange
from holdall.store import Tag, conflict

R = TypeVar("R")

Send = Callable[[Connection, Any], R]
"""A function that sends one request over a connection, and retries by the client's `Retry` that it is given."""

THRESHOLD = 8 * 2**20
"""A value above this many bytes is sent in an upload session of several requests."""

_NEVER = Tag("1")  # never issued: generations count microseconds
_LAST = 2**63  # generations are 64-bit integers

_known: dict[tuple[str, str], Conditions] = {}  # by endpoint and bucket; kept until the process ends


class GCSBucket:
    """The objects of the bucket ``name`` below ``root``, which is empty or ends in a slash.

    Threads may share it. The first request in each process creates its client.
    """

    def __init__(
        self,
        name: str,
        root: str,
        options: Options,
        *,
        served: Mapping[str, str] | None = None,
        create: bool = False,
    ) -> None:
        self.name = name
        self.root = root
        self.options = options
        self.pace = Pace(CONNECTIONS)
        self.batches = True
        """Whether the server accepts several deletes in one request; True until a request shows otherwise."""
        self.note: Callable[[], Mapping[str, str]] = dict
        """Returns the metadata that every write stores with its value."""
        self.served = served or {}
        """Further properties that every write sets: the headers with which the server serves the object."""
        self._create = create
        self._connection = PerProcess(self._connect)
        self._seen = False
        self._resumes: bool | None = None

    def _connect(self) -> Connection:
        try:
            connection = connect(self.options)
            if self._create:
                Attempts(self.options.retries, self.pace)(
                    lambda retry: create_bucket(connection, self.name, self.options, retry)
                )
        except RAISED as error:
            raise translate(error, self.name) from error
        return connection

    @property
    def connection(self) -> Connection:
        """The client and session of this process."""
        return self._connection()

    def ask(self, send: Send[R], key: str | None = None) -> R:
        """The answer to one request, about ``key`` if it is given. Raises holdall's errors and KeyError."""
        connection = self.connection
        try:
            answer = Attempts(self.options.retries, self.pace)(lambda retry: send(connection, retry))
        except RAISED as error:
            problem = translate(error, self.name, key)
            if isinstance(problem, KeyError):
                self.check_exists()  # the answer does not say whether the key or the bucket is missing
            raise problem from error
        self._seen = True
        return answer

    def check_exists(self) -> None:
        """Raise StoreNotFound if the bucket is missing. Sends no request if an earlier one has succeeded."""
        if not self._seen:
            next(self.objects(Span.of(), "", size=1), None)

    def blob(self, connection: Connection, key: str) -> Any:
        """The client's blob for ``key``, without a request."""
        return self._sdk(connection).blob(self.root + key)

    def _sdk(self, connection: Connection) -> SDK:
        return SDK(connection.client, self.name, self.options.timeout)

    def _calls(self, connection: Connection) -> Calls:
        if is_observed(connection):
            return self._sdk(connection)
        return JsonAPI(connection, self.name, self.options.timeout)

    # ---- Reading -------------------------------------------------------------------------------

    def read(self, key: str, generation: str = "") -> tuple[State, bytes]:
        """The state of ``key`` and its whole body. An empty ``generation`` means the newest one."""

        def send(connection: Connection, retry: Any) -> tuple[State, bytes]:
            where = connection, self.name, self.root + key, generation, self.options.timeout
            return retry(download)(*where)  # type: ignore[no-any-return]

        return self.ask(send, key)

    def _download_part(self, key: str, part: ByteRange, generation: str) -> tuple[State, bytes]:
        def send(connection: Connection, retry: Any) -> tuple[State, bytes]:
            where = connection, self.name, self.root + key, generation, self.options.timeout
            return retry(download_part)(*where, part)  # type: ignore[no-any-return]

        return self.ask(send, key)

    def read_part(self, key: str, part: ByteRange) -> bytes:
        """The ``part`` of the body of ``key``; its length is not 0."""
        try:
            return self._download_part(key, part, "")[1]
        except HoldallError as error:
            if not begins_after_end(error):
                raise
            # A server may also refuse the last bytes of a shorter value, which are all of its bytes.
            return b"" if part.start >= 0 else self.read_part(key, part._replace(start=0))

    def read_version(self, key: str, tag: Tag, part: ByteRange) -> bytes:
        """The ``part`` of the body of ``key`` that carries ``tag``. Raises Conflict if the server lacks it."""
        try:
            state, body = self._download_part(key, part, tag)
        except KeyError:
            raise conflict(key) from None
        if state.tag != tag:  # the server ignores the generation
            raise conflict(key)
        return body

    def head(self, key: str, generation: str = "") -> State:
        """The state of ``key``, without its body; ``generation`` is as in `read`."""
        found = self._stat(key, generation)
        return State(tag_of(found.generation, key), found.metadata)

    def look(self, key: str) -> tuple[Tag, int]:
        """The tag of ``key`` and the number of its bytes, without its body."""
        found = self._stat(key)
        return tag_of(found.generation, key), found.size

    def _stat(self, key: str, generation: str = "") -> Stat:
        name = self.root + key
        return self.ask(lambda connection, retry: self._calls(connection).stat(name, generation, retry), key)

    def objects(self, span: Span, prefix: str, size: int = PAGE) -> Iterator[GCSObject]:
        """The objects of ``span`` in order, with their names below ``root``; a page holds up to ``size``."""
        root = self.root
        high = None if span.high is None else root + span.high

        def ask(names: NameRange, token: str | None) -> Page:
            return self.ask(lambda connection, retry: self._calls(connection).page(names, token, size, retry))

        if not span.empty:
            for found in list_objects(ask, NameRange(root + prefix, root + span.low, high, span.hides)):
                yield found._replace(name=found.name[len(root) :])

    def headers(self) -> dict[str, str]:
        """The headers of an answer of the server, with names in lower case."""

        def send(connection: Connection, retry: Any) -> Any:
            url = f"{connection.client.api_endpoint}/storage/v1/b/{quote(self.name)}/o"
            return connection.session.get(url, params={"maxResults": 1}, timeout=self.options.timeout)

        return {name.lower(): value for name, value in self.ask(send).headers.items()}

    # ---- Writing -------------------------------------------------------------------------------

    def write(
        self,
        key: str,
        value: bytes,
        expected: Tag | None = None,
        metadata: Mapping[str, str] | None = None,
        *,
        resumable: bool = False,
    ) -> Tag:
        """Write ``value``, and return the new tag.

        Raises Conflict if ``expected`` is given and the object does not carry it. A large value, or any value
        if ``resumable`` is true, takes one request to begin the upload and more for its parts.
        """
        name, match = self.root + key, generation_of(key, expected)
        properties = self.properties(metadata or {})

        def send(connection: Connection, retry: Any) -> Tag:
            if resumable or len(value) > THRESHOLD:
                sdk = self._sdk(connection)
                found = sdk.upload(name, value, match, properties, retry, resumable=resumable)
            else:
                found = self._calls(connection).upload(name, value, match, properties, retry)
            return tag_of(found, key)

        return self.ask(send, key)

    def properties(self, metadata: Mapping[str, str]) -> dict[str, Any]:
        """The properties that a write sets, with ``metadata``, by the names of the client's attributes."""
        stored = {**self.note(), **metadata}
        # Empty metadata would be sent as null, which not every server accepts.
        return {**self.served, **({"metadata": stored} if stored else {})}

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete ``key``. Raises KeyError if it is missing.

        Raises Conflict if ``expected`` is given and the object does not carry it.
        """
        name, match = self.root + key, generation_of(key, expected)
        self.ask(lambda connection, retry: self._calls(connection).delete(name, match, retry), key)

    def discard(self, key: str) -> None:
        """Delete ``key`` if it exists."""
        with contextlib.suppress(KeyError):
            self.delete(key)

    # ---- Abilities of the server ---------------------------------------------------------------

    @property
    def conditions(self) -> Conditions:
        """How the server treats conditions. Tests them with requests if that is not known yet."""
        connection = self.connection
        if connection.is_google:
            return HONOURED
        place = connection.client.api_endpoint, self.name
        if place not in _known:
            _known[place] = probe_conditions(self, _NEVER)
        return _known[place]

    @property
    def resumable_conditions(self) -> bool:
        """Whether the server honours conditions on the upload of a large value too."""
        if self._resumes is None:
            self._resumes = self.connection.is_google or self._probe_resumable()
        return self._resumes

    def _probe_resumable(self) -> bool:
        with scratch(self) as key, contextlib.suppress(Conflict):
            self.write(key, b"1", _NEVER, resumable=True)
            return False
        return True

    def close(self) -> None:
        """Close the connections of this process."""
        connection = self._connection.take()
        if connection is not None:
            connection.close()


def generation_of(key: str, expected: Tag | None) -> int | None:
    """The generation that a request has to match. Raises Conflict if no object can have it."""
    if not expected:
        return None if expected is None else 0  # 0 means ABSENT
    if not (expected.isascii() and expected.isdigit() and 0 < int(expected) < _LAST):
        raise conflict(key)
    return int(expected)


def tag_of(generation: object, key: str) -> Tag:
    """The tag of ``key`` by the ``generation`` in an answer. Raises Corrupt if the answer has none."""
    if generation is None:
        message = f"the answer about {key!r} has no generation; check that a Cloud Storage server is at this endpoint"
        raise Corrupt(message, key=key)
    return Tag(str(generation))
