"""The note in an object's metadata: who wrote the object, and why.

    holdall-note = author "." message      each UTF-8 in base64 (RFC 4648, section 4)

S3 accepts 2 KB of metadata, in ASCII. The longest note and the traces of `holdall.adapters._objectstore.write_ids` fit.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping

from holdall.history import UNKNOWN, Note, current_note

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
