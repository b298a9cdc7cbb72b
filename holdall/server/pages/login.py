"""The pages to log in with a token, and to log out."""

import re
from typing import Any

from holdall.extras import needs
from holdall.server.pages.forms import read_form
from holdall.server.pages.links import Links
from holdall.server.pages.rendering import Renderer, redirect
from holdall.server.pages.sessions import LIFETIME, new_id, session_id, set_cookie
from holdall.server.parameters import read_parameters
from holdall.server.tokens import Tokens

with needs("server"):
    import falcon

_is_local = re.compile(r"/(?![/\\])[!-\[\]-~]*").fullmatch


class Login:
    """The resource of the form that takes a token."""

    def __init__(self, tokens: Tokens, renderer: Renderer) -> None:
        self._tokens = tokens
        self._renderer = renderer

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the form. ``next`` is the page that the visitor wanted to see."""
        self._ask(req, resp, read_parameters(req, "next").get("next", ""))

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin a session, under a new id, if the token is valid."""
        form = read_form(req)
        sessions = self._renderer.sessions
        sessions.check_form(req.env, form)
        token, wanted = form.get("token", "").strip(), form.get("next", "")
        if self._tokens.access(token) is None:
            resp.status = falcon.HTTP_UNPROCESSABLE_ENTITY
            self._ask(req, resp, wanted, error="The token is wrong, revoked or expired.")
            return
        sessions.end(session_id(req.env))
        set_cookie(req, resp, sessions.begin(token), LIFETIME)
        redirect(resp, _local(wanted) or Links(req.root_path).home())

    def _ask(self, req: falcon.Request, resp: falcon.Response, wanted: str, **context: Any) -> None:
        shown = {"next": _local(wanted), "error": "", **context}
        self._renderer.render(req, resp, "login.html", **shown)


class Logout:
    """The resource that ends a session."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the session, and let the browser forget the pages that it kept."""
        sessions = self._renderer.sessions
        sessions.check_form(req.env, read_form(req))
        sessions.end(session_id(req.env))
        set_cookie(req, resp, new_id())
        resp.set_header("Clear-Site-Data", '"cache"')
        redirect(resp, Links(req.root_path).own("login"))


def _local(path: str) -> str:
    """Return ``path`` if it is one of this service, or nothing."""
    return path if _is_local(path) else ""
