"""Cross-origin requests (CORS): pages of the named sites may call the service from a browser.

The answers never allow credentials, so a browser sends no cookie; a page sends its token in a header.
"""

from collections.abc import Collection
from typing import Final

from holdall.errors import Invalid
from holdall.extras import needs

with needs("server"):
    import falcon

ORIGIN: Final = "origin"
"""The name in the context of a request of the site that sent it, if that site is allowed."""
_METHODS: Final = "GET, HEAD, PUT, PATCH, POST, DELETE"
_SENT: Final = (
    "Accept, Authorization, Content-Type, Holdall-Message, Idempotency-Key, If-Match, If-None-Match, "
    "Last-Event-ID, Range"
)
_SHOWN: Final = (
    "Accept-Patch, Age, Content-Range, ETag, Idempotency-Replayed, Last-Modified, Location, Retry-After"
)
_SECONDS: Final = "600"  # for which a browser remembers the answer to a preflight


class Cors:
    """Middleware of falcon, above the guard. ``origins`` are sites as in ``https://books.example``.

    ``*`` allows every site, but only if a request needs a token (``guarded``) or nobody may write.
    """

    def __init__(self, origins: Collection[str], *, guarded: bool) -> None:
        if "*" in origins and not guarded:
            raise Invalid(
                "'*' would let the page of any site write; name the origins, or require tokens, or serve read-only"
            )
        self._origins = frozenset(origins)

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer a preflight request of an allowed site, and mark its other requests."""
        origin = req.env.get("HTTP_ORIGIN")
        if not (origin and ("*" in self._origins or origin in self._origins)):
            return
        req.context[ORIGIN] = origin
        if req.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in req.env:
            resp.complete = True
            resp.status = falcon.HTTP_NO_CONTENT
            resp.set_header("Access-Control-Allow-Methods", _METHODS)
            resp.set_header("Access-Control-Allow-Headers", _SENT)
            resp.set_header("Access-Control-Max-Age", _SECONDS)

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Let the page that sent ``req`` read ``resp``."""
        resp.append_header("Vary", "Origin")
        if origin := req.context.get(ORIGIN):
            resp.set_header("Access-Control-Allow-Origin", "*" if "*" in self._origins else origin)
            resp.set_header("Access-Control-Expose-Headers", _SHOWN)
            resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
