"""Parts of values, by requests with a byte range (RFC 9110, section 14), and sizes of values."""

import re
from typing import Final

from holdall.adapters.http.answer import Answer
from holdall.errors import Corrupt
from holdall.ranges import ByteRange

PARTIAL: Final = 206
BEYOND: Final = 416
FIRST: Final = "bytes=0-0"
_size = re.compile(r"bytes (?:[0-9]{1,18}-[0-9]{1,18}|\*)/([0-9]{1,18})").fullmatch


def part_in(answer: Answer, part: ByteRange, where: str) -> bytes:
    """Return the ``part`` from the ``answer`` to a request for it. A part of no bytes is empty for any range."""
    if answer.status == BEYOND:
        return b""
    partial = answer.status == PARTIAL
    return part.of_answer(answer.body if partial else answer.value(where), partial=partial)


def size_in(answer: Answer, where: str) -> int:
    """Return how many bytes the value has of which ``answer`` has a range, all, or nothing because it is empty."""
    if answer.status not in (PARTIAL, BEYOND):
        return len(answer.value(where))
    found = _size(answer.headers.get("Content-Range", ""))
    if found is None:
        raise Corrupt(f"{where} answered {answer.status} to a range without the size of the value")
    return int(found[1])
