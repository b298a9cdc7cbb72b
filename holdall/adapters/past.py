"""Versions that a bucket keeps, read one by one: a request each, several at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from holdall.adapters.concurrent import Pace, ordered
from holdall.adapters.notes import note_in
from holdall.history import UNKNOWN, Note, Version


def values(
    read: Callable[[Version], bytes], versions: Iterable[Version], pace: Pace
) -> Iterator[bytes | None]:
    """What `holdall.history.Past.read` yields; ``read`` raises KeyError for what is dropped."""

    def value(version: Version) -> bytes | None:
        try:
            return read(version)
        except KeyError:
            return None

    return ordered(value, versions, pace, lambda value: len(value or b""))


def notes(
    metadata: Callable[[Version], Mapping[str, str]], versions: Iterable[Version], pace: Pace
) -> Iterator[Note]:
    """What `holdall.history.Past.notes` yields; ``metadata`` raises KeyError for what is dropped.

    A deletion has no note and costs no request.
    """

    def note(version: Version) -> Note:
        try:
            return Note(UNKNOWN) if version.deleted else note_in(metadata(version))
        except KeyError:
            return Note(UNKNOWN)

    return ordered(note, versions, pace)
