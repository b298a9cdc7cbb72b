"""Reads the body of a request: as long as it says, not longer than allowed, and of the right media type."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

from holdall.extras import needs

with needs("server"):
    import falcon

T = TypeVar("T")

_CHUNK: Final = 1 << 16
_CHECKING: Final = ("gunicorn/",)
"""Servers that raise an error if a chunked body breaks off. Granian, for one, ends it as if it were complete.
Waitress reads the body first, and gives its Content-Length."""


class Body(NamedTuple):
    """The body of a request: its length, or None if it is chunked, and its parts, which are read only once.

    The parts raise HTTPBadRequest if the body ends early, and HTTPContentTooLarge if it is chunked and too long.
    """

    length: int | None
    parts: Iterator[bytes]


def open_body(req: falcon.Request, limit: int, *media_types: str) -> Body:
    """Return the body of ``req``, of at most ``limit`` bytes.

    Raises HTTPContentTooLarge if it is longer, and HTTPUnsupportedMediaType if its type is none of
    ``media_types``. A request without a Content-Type has the right one. Raises HTTPLengthRequired if the body is
    chunked and the server does not tell whether it is complete.
    """
    check_type(req, *media_types)
    length = _length(req, limit)
    if length is not None and length > limit:
        raise _too_large(limit)
    if length is None and not req.env.get("SERVER_SOFTWARE", "").startswith(_CHECKING):
        raise falcon.HTTPLengthRequired(description="the body has no Content-Length")
    return Body(length, _read(req, length, limit))


def read_body(req: falcon.Request, limit: int, *media_types: str) -> bytes:
    """Return the body of ``req``. Raises the errors of `open_body` and of its parts."""
    return b"".join(open_body(req, limit, *media_types).parts)


def read_json(req: falcon.Request, limit: int, decode: Callable[[bytes], T]) -> T:
    """Return what ``decode`` makes of the body, which is JSON. Raises HTTPBadRequest if it is not valid."""
    body = read_body(req, limit, "application/json")
    try:
        return decode(body)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise falcon.HTTPBadRequest(description=f"the body is not valid: {reason}") from None


def _length(req: falcon.Request, limit: int) -> int | None:
    """Return the length that ``req`` says, or a number above ``limit``; None if the body is chunked."""
    said = req.env.get("CONTENT_LENGTH") or ""
    if not said:
        return None if "HTTP_TRANSFER_ENCODING" in req.env else 0
    if not (said.isascii() and said.isdigit()):
        raise falcon.HTTPBadRequest(description="the Content-Length is not a number")
    return int(said) if len(said) < 20 else limit + 1


def _read(req: falcon.Request, length: int | None, limit: int) -> Iterator[bytes]:
    """Yield the body, which has ``length`` bytes, or is chunked and has at most ``limit``."""
    stream = req.env["wsgi.input"]
    left = limit + 1 if length is None else length
    try:
        while left > 0 and (part := stream.read(min(left, _CHUNK))):
            left -= len(part)
            yield part
    except OSError:
        raise falcon.HTTPBadRequest(description="the body breaks off, or its chunks are not valid") from None
    if length is None and not left:
        raise _too_large(limit)
    if length is not None and left:
        raise falcon.HTTPBadRequest(description="the body is shorter than its Content-Length")


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
