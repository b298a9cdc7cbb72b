"""Cursors: the place after the last item of a page, as Base64 without padding, so that nobody reads or makes one."""

import base64
from typing import Final
from urllib.parse import quote, urlencode

from holdall.extras import needs
from holdall.server.openapi import query

with needs("server"):
    import falcon

CURSOR: Final = query("cursor", {"type": "string", "maxLength": 0}, "A cursor of a link `next`.")
"""The description of the parameter ``cursor``. Nobody makes a cursor but the service."""


def next_link(req: falcon.Request, given: dict[str, str], place: str) -> str:
    """Return the path of the next page of a request with the parameters ``given``, which begins after ``place``."""
    return f"{quote(req.root_path + req.path)}?{urlencode({**given, 'cursor': pack_cursor(place)})}"


def pack_cursor(place: str) -> str:
    """Return the cursor for ``place``.

    >>> pack_cursor("invoices/17")
    'aW52b2ljZXMvMTc'
    """
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def unpack_cursor(given: dict[str, str]) -> str:
    """Return the place of the cursor in ``given``, or nothing. Raises HTTPBadRequest if no page returned it."""
    text = given.get("cursor", "")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
    except ValueError:
        raise bad_cursor() from None


def bad_cursor() -> falcon.HTTPBadRequest:
    """Return the error for a cursor that no page returned."""
    return falcon.HTTPBadRequest(description="the cursor is not one that a page returned")
