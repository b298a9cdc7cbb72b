"""Reads the body of a request: as long as it says, not longer than allowed, and of the right media type."""

from collections.abc import Callable
from typing import Final, TypeVar

from holdall.extras import needs

with needs("server"):
    import falcon

T = TypeVar("T")

_CHUNK: Final = 1 << 16
_CHECKING: Final = ("gunicorn/",)
"""Servers that raise an error if a chunked body breaks off. Granian, for one, ends it as if it were complete.
Waitress reads the body first, and gives its Content-Length."""


def read_body(req: falcon.Request, limit: int, *media_types: str) -> bytes:
    """Return the body of ``req``, of at most ``limit`` bytes.

    Raises HTTPContentTooLarge if it is longer, HTTPUnsupportedMediaType if its type is none of
    ``media_types``, and HTTPBadRequest if it ends early. A request without a Content-Type has the right one.
    Raises HTTPLengthRequired if the body is chunked and the server does not tell whether it is complete.
    """
    check_type(req, *media_types)
    said = req.env.get("CONTENT_LENGTH") or ""
    if not said:
        return _read_chunked(req, limit)
    if not (said.isascii() and said.isdigit()):
        raise falcon.HTTPBadRequest(description="the Content-Length is not a number")
    length = int(said) if len(said) < 20 else limit + 1
    if length > limit:
        raise _too_large(limit)
    body = _read(req, length)
    if len(body) < length:
        raise falcon.HTTPBadRequest(description="the body is shorter than its Content-Length")
    return body


def read_json(req: falcon.Request, limit: int, decode: Callable[[bytes], T]) -> T:
    """Return what ``decode`` makes of the body, which is JSON. Raises HTTPBadRequest if it is not valid."""
    body = read_body(req, limit, "application/json")
    try:
        return decode(body)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise falcon.HTTPBadRequest(description=f"the body is not valid: {reason}") from None


def _read_chunked(req: falcon.Request, limit: int) -> bytes:
    if "HTTP_TRANSFER_ENCODING" not in req.env:
        return b""
    if not req.env.get("SERVER_SOFTWARE", "").startswith(_CHECKING):
        raise falcon.HTTPLengthRequired(description="the body has no Content-Length")
    body = _read(req, limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _read(req: falcon.Request, size: int) -> bytes:
    """Return the next ``size`` bytes, or fewer if the body ends before."""
    stream = req.env["wsgi.input"]
    parts = []
    try:
        while size > 0 and (part := stream.read(min(size, _CHUNK))):
            parts.append(part)
            size -= len(part)
    except OSError:
        raise falcon.HTTPBadRequest(description="the body breaks off, or its chunks are not valid") from None
    return b"".join(parts)


def check_type(req: falcon.Request, *media_types: str) -> None:
    """Raise HTTPUnsupportedMediaType if ``req`` has a Content-Type that is none of ``media_types``.

    The body must not be compressed, and text must be UTF-8. Raises HTTPBadRequest if it is a part of a value.
    """
    if "HTTP_CONTENT_RANGE" in req.env:
        raise falcon.HTTPBadRequest(description="the body is a part of a value; send all of it")
    if req.env.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise falcon.HTTPUnsupportedMediaType(description="the body is compressed; send it as it is")
    given = req.env.get("CONTENT_TYPE") or media_types[0]
    media_type, *parameters = (part.strip().lower() for part in given.split(";"))
    charset = next((part[8:].strip('"') for part in parameters if part.startswith("charset=")), "utf-8")
    if media_type not in media_types or charset not in ("utf-8", "us-ascii"):
        raise falcon.HTTPUnsupportedMediaType(
            description=f"the Content-Type of the body is not {' or '.join(media_types)}"
        )


def _too_large(limit: int) -> falcon.HTTPContentTooLarge:
    return falcon.HTTPContentTooLarge(description=f"the body is longer than {limit:,} bytes")
