"""One bucket, or what is under a prefix of it: requests by key, errors translated, the server known."""

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from holdall.adapters.concurrent import Pace
from holdall.adapters.conditions import HONOURED, Conditions, scratch, tried
from holdall.adapters.gcs.client import Connection, Options, connected, create_bucket
from holdall.adapters.gcs.download import download
from holdall.adapters.gcs.errors import RAISED, translated
from holdall.adapters.gcs.listing import PAGE, Found, Page, Range, listed, page
from holdall.adapters.gcs.tries import Tries
from holdall.adapters.objects import CONNECTIONS
from holdall.adapters.traces import State
from holdall.errors import Conflict, Corrupt
from holdall.handles import PerProcess
from holdall.keys import Span
from holdall.store import Tag, conflict

R = TypeVar("R")

Send = Callable[[Connection, Any], R]
"""One request by a connection, to be tried again by the client's `Retry` that comes with it."""

_NEVER = Tag("1")  # generations count microseconds
_LAST = 2**63  # they are 64-bit integers

_known: dict[tuple[str, str], Conditions] = {}  # by endpoint and bucket, for as long as the process lives


class Bucket:
    """The bucket ``name`` below ``root``, which is empty or ends in a slash.

    Threads share it. Its client is made by the first request in each process.
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
        """Whether the server takes several deletes in one request, as far as is known."""
        self.note: Callable[[], Mapping[str, str]] = dict
        """What every write says beside its value, in the object's metadata."""
        self.served = served or {}
        """What else every write says: properties of the object, which tell how it is served."""
        self._create = create
        self._connection = PerProcess(self._connect)
        self._seen = False
        self._resumes: bool | None = None

    def _connect(self) -> Connection:
        try:
            connection = connected(self.options)
            if self._create:
                Tries(self.options.retries, self.pace)(
                    lambda retry: create_bucket(connection, self.name, self.options, retry)
                )
        except RAISED as error:
            raise translated(error, self.name) from error
        return connection

    @property
    def connection(self) -> Connection:
        """The client and session of this process."""
        return self._connection()

    def ask(self, send: Send[R], key: str | None = None) -> R:
        """The answer to one request, about ``key`` where there is one; or holdall's errors and KeyError."""
        connection = self.connection
        try:
            answer = Tries(self.options.retries, self.pace)(lambda retry: send(connection, retry))
        except RAISED as error:
            problem = translated(error, self.name, key)
            if isinstance(problem, KeyError):
                self.look()  # the answer does not say whether the key or the bucket is missing
            raise problem from error
        self._seen = True
        return answer

    def look(self) -> None:
        """StoreNotFound where the bucket is missing; asked once, unless something else has shown it."""
        if not self._seen:
            next(self.objects(Span.of(), "", size=1), None)

    def blob(self, connection: Connection, key: str, generation: str = "") -> Any:
        """The client's idea of the object of ``key``; ``generation`` as in `read`."""
        return connection.client.bucket(self.name).blob(self.root + key, generation=generation or None)

    # ---- Reading -------------------------------------------------------------------------------

    def read(self, key: str, generation: str = "") -> tuple[State, bytes]:
        """What ``key`` is and its whole body, of ``generation`` if it is not to be the newest."""

        def send(connection: Connection, retry: Any) -> tuple[State, bytes]:
            where = connection, self.name, self.root + key, generation, self.options.timeout
            return retry(download)(*where)  # type: ignore[no-any-return]

        return self.ask(send, key)

    def head(self, key: str, generation: str = "") -> State:
        """What ``key`` is, without its body; ``generation`` as in `read`."""

        def send(connection: Connection, retry: Any) -> State:
            blob = self.blob(connection, key, generation)
            blob.reload(timeout=self.options.timeout, retry=retry)
            return State(_tag(blob, key), blob.metadata or {})

        return self.ask(send, key)

    def objects(self, span: Span, prefix: str, size: int = PAGE) -> Iterator[Found]:
        """The objects of ``span``, named below ``root``, in order; ``size`` is how many a page may hold."""
        root = self.root
        high = None if span.high is None else root + span.high

        def ask(names: Range, token: str | None) -> Page:
            return self.ask(
                lambda connection, retry: page(
                    connection.client,
                    self.name,
                    names,
                    token,
                    size,
                    timeout=self.options.timeout,
                    retry=retry,
                )
            )

        if not span.empty:
            for found in listed(ask, Range(root + prefix, root + span.low, high, span.hides)):
                yield found._replace(name=found.name[len(root) :])

    def headers(self) -> dict[str, str]:
        """The headers of an answer of the server, their names in lower case."""

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
        """Write ``value``; where ``expected`` is given if that holds, else Conflict. The new tag.

        Large values, and ``resumable`` ones, take a request to begin with and more for their parts.
        """
        match = _generation(key, expected)
        size = None if resumable else len(value)
        told = {**self.note(), **(metadata or {})}

        def send(connection: Connection, retry: Any) -> Tag:
            blob = self.blob(connection, key)
            if told:  # else it would be sent as null, which not every server takes
                blob.metadata = told
            for name, header in self.served.items():
                setattr(blob, name, header)
            bounds = {"timeout": self.options.timeout, "retry": retry}
            blob.upload_from_file(io.BytesIO(value), size=size, if_generation_match=match, **bounds)
            return _tag(blob, key)

        return self.ask(send, key)

    def delete(self, key: str, expected: Tag | None = None) -> None:
        """Delete ``key``; where ``expected`` is given if that holds, else Conflict. KeyError if it is missing."""
        match = _generation(key, expected)
        bounds = {"timeout": self.options.timeout}
        self.ask(
            lambda connection, retry: self.blob(connection, key).delete(
                if_generation_match=match, retry=retry, **bounds
            ),
            key,
        )

    def discard(self, key: str) -> None:
        """Delete ``key`` if it is there."""
        with contextlib.suppress(KeyError):
            self.delete(key)

    # ---- What the server can do ----------------------------------------------------------------

    @property
    def conditions(self) -> Conditions:
        """What the server does with conditions; tried out where that is not known yet."""
        connection = self.connection
        if connection.is_google:
            return HONOURED
        place = connection.client.api_endpoint, self.name
        if place not in _known:
            _known[place] = tried(self, _NEVER)
        return _known[place]

    @property
    def resumable_conditions(self) -> bool:
        """Whether the upload of a large value can be conditional too."""
        if self._resumes is None:
            self._resumes = self.connection.is_google or self._resumable_tried()
        return self._resumes

    def _resumable_tried(self) -> bool:
        with scratch(self) as key, contextlib.suppress(Conflict):
            self.write(key, b"1", _NEVER, resumable=True)
            return False
        return True

    def close(self) -> None:
        """Close the connections of this process."""
        connection = self._connection.take()
        if connection is not None:
            connection.close()


def _generation(key: str, expected: Tag | None) -> int | None:
    """The generation that a request is to match; Conflict where no object can have it."""
    if not expected:
        return None if expected is None else 0  # what is ABSENT
    if not (expected.isascii() and expected.isdigit() and 0 < int(expected) < _LAST):
        raise conflict(key)
    return int(expected)


def _tag(blob: Any, key: str) -> Tag:
    if blob.generation is None:
        message = f"an answer about {key!r} without generation: no storage server is at this endpoint"
        raise Corrupt(message, key=key)
    return Tag(str(blob.generation))
