"""Reads the body of a request: as long as it says, not longer than allowed, and of the right media type."""

from typing import Final

from holdall.extras import needs

with needs("server"):
    import falcon

MAX_BODY: Final = 16 << 20
"""The default limit for the body of a request, in bytes."""

_CHUNK: Final = 1 << 16


def read_body(req: falcon.Request, limit: int, *media_types: str) -> bytes:
    """Return the body of ``req``, of at most ``limit`` bytes.

    Raises HTTPContentTooLarge if it is longer, HTTPUnsupportedMediaType if its type is none of
    ``media_types``, and HTTPBadRequest if it ends early. A request without a Content-Type has the right one.
    """
    check_type(req, *media_types)
    said = req.env.get("CONTENT_LENGTH") or ""
    if not said:
        terminated = req.env.get("wsgi.input_terminated") or "HTTP_TRANSFER_ENCODING" in req.env
        return _read(req, limit) if terminated else b""
    if not (said.isascii() and said.isdigit()):
        raise falcon.HTTPBadRequest(description="the Content-Length is not a number")
    length = int(said) if len(said) < 20 else limit + 1
    if length > limit:
        raise _too_large(limit)
    body = _read(req, length)
    if len(body) < length:
        raise falcon.HTTPBadRequest(description="the body is shorter than its Content-Length")
    return body


def _read(req: falcon.Request, limit: int) -> bytes:
    stream = req.env["wsgi.input"]
    parts = []
    left = limit + (not req.env.get("CONTENT_LENGTH"))  # one byte more shows that a chunked body is too long
    while left > 0 and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def check_type(req: falcon.Request, *media_types: str) -> None:
    """Raise HTTPUnsupportedMediaType if ``req`` has a Content-Type that is none of ``media_types``.

    The body must not be compressed, and text must be UTF-8.
    """
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
