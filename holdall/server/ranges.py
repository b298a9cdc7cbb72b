"""Byte ranges (RFC 9110, section 14): one range per request."""

import re
from collections.abc import Callable, Generator
from typing import Final

from holdall.extras import needs
from holdall.files import ValueReader
from holdall.ranges import ByteRange

with needs("server"):
    import falcon

_range = re.compile(r"bytes=[ \t]*(?:([0-9]{1,19})-([0-9]{1,19})?|-([0-9]{1,19}))[ \t]*").fullmatch
_PARTIAL: Final = 206
_AT_ONCE: Final = 8 << 20  # bytes of a file that are in memory
Parts = Generator[bytes, None, None]


def answer(
    req: falcon.Request,
    resp: falcon.Response,
    data: bytes | ValueReader,
    hold: Callable[[Parts], Parts],
) -> None:
    """Write ``data`` to ``resp``, or the range of it that ``req`` asks for. ``hold`` limits the parts of a stream.

    A header Range that names several ranges, or none, is ignored, and so is a range of an earlier version
    (If-Range), or of a HEAD. Raises HTTPRangeNotSatisfiable if the range begins after the end. A file is closed.
    """
    resp.set_header("Accept-Ranges", "bytes")
    size = data.size if isinstance(data, ValueReader) else len(data)
    found = _find(req, resp, size)
    if found is not None:
        first, last = found
        resp.status = _PARTIAL
        resp.set_header("Content-Range", f"bytes {first}-{last}/{size}")
    first, last = found or (0, size - 1)
    if isinstance(data, bytes):
        resp.data = data[first : last + 1]
    elif req.method == "HEAD":
        data.close()
        resp.set_stream(iter(()), size)
    elif last - first < _AT_ONCE:
        with data:
            resp.data = data.read_part(ByteRange(first, last + 1 - first))
    else:
        resp.set_stream(hold(_read(data, first, last)), last + 1 - first)


def _find(req: falcon.Request, resp: falcon.Response, size: int) -> tuple[int, int] | None:
    """Return the first and the last position that ``req`` asks for; None if it is to get the whole value."""
    found = _range(req.env.get("HTTP_RANGE", ""))
    version = req.env.get("HTTP_IF_RANGE")
    if req.method == "HEAD" or found is None or (version is not None and version != resp.get_header("ETag")):
        return None
    if found[2] and int(found[2]) < int(found[1]):
        return None
    first = int(found[1]) if found[1] else max(0, size - int(found[3]))
    if first >= size:
        raise falcon.HTTPRangeNotSatisfiable(size)
    return first, min(int(found[2]), size - 1) if found[2] else size - 1


def _read(file: ValueReader, first: int, last: int) -> Parts:
    with file:
        for start in range(first, last + 1, _AT_ONCE):
            yield file.read_part(ByteRange(start, min(_AT_ONCE, last + 1 - start)))
