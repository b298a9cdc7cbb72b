"""Compresses listings, batches and other JSON for clients that accept gzip.

An answer with an ETag is sent as it is: its ETag names these bytes, and another form of them would need another one
(RFC 9110, section 8.8.3). Bodies of requests are not decompressed, because a small one could then fill the memory.
"""

import gzip
import re
from typing import Final

from holdall.extras import needs

with needs("server"):
    import falcon

_LEAST: Final = 1024  # bytes; a smaller body gains nothing
_LEVEL: Final = 3  # several times as fast as the default, and a fifth longer for listings of invoices
_JSON: Final = "application/json"  # of an answer that names no type
_accepts = re.compile(r"(?:^|[,\s])gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0\.\d*[1-9]\d*)\s*)?(?:,|$)").search


class Compression:
    """Middleware of falcon."""

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Compress the body of ``resp`` if the client of ``req`` accepts that and it is worth it."""
        data = resp.data
        if data is None or len(data) < _LEAST or not (resp.content_type or _JSON).endswith("json"):
            return
        if resp.get_header("ETag") is not None:
            return
        resp.append_header("Vary", "Accept-Encoding")
        if _accepts(req.env.get("HTTP_ACCEPT_ENCODING", "").lower()):
            resp.data = gzip.compress(data, _LEVEL, mtime=0)
            resp.set_header("Content-Encoding", "gzip")
