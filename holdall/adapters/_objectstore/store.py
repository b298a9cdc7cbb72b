"""The common part of stores in buckets. Each service adds its own implementation of `Bucket` and `Writes`."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from holdall.adapters._objectstore.names import is_key, write_all
from holdall.adapters._objectstore.probe import Conditions
from holdall.adapters._objectstore.streams import Upload, UploadSink
from holdall.adapters._objectstore.write_ids import State
from holdall.adapters._shared.throttle import Pace
from holdall.errors import Unsupported
from holdall.files import Sink, ValueWriter, is_to_write, open_value
from holdall.keys import Foreign, Span, check_key, to_name
from holdall.ranges import ByteRange
from holdall.store import ABSENT, Feature, Store, Tag, Tagged, to_bytes


class Bucket(Protocol):
    """Requests by key to a bucket, or to the part below a prefix. They raise KeyError and holdall's errors."""

    name: str
    pace: Pace

    @property
    def conditions(self) -> Conditions:
        """How the server treats conditional requests. The first access may cost requests."""
        ...

    def read(self, key: str) -> tuple[State, bytes]:
        """The state of ``key``, and its whole body."""
        ...

    def head(self, key: str) -> State:
        """The state of ``key``, without its body."""
        ...

    def read_part(self, key: str, part: ByteRange) -> bytes:
        """The ``part`` of the body of ``key``; its length is not 0."""
        ...

    def read_version(self, key: str, tag: Tag, part: ByteRange) -> bytes:
        """As `read_part`, of the version that carries ``tag``. Raises Conflict if the server lacks that version."""
        ...

    def look(self, key: str) -> tuple[Tag, int]:
        """The tag of ``key``, and the number of bytes of its body, without the body."""
        ...

    def objects(self, span: Span, prefix: str, size: int = ...) -> Iterator[tuple[str, str]]:
        """The name and tag of each object of ``span``, in order; a page holds up to ``size`` objects."""
        ...

    def discard(self, key: str) -> None:
        """Delete ``key`` if it exists."""
        ...

    def close(self) -> None:
        """Close the connections of this process."""
        ...


class Writes(Protocol):
    """The changes to a bucket. A lost answer neither loses a change nor applies it twice."""

    def remember(self, key: str, state: State, /) -> Tag:
        """Return the tag of ``state``, in which ``key`` was read, and remember the state for later swaps."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whether or not the key exists."""
        ...

    def delete(self, key: str) -> None:
        """Delete ``key``. Raises KeyError if it is missing."""
        ...

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` carries ``expected``, and return the new tag; else raises Conflict."""
        ...

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it carries ``expected``; otherwise raises Conflict."""
        ...


_BUFFER = 8 * 2**20  # bytes that one request of a file reads

B = TypeVar("B", bound=Bucket)
W = TypeVar("W", bound=Writes)


class BucketStore(Store[bytes], Generic[B, W]):
    """A store of the objects of a bucket. Each service adds its bulk reads and deletes, and its history."""

    _scheme: ClassVar[str]
    """The scheme of the store's addresses."""

    _always: ClassVar[Feature]
    """The features of the store that do not depend on conditional requests."""

    _part: ClassVar[int]
    """The bytes of a part of a value that is written as a file."""

    _bucket: B
    _writes: W

    @property
    def features(self) -> Feature:
        return self._always | self._bucket.conditions.features

    # ---- Reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str, /) -> bytes:
        check_key(key)
        return self._bucket.read(key)[1]

    def __contains__(self, key: object, /) -> bool:
        check_key(cast(str, key))  # raises TypeError if it is not a str
        try:
            self._bucket.head(cast(str, key))
        except KeyError:
            return False
        return True

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        check_key(key)
        state, value = self._bucket.read(key)
        return Tagged(value, self._writes.remember(key, state))

    def tag(self, key: str, /) -> Tag:
        check_key(key)
        try:
            return self._writes.remember(key, self._bucket.head(key))
        except KeyError:
            return ABSENT

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        part = ByteRange.of(start, length)
        if part.length == 0:
            self._bucket.head(key)  # raises KeyError if it is missing
            return b""
        return self._bucket.read_part(key, part)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        check_key(key)
        if is_to_write(mode, expected):
            if expected is not None:
                self._need(Feature.SWAP)
            return ValueWriter(self._sink(key, expected))
        tag, size = self._bucket.look(key)
        return open_value(size, partial(self._bucket.read_version, key, tag), buffer=_BUFFER, tag=tag)

    def _sink(self, key: str, expected: Tag | None) -> Sink:
        """Return the sink for a new value of ``key``."""
        begin = partial(self._upload, key, expected)
        return UploadSink(self._part, begin, partial(self._write_whole, key, expected))

    def _write_whole(self, key: str, expected: Tag | None, value: bytes) -> Tag | None:
        if expected is not None:
            return self._writes.swap(key, value, expected)
        self._writes.put(key, value)
        return None

    @abstractmethod
    def _upload(self, key: str, expected: Tag | None) -> Upload:
        """Begin an upload of a new value of ``key`` in parts of `_part` bytes."""

    def size(self, key: str, /) -> int:
        check_key(key)
        return self._bucket.look(key)[1]

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return (key for key, _ in self.scan_tags(prefix, start=start, stop=stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        span = Span.of(prefix, start, stop)
        found = self._bucket.objects(span, prefix)
        return ((name, Tag(tag)) for name, tag in found if is_key(name, span))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return (to_name(name) for name, _ in self._bucket.objects(span, prefix) if span.shows(name))

    def get_foreign(self, name: Foreign, /) -> bytes:
        return self._bucket.read(name.stored)[1]

    def __bool__(self) -> bool:
        span = Span.of()
        return any(is_key(name, span) for name, _ in self._bucket.objects(span, "", size=1))

    # ---- Writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._writes.put(key, to_bytes(value))

    def _each(self, write: Callable[[str, bytes], object], items: Iterable[tuple[str, bytes]]) -> None:
        write_all(write, items, self._bucket.pace)

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        self._writes.delete(key)

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._bucket.discard(key)

    # ---- Compare-and-swap ----------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        value = to_bytes(value)
        self._need(Feature.SWAP)
        return self._writes.swap(key, value, expected)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        self._need(Feature.REMOVE)
        self._writes.remove(key, expected)

    def _need(self, feature: Feature) -> None:
        conditions = self._bucket.conditions
        if feature not in conditions.features:
            raise Unsupported(
                f"{self._scheme}://{self._bucket.name} lacks {feature.name}: {conditions.reason}"
            )

    def close(self) -> None:
        self._bucket.close()
