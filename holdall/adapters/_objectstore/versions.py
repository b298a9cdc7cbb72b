"""Read the old versions in a bucket, and the notes in their metadata: who wrote an object, and why.

    holdall-note = author "." message      each UTF-8 in base64 (RFC 4648, section 4)

S3 accepts 2 KB of metadata, in ASCII. The longest note fits, together with the write IDs of
`holdall.adapters._objectstore.write_ids`. Each version costs one request; several run at once.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping

from holdall.adapters._shared.throttle import Pace, map_ordered
from holdall.history import UNKNOWN, Note, Version, current_note

_NAME = "holdall-note"


def note_of(author: str) -> dict[str, str]:
    """The metadata of a write at this point; ``author`` is as in `current_note`.

    Raises TooLarge if the note is too long, and Invalid if it is not valid text.
    """
    return {_NAME: ".".join(b64encode(each).decode() for each in current_note(author).encoded)}


def note_in(metadata: Mapping[str, str]) -> Note:
    """The note in an object's ``metadata``. Its author is UNKNOWN if there is none, or it cannot be read.

    >>> note_in(note_of("Ann")), note_in({})
    (Note(author='Ann', message=''), Note(author='unknown', message=''))
    """
    try:
        author, message = (b64decode(each).decode() for each in metadata.get(_NAME, "").split("."))
    except (binascii.Error, ValueError):
        return Note(UNKNOWN)
    return Note(author, message)


def read_values(
    read: Callable[[Version], bytes], versions: Iterable[Version], pace: Pace
) -> Iterator[bytes | None]:
    """The values for `holdall.history.Past.read`. ``read`` raises KeyError if a version no longer exists."""

    def value(version: Version) -> bytes | None:
        try:
            return read(version)
        except KeyError:
            return None

    return map_ordered(value, versions, pace, lambda value: len(value or b""))


def read_notes(
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

    return map_ordered(note, versions, pace)
