"""Errors as pages, for those who asked for a page. Everybody else gets a problem, see `holdall.server.problems`."""

from typing import Any, Final
from urllib.parse import quote

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.negotiation import prefer
from holdall.server.pages.links import Links, is_own, is_page
from holdall.server.pages.rendering import Renderer, redirect
from holdall.server.problems import answer_error, answer_http_error

with needs("server"):
    import falcon
    import msgspec

_UNAUTHORIZED: Final = 401


class Errors:
    """Answers errors of the pages. A visitor who must log in is led to the form for it."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def answer_error(
        self, req: falcon.Request, resp: falcon.Response, error: HoldallError, params: Any
    ) -> None:
        """Answer ``req`` with the page, or the problem, of ``error``."""
        answer_error(req, resp, error, params)
        self._render(req, resp)

    def answer_http_error(self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
        """Write the page, or the problem, of an error of HTTP."""
        answer_http_error(req, resp, error)
        self._render(req, resp)

    def _render(self, req: falcon.Request, resp: falcon.Response) -> None:
        if not (is_page(req.path) and prefer(req, "application/problem+json", "text/html") == "text/html"):
            return
        problem: dict[str, Any] = msgspec.json.decode(resp.data or b"{}")
        if problem["status"] == _UNAUTHORIZED and req.method == "GET" and not is_own(req.path):
            query = f"?{req.query_string}" if req.query_string else ""
            here = f"{quote(req.root_path + req.path)}{query}"
            redirect(resp, Links(req.root_path).own("login", next=here))
            return
        self._renderer.render(req, resp, "error.html", problem=problem)
