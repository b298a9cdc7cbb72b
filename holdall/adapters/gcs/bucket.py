"""The objects of one bucket, or of the part of it below a prefix, by key."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from holdall.adapters._objectstore.names import NameRange
from holdall.adapters._objectstore.probe import HONOURED, Conditions, probe_conditions, scratch
from holdall.adapters._objectstore.write_ids import State
from holdall.adapters.gcs.calls import Stat
from holdall.adapters.gcs.client import Connection, Options
from holdall.adapters.gcs.download import download, download_part
from holdall.adapters.gcs.errors import begins_after_end
from holdall.adapters.gcs.listing import PAGE, GCSObject, Page, list_objects
from holdall.adapters.gcs.sender import Sender
from holdall.errors import Conflict, Corrupt, HoldallError
from holdall.keys import Span
from holdall.ranges import ByteRange
from holdall.store import Tag, conflict

THRESHOLD = 8 * 2**20
"""A value above this many bytes is sent in an upload session of several requests."""

_NEVER = Tag("1")  # never issued: generations count microseconds
_LAST = 2**63  # generations are 64-bit integers

_known: dict[tuple[str, str], Conditions] = {}  # by endpoint and bucket; kept until the process ends


class GCSBucket(Sender):
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
        super().__init__(name, root, options, create=create)
        self.batches = True
        """Whether the server accepts several deletes in one request; True until a request shows otherwise."""
        self.note: Callable[[], Mapping[str, str]] = dict
        """Returns the metadata that every write stores with its value."""
        self.served = served or {}
        """Further properties that every write sets: the headers with which the server serves the object."""
        self._resumes: bool | None = None

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
        return self.ask(lambda connection, retry: self.calls(connection).stat(name, generation, retry), key)

    def objects(self, span: Span, prefix: str, size: int = PAGE) -> Iterator[GCSObject]:
        """The objects of ``span`` in order, with their names below ``root``; a page holds up to ``size``."""
        root = self.root
        high = None if span.high is None else root + span.high

        def ask(names: NameRange, token: str | None) -> Page:
            return self.ask(lambda connection, retry: self.calls(connection).page(names, token, size, retry))

        if not span.empty:
            for found in list_objects(ask, NameRange(root + prefix, root + span.low, high, span.hides)):
                yield found._replace(name=found.name[len(root) :])

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
                sdk = self.sdk(connection)
                found = sdk.upload(name, value, match, properties, retry, resumable=resumable)
            else:
                found = self.calls(connection).upload(name, value, match, properties, retry)
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
        self.ask(lambda connection, retry: self.calls(connection).delete(name, match, retry), key)

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
