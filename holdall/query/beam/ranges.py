"""Ranges of keys that Beam can split while they are read."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final, NamedTuple

from holdall.extras import needs
from holdall.query.spans import Span, thin

with needs("beam"):
    from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker

_STEP: Final = 32  # documents between two marks, at least
_PARTS: Final = 32  # parts of a range, which its marks separate
_MOST: Final = 1_024  # ranges, at most


class KeyRange(NamedTuple):
    """The keys from ``start`` on and before ``stop``. ``marks`` are keys that divide it into equal parts.

    >>> KeyRange("a", "z", ("g", "p")).size
    3
    """

    start: str
    stop: str | None
    marks: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The number of parts."""
        return len(self.marks) + 1


def divide(span: Span, keys: Iterable[str]) -> Iterator[KeyRange]:
    """Yield ranges that hold about equally many of ``keys``. Together they are ``span``.

    A range holds 1,024 keys or more, and there are at most 1,024 ranges. Memory does not grow with the number
    of keys.
    """
    marks = thin(keys, _PARTS * _MOST // 2, _STEP)[1:]
    borders = marks[_PARTS - 1 :: _PARTS]
    ends = zip([span.start, *borders], [*borders, span.stop], strict=True)
    for first, (start, stop) in zip(count(0, _PARTS), ends, strict=False):
        yield KeyRange(start, stop, tuple(marks[first : first + _PARTS - 1]))


class KeyTracker(RestrictionTracker):
    """Says which keys of a range the worker may still read, and splits off the others for other workers.

    The worker claims each key before it yields the document, and None after the last one. A split is at a
    mark after the claimed key. At the fraction 0, which asks for a checkpoint, it is right after that key.
    """

    def __init__(self, keys: KeyRange) -> None:
        self._range = keys
        self._claimed: str | None = None
        self._done = False

    def current_restriction(self) -> KeyRange:
        return self._range

    def current_progress(self) -> RestrictionProgress:
        passed = self._range.size if self._done else self._passed()
        return RestrictionProgress(completed=passed, remaining=self._range.size - passed)

    def try_claim(self, position: str | None) -> bool:
        stop = self._range.stop
        if position is None:
            self._done = True
        elif stop is not None and position >= stop:
            self._done = True
            return False
        else:
            self._claimed = position
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[KeyRange, KeyRange] | None:
        if self._done:
            return None
        start, stop, marks = self._range
        passed = self._passed()
        if fraction_of_remainder == 0:
            border = start if self._claimed is None else f"{self._claimed}\0"
            later = passed
        else:
            later = passed + max(round(fraction_of_remainder * (self._range.size - passed)), 1)
            if later > len(marks):
                return None
            border = marks[later - 1]
        self._range = KeyRange(start, border, tuple(mark for mark in marks[:later] if mark < border))
        return self._range, KeyRange(border, stop, marks[later:])

    def check_done(self) -> bool:
        if not self._done:
            raise ValueError(f"the keys {Span(*self._range[:2])} were not read to the end")
        return True

    def is_bounded(self) -> bool:
        return True

    def _passed(self) -> int:
        """Return the number of parts before the part of the claimed key."""
        return 0 if self._claimed is None else bisect_right(self._range.marks, self._claimed)
