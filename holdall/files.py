"""The files that `Store.open` returns: they read and write one value in bounded memory."""

import contextlib
import io
import tempfile
from abc import abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, Literal, Self, cast

from holdall.errors import Invalid
from holdall.ranges import ByteRange
from holdall.store import Tag

if TYPE_CHECKING:
    from typing_extensions import Buffer

Mode = Literal["rb", "wb"]

BUFFER: Final = 1 << 20
"""The bytes that a file reads at once from a local store."""


def is_to_write(mode: str, expected: Tag | None) -> bool:
    """Return whether ``mode`` is "wb". Raises Invalid if it is not "rb" either, or ``expected`` is given with "rb"."""
    if mode not in ("rb", "wb"):
        raise Invalid(
            f"the mode {mode!r} is not known; open with 'rb' to read, or with 'wb' to write a new value"
        )
    if mode == "rb" and expected is not None:
        raise Invalid("expected= is for writing; open with 'wb', or leave it out")
    return mode == "wb"


class Sink:
    """The new value of a key, while it is written. `commit` makes it the value, and `discard` deletes it.

    Exactly one of the two is called, and nothing after it. If `commit` raises, it has discarded the value.
    """

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Add ``data``."""

    @abstractmethod
    def commit(self) -> Tag | None:
        """Make it the value of the key, wholly; return the new tag if the store tells it."""

    @abstractmethod
    def discard(self) -> None:
        """Delete everything that was written."""


class ValueWriter(io.BufferedIOBase):
    """A file whose content becomes a value when it is closed, wholly, or not at all.

    If a ``with`` block ends with an exception, `close` is not reached, or `close` raises, the key keeps its old
    value. `discard` gives up. If `write` raises, nobody knows how much of the data was added, so it gives up too, and
    `close` raises the error again. Only one thread may use a file.

    >>> from holdall import Memory
    >>> store = Memory()
    >>> with store.open("a", "wb") as file:
    ...     _ = file.write(b"one, ")
    ...     _ = file.write(b"two")
    >>> store["a"], file.tag == store.tag("a")
    (b'one, two', True)
    """

    def __init__(self, sink: Sink) -> None:
        self._sink: Sink | None = sink
        self._size = 0
        self._error: BaseException | None = None  # of a write
        self.tag: Tag | None = None
        """The tag of the new value after `close`; None before that, or if the store does not tell it."""

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        self._require_open()
        return self._size

    def write(self, data: "Buffer", /) -> int:
        """Add ``data``, and return how many bytes it has."""
        sink = self._require_open()
        copied = bytes(memoryview(data).cast("B"))
        try:
            sink.write(copied)
        except BaseException as error:
            self.discard()
            self._error = error
            raise
        self._size += len(copied)
        return len(copied)

    def close(self) -> None:
        """Make the content the value of the key. Raises Conflict if the key does not have the expected tag."""
        sink, self._sink = self._sink, None
        error, self._error = self._error, None
        super().close()
        if error is not None:
            raise error
        if sink is not None:
            self.tag = sink.commit()

    def discard(self) -> None:
        """Close the file without writing the value."""
        sink, self._sink = self._sink, None
        self._error = None
        super().close()
        if sink is not None:
            sink.discard()

    def _require_open(self) -> Sink:
        if self._sink is None:
            raise ValueError("the file is closed")
        return self._sink

    def __enter__(self) -> Self:
        self._require_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def __del__(self) -> None:
        """Discard the value: a file that nobody closed is not complete."""
        if getattr(self, "_sink", None) is not None:
            with contextlib.suppress(Exception):
                self.discard()


class Spool(Sink):
    """Keeps the value in a temporary file without a name, and gives it to ``commit`` with its size."""

    def __init__(self, commit: Callable[[IO[bytes], int], Tag | None]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - commit and discard close it
        self._commit = commit

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> Tag | None:
        with self._file as file:
            size = file.tell()
            file.seek(0)
            return self._commit(file, size)

    def discard(self) -> None:
        self._file.close()


class Passed(Sink):
    """Writes ``file``, a file of the store below a layer. ``around`` calls the function that closes the file."""

    def __init__(self, file: ValueWriter, around: Callable[[Callable[[], None]], object]) -> None:
        self._file = file
        self._around = around

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> Tag | None:
        try:
            self._around(self._file.close)
        finally:
            self._file.discard()  # if ``around`` did not reach it; otherwise this does nothing
        return self._file.tag

    def discard(self) -> None:
        self._file.discard()


class InMemory(Sink):
    """Keeps the value in memory, and gives it to ``commit``."""

    def __init__(self, commit: Callable[[bytes], Tag | None]) -> None:
        self._parts: list[bytes] = []
        self._commit = commit

    def write(self, data: bytes) -> None:
        self._parts.append(data)

    def commit(self) -> Tag | None:
        parts, self._parts = self._parts, []
        return self._commit(b"".join(parts))

    def discard(self) -> None:
        self._parts.clear()


class ValueReader(io.BufferedReader):
    """A file that reads one version of a value whose size is known. Only one thread may use it."""

    def __init__(self, raw: "_RawReader", buffer: int, tag: Tag | None) -> None:
        super().__init__(raw, buffer)
        self.size: Final = raw.size
        """How many bytes the value has."""
        self.tag = tag
        """The tag of this version of the value; None if the store or a layer does not tell it."""

    def read_part(self, part: ByteRange, /) -> bytes:
        """Return a part of the value, wherever the file is now. It reads no more than that."""
        start, length = part.within(self.size)
        return cast("_RawReader", self.raw).read_part(ByteRange(start, length)) if length else b""


class _RawReader(io.RawIOBase):
    """Reads a value of ``size`` bytes by ``read``, a part at a time. ``release`` is called when it is closed."""

    def __init__(
        self,
        size: int,
        read: Callable[[ByteRange], bytes],
        release: Callable[[], None] | None,
    ) -> None:
        self.size = size
        self.read_part = read
        self._release = release
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"the position {base + offset} is negative")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        length = min(len(view), self.size - self._at)
        if length <= 0:
            return 0
        data = self.read_part(ByteRange(self._at, length))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        left = max(0, self.size - self._at)
        data = bytearray(left)
        got = 0
        while got < left and (count := self.readinto(memoryview(data)[got : got + _MOST])):
            got += count
        return bytes(data[:got])

    def close(self) -> None:
        release, self._release = self._release, None
        super().close()
        if release is not None:
            release()


_MOST = 1 << 24  # bytes asked for at once


def open_value(
    size: int,
    read: Callable[[ByteRange], bytes],
    release: Callable[[], None] | None = None,
    *,
    buffer: int = BUFFER,
    tag: Tag | None = None,
) -> ValueReader:
    """Return a file that reads a value of ``size`` bytes by ``read``, up to ``buffer`` bytes at a time.

    ``tag`` is the tag of the version that it reads, if that is known. ``release`` is called when it is closed.
    """
    return ValueReader(_RawReader(size, read, release), buffer, tag)
