"""The form of a value in a request and in an answer: the media types that a client sends and prefers."""

from typing import Any

from holdall.extras import needs
from holdall.server.bodies import Body, open_body
from holdall.server.negotiation import prefer
from holdall.server.representation import Form
from holdall.server.stores import Served

with needs("server"):
    import falcon


def choose_form(req: falcon.Request, resp: falcon.Response, served: Served) -> Form:
    """Return the form of values that the client of ``req`` prefers. Raises HTTPNotAcceptable if it accepts none."""
    forms = served.representation.forms
    if len(forms) > 1:
        resp.append_header("Vary", "Accept")
    preferred = prefer(req, *(form.content_type for form in forms.values()))
    if not preferred:
        raise falcon.HTTPNotAcceptable(description=f"the values of this store are {' or '.join(forms)}")
    return forms[preferred.partition(";")[0]]


def open_value(req: falcon.Request, served: Served, limit: int) -> Body:
    """Return the body of ``req``, which is a value. Raises the errors of `open_body`."""
    return open_body(req, limit, *served.representation.forms)


def decode_value(req: falcon.Request, served: Served, body: Body) -> Any:
    """Return the value in the ``body`` of ``req``. Raises the errors of its parts, and Invalid if it is not valid."""
    forms = served.representation.forms
    given = (req.env.get("CONTENT_TYPE") or next(iter(forms))).partition(";")[0].strip().lower()
    return forms[given].read(b"".join(body.parts))


def read_value(req: falcon.Request, served: Served, limit: int) -> Any:
    """Return the value in the body of ``req``."""
    return decode_value(req, served, open_value(req, served, limit))
