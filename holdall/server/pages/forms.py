"""Reads the fields of a form that a page sent."""

from typing import Final
from urllib.parse import parse_qsl

from holdall.extras import needs
from holdall.server.bodies import read_body

with needs("server"):
    import falcon

_LARGEST: Final = 1 << 20  # bytes
_MOST: Final = 2000  # fields


def read_form(req: falcon.Request) -> dict[str, str]:
    """Return the fields of the form in the body of ``req``, by name.

    Raises HTTPBadRequest if the body is not percent-encoded UTF-8, or names a field twice.
    """
    body = read_body(req, _LARGEST, "application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise falcon.HTTPBadRequest(description="the form is not percent-encoded UTF-8") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise falcon.HTTPBadRequest(description="the form has a field twice")
    return fields
