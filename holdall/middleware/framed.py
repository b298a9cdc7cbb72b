"""The base of the layers that seal values, which keep large values and files in frames."""

import io
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from holdall.errors import HoldallError, Unsupported
from holdall.files import BUFFER, ValueReader, ValueWriter, is_to_write, open_value
from holdall.middleware._streams.encoded import Encoded
from holdall.middleware._streams.frames import FRAME, FramedValue, FrameEncoder, Seal
from holdall.middleware.codec import Codec
from holdall.ranges import ByteRange
from holdall.store import Feature, Tag

T = TypeVar("T")

_BEGINNING: Final = FRAME + 256
"""The bytes that a read asks for first: all of a value that is not in frames, or the head and more."""


class Framed(Codec[bytes, bytes]):
    """Seals values whole, or in frames of 64 KiB if they are larger, or were written as files.

    A part of a value in frames costs the frames that it touches: in requests, one for the beginning of the
    value, one for its size, one for the frames, and one for the last frame if the part depends on the size and
    does not reach the end. A value of up to 64 KiB costs one request. To open a value as a file costs one
    request more than in the store below, for the last frame. No byte is returned before its frame was checked.

    Values of more than 64 KiB that an earlier holdall wrote are not in frames: to read a part of one, or to
    open it, the layer reads the whole value into memory.

    A subclass supplies ``encode`` and ``decode`` for both forms, ``_new_seal`` and ``_seal_of``.
    """

    @abstractmethod
    def _new_seal(self, key: str) -> Seal:
        """Return a seal for a new value of ``key``."""

    @abstractmethod
    def _seal_of(self, key: str, data: bytes) -> Seal | None:
        """Return the seal of the stored value that begins with ``data``; None if it is not in frames.

        To reject the data, raise any exception.
        """

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        part = ByteRange.of(start, length)
        return self._look(key, lambda value: value.read_part(part), part.of_value)

    def size(self, key: str, /) -> int:
        try:
            return self._look(key, FramedValue.check_end, len)
        except Unsupported:  # the store below reads no parts
            return self._size_of_file(key)

    def _size_of_file(self, key: str) -> int:
        try:
            file: io.BufferedReader = self.open(key)
        except Unsupported:
            return len(self[key])
        with file:
            return file.seek(0, io.SEEK_END)

    def _look(self, key: str, look: Callable[[FramedValue], T], look_at_whole: Callable[[bytes], T]) -> T:
        """Return what ``look`` returns for the value of ``key``, or ``look_at_whole`` if it is not in frames.

        If a frame is not right, the value was replaced between two requests, or is damaged. Heads are random,
        so the value was not replaced if the head is still the same.
        """
        before = b""
        while True:
            data = self._inner.read(key, 0, _BEGINNING)
            if len(data) < _BEGINNING:
                return look_at_whole(self._decode(key, data))
            seal = self._checked(key, partial(self._seal_of, key, data))
            if seal is None:
                return look_at_whole(self[key])
            try:
                return look(FramedValue(seal, self._inner.size(key), partial(self._fetch, key)))
            except (HoldallError, KeyError, MemoryError, OSError):
                raise
            except Exception as error:
                if seal.head == before:
                    raise self._corrupt(key, error) from error
            before = seal.head

    def _fetch(self, key: str, part: ByteRange) -> bytes:
        return self._inner.read(key, part.start, part.length)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        if is_to_write(mode, expected):
            encoder = FrameEncoder(self._new_seal(key))
            file = self._inner.open(key, "wb", expected=expected)
            return ValueWriter(Encoded(file, encoder.encode, encoder.finish))
        below = self._inner.open(key)
        try:
            return self._open_reader(key, below)
        except BaseException:
            below.close()
            raise

    def _open_reader(self, key: str, file: io.BufferedReader) -> ValueReader:
        tag = file.tag if isinstance(file, ValueReader) else None
        data = file.read(_BEGINNING)
        seal = self._checked(key, partial(self._seal_of, key, data))
        if seal is None or len(data) < _BEGINNING:
            with file:
                whole = self._decode(key, data + file.read())
            return open_value(len(whole), lambda part: part.of_value(whole), tag=tag)
        stored = file.size if isinstance(file, ValueReader) else file.seek(0, io.SEEK_END)
        value = self._checked(key, lambda: FramedValue(seal, stored, partial(_read_part, file)))
        size = self._checked(key, value.check_end)
        return open_value(
            size, lambda part: self._checked(key, lambda: value.read(part)), file.close, tag=tag
        )

    def _checked(self, key: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except (HoldallError, KeyError, MemoryError, OSError):
            raise
        except Exception as error:
            raise self._corrupt(key, error) from error

    @property
    def features(self) -> Feature:
        return self._inner.features


def _read_part(file: io.BufferedReader, part: ByteRange) -> bytes:
    # A file that is read from the beginning to the end asks for BUFFER bytes or more, for which the store below
    # reads ahead.
    if isinstance(file, ValueReader) and part.length is not None and part.length < BUFFER:
        return file.read_part(part)
    file.seek(part.start)
    return file.read(part.length)
