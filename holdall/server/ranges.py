"""Byte ranges (RFC 9110, section 14): one range per request."""

import re
from typing import Final

from holdall.extras import needs

with needs("server"):
    import falcon

_range = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*").fullmatch
_PARTIAL: Final = 206


def answer(req: falcon.Request, resp: falcon.Response, data: bytes) -> None:
    """Write ``data`` to ``resp``, or the range of it that ``req`` asks for.

    A header Range that names several ranges, or none, is ignored, and so is a range of an earlier version
    (If-Range), or of a HEAD. Raises HTTPRangeNotSatisfiable if the range begins after the end.
    """
    resp.set_header("Accept-Ranges", "bytes")
    found = _range(req.env.get("HTTP_RANGE", ""))
    version = req.env.get("HTTP_IF_RANGE")
    if req.method == "HEAD" or found is None or (version is not None and version != resp.get_header("ETag")):
        resp.data = data
        return
    size = len(data)
    first = int(found[1]) if found[1] else max(0, size - int(found[3]))
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        resp.data = data
        return
    if first >= size:
        raise falcon.HTTPRangeNotSatisfiable(size)
    resp.status = _PARTIAL
    resp.set_header("Content-Range", f"bytes {first}-{last}/{size}")
    resp.data = data[first : last + 1]
