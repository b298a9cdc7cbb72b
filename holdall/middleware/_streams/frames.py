"""A value in frames: each frame is checked by itself, so a part of a value costs only the frames that it touches.

    framed = head *frame last
    head   = as the layer draws it                 ; random for each write
    frame  = the result of `Seal.seal` for the next 65,536 bytes of the value
    last   = its result for the other bytes: 1 to 65,536, or none if the value is empty

A frame is sealed with its number, from 0 on, and with whether it is the last. So the frames of a value cannot be
reordered, left out or cut off, and the random head keeps the frames of two values apart. This is the construction
STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, 2015). All frames but the last are equally long, so the number of stored bytes tells the size of the
value and the place of each frame.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from holdall.ranges import ByteRange

FRAME: Final = 1 << 16
"""The bytes of the value in each frame but the last."""


class Seal(Protocol):
    """Seals the frames of one value, and opens them."""

    head: bytes
    """The bytes before the first frame."""

    overhead: int
    """By how many bytes a sealed frame is longer than its content."""

    def seal(self, number: int, is_last: bool, content: bytes) -> tuple[bytes, ...]:
        """Return the sealed frame, in pieces."""
        ...

    def open(self, number: int, is_last: bool, frame: memoryview) -> bytes:
        """Return the content. Raises any exception unless `seal` returned ``frame`` for this place."""
        ...


class FrameEncoder:
    """Makes the frames of one value, while its bytes come in."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._number = -1  # of the frame that was sealed last
        self._held = bytearray()  # the bytes of the next frame, which may be the last one

    def encode(self, data: bytes) -> bytes:
        """Take the next bytes of the value, and return the next bytes to store, which may be none."""
        return b"".join(self.take(data))

    def finish(self) -> bytes:
        """Return the last bytes to store."""
        return b"".join(self.end())

    def take(self, data: bytes) -> Iterator[bytes]:
        """Yield the pieces of `encode`."""
        if len(self._held) + len(data) <= FRAME:
            self._held += data
            return
        held = bytes(self._held) + data if self._held else data
        end = (len(held) - 1) // FRAME * FRAME
        self._held = bytearray(held[end:])
        for at in range(0, end, FRAME):
            yield from self._sealed(held[at : at + FRAME])

    def end(self) -> Iterator[bytes]:
        """Yield the pieces of `finish`."""
        return self._sealed(bytes(self._held), is_last=True)

    def _sealed(self, content: bytes, *, is_last: bool = False) -> Iterator[bytes]:
        if self._number < 0:
            yield self._seal.head
        self._number += 1
        yield from self._seal.seal(self._number, is_last, content)


def seal_value(seal: Seal, value: bytes) -> bytes:
    """Return ``value`` in frames."""
    encoder = FrameEncoder(seal)
    return b"".join((*encoder.take(value), *encoder.end()))


def open_sealed(seal: Seal, data: bytes) -> bytes:
    """Return the value whose frames are ``data``. Raises an exception if a frame is not right."""
    value = FramedValue(seal, len(data), lambda part: memoryview(data)[part.start :][: part.length])
    return value.read_part(ByteRange(0, None))


class FramedValue:
    """A value of ``stored`` bytes in frames, of which ``fetch`` returns a part.

    Each method raises an exception if a frame that it opens is not right, or is missing. ``size`` is the size
    of the value; it is sure after `check_end`.
    """

    def __init__(self, seal: Seal, stored: int, fetch: Callable[[ByteRange], bytes | memoryview]) -> None:
        self._seal = seal
        self._fetch = fetch
        self._length = FRAME + seal.overhead
        body = stored - len(seal.head)
        self._last = max(0, (body - 1) // self._length)
        self.size = body - (self._last + 1) * seal.overhead
        if self.size < 0 or (self._last and self.size <= self._last * FRAME):
            raise ValueError("it is cut off")
        self._is_checked = False

    def read_part(self, part: ByteRange) -> bytes:
        """Return ``part`` of the value. The last frame is checked too if the part depends on the size."""
        start, length = part.within(self.size)
        data = self.read(ByteRange(start, length))
        if part.start < 0 or start + length == self.size:
            self.check_end()
        return data

    def read(self, part: ByteRange) -> bytes:
        """Return ``part`` of the value, of which only the frames that have a byte of it are checked."""
        start, length = part.within(self.size)
        if not length:
            return b""
        first, last = start // FRAME, (start + length - 1) // FRAME
        data = b"".join(self._open(first, last))
        skipped = start - first * FRAME
        return data if length == len(data) else data[skipped : skipped + length]

    def check_end(self) -> int:
        """Check that the last frame is the last one, and return the size of the value."""
        if not self._is_checked:
            list(self._open(self._last, self._last))
        return self.size

    def _open(self, first: int, last: int) -> Iterator[bytes]:
        length = self._length
        begin = len(self._seal.head) + first * length
        data = memoryview(self._fetch(ByteRange(begin, (last - first + 1) * length)))
        for number in range(first, last + 1):
            at = (number - first) * length
            content = self._seal.open(number, number == self._last, data[at : at + length])
            if number == self._last and len(content) != self.size - number * FRAME:
                raise ValueError("its last frame does not have the length that the size of the value tells")
            yield content
        self._is_checked = self._is_checked or last == self._last
