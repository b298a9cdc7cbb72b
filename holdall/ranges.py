"""A part of a value: its bytes from one position on, and at most so many."""

import operator
from typing import Final, NamedTuple, Self, SupportsIndex

from holdall.errors import Invalid

_MOST = 1 << 61  # servers parse positions as 64-bit integers


class ByteRange(NamedTuple):
    """The bytes ``value[start:][:length]`` of a value. A negative ``start`` counts from the end.

    Without ``length``, the part goes to the end. A part that begins after the end is empty.

    >>> ByteRange.of(2, 3).of_value(b"abcdefgh"), ByteRange.of(-3).of_value(b"abcdefgh")
    (b'cde', b'fgh')
    """

    start: int
    length: int | None

    @classmethod
    def of(cls, start: SupportsIndex, length: SupportsIndex | None = None) -> Self:
        """Return the part. Raises TypeError if a number is not an int, and Invalid if ``length`` is negative."""
        length = None if length is None else operator.index(length)
        if length is not None and length < 0:
            raise Invalid(f"the length {length} of a part is negative; give 0 or more, or None for all")
        return cls(operator.index(start), length)

    def within(self, size: int) -> tuple[int, int]:
        """Return the position of the first byte in a value of ``size`` bytes, and the number of bytes.

        >>> ByteRange.of(2, 9).within(5), ByteRange.of(-9, 2).within(5), ByteRange.of(7).within(5)
        ((2, 3), (0, 2), (5, 0))
        """
        start = max(0, size + self.start) if self.start < 0 else min(self.start, size)
        left = size - start
        return start, left if self.length is None else min(self.length, left)

    def of_value(self, value: bytes) -> bytes:
        """Return this part of ``value``."""
        start, length = self.within(len(value))
        return value[start : start + length]

    def up_to(self, most: int) -> tuple[int, int]:
        """Return start and length, both from ``-most`` to ``most``, for values of at most ``most`` bytes.

        >>> ByteRange.of(10**30).up_to(8), ByteRange.of(-(10**30), 2).up_to(8)
        ((8, 8), (-8, 2))
        """
        length = most if self.length is None else min(self.length, most)
        return max(-most, min(self.start, most)), length

    @property
    def header(self) -> str:
        """The header Range of a request for this part, which must not have the length 0.

        A negative start gives the range of all bytes from there on. See `of_answer`.

        >>> ByteRange.of(2, 3).header, ByteRange.of(2).header, ByteRange.of(-3, 1).header
        ('bytes=2-4', 'bytes=2-', 'bytes=-3')
        """
        start, length = self.up_to(_MOST)
        if start < 0:
            return f"bytes={start}"
        return f"bytes={start}-{'' if self.length is None else start + length - 1}"

    def of_answer(self, body: bytes, *, partial: bool) -> bytes:
        """Return this part from the answer to a request with `header`; if not ``partial``, it has the whole value."""
        return body[: self.length] if partial else self.of_value(body)


ALL: Final = ByteRange(0, None)
"""The whole value."""
