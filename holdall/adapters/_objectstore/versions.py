"""Read the old versions in a bucket: one request per version, several at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from holdall.adapters._objectstore.metadata import note_in
from holdall.adapters._shared.throttle import Pace, ordered
from holdall.history import UNKNOWN, Note, Version


def values(
    read: Callable[[Version], bytes], versions: Iterable[Version], pace: Pace
) -> Iterator[bytes | None]:
    """The values for `holdall.history.Past.read`. ``read`` raises KeyError if a version no longer exists."""

    def value(version: Version) -> bytes | None:
        try:
            return read(version)
        except KeyError:
            return None

    return ordered(value, versions, pace, lambda value: len(value or b""))


def notes(
    metadata: Callable[[Version], Mapping[str, str]], versions: Iterable[Version], pace: Pace
) -> Iterator[Note]:
    """The notes for `holdall.history.Past.notes`. ``metadata`` raises KeyError if a version no longer exists.

    A deletion has no note and costs no request.
    """

    def note(version: Version) -> Note:
        try:
            return Note(UNKNOWN) if version.deleted else note_in(metadata(version))
        except KeyError:
            return Note(UNKNOWN)

    return ordered(note, versions, pace)
