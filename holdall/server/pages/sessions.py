"""Sessions: a cookie with a random id stands for a token, which never leaves the memory of the service.

    cookie  = name "=" id                     ; HttpOnly, SameSite=Strict, Secure if the request was HTTPS
    name    = ["__Host-"] "holdall-" port     ; the port, because all ports of a machine share its cookies
    id      = 43 characters of Base64         ; 32 random bytes

Every visitor with a form has an id, but only a login is remembered. The token of a form is an HMAC of the id,
so a page of another site, which knows neither, cannot send the form.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from holdall.extras import needs
from holdall.server.pages.links import is_page

with needs("server"):
    import falcon

LIFETIME: Final = 8 * 3600
"""Seconds after which a session ends, however much it was used."""

MOST: Final = 1000
"""The most sessions; one more ends the oldest."""

_READS: Final = frozenset({"GET", "HEAD"})
_is_id = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch


class _Session(NamedTuple):
    token: str
    ends: float


class Sessions:
    """The sessions of one service. They end with the process.

    >>> sessions = Sessions()
    >>> id = sessions.begin("holdall_ada.secret")
    >>> sessions.end(id)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._changing = threading.Lock()
        self._open: dict[str, _Session] = {}

    def begin(self, token: str) -> str:
        """Return the id of a new session for ``token``."""
        id = secrets.token_urlsafe(32)
        with self._changing:
            while len(self._open) >= MOST:
                del self._open[next(iter(self._open))]
            self._open[id] = _Session(token, self._clock() + LIFETIME)
        return id

    def end(self, id: str) -> None:
        """End the session ``id``, if there is one."""
        with self._changing:
            self._open.pop(id, None)

    def token(self, env: dict[str, Any]) -> str:
        """Return the token of the session of a request, or nothing.

        A request that writes has a session only if it is to a page, because only pages have the tokens of
        forms.
        """
        if env["REQUEST_METHOD"] not in _READS and not is_page(env["PATH_INFO"]):
            return ""
        id = session_id(env)
        found = self._open.get(id)
        if found is None:
            return ""
        if found.ends < self._clock():
            self.end(id)
            return ""
        return found.token

    def form_token(self, id: str) -> str:
        """Return the token of the forms that the visitor with this id gets."""
        return hmac.new(self._secret, id.encode(), hashlib.sha256).hexdigest()

    def check_form(self, env: dict[str, Any], form: dict[str, str]) -> None:
        """Raise HTTPForbidden unless the visitor got this form from a page of this service."""
        if env.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin":
            raise falcon.HTTPForbidden(description="a page of another site may not send this form")
        id = session_id(env)
        given = form.get("form_token", "").encode()
        if not id or not hmac.compare_digest(given, self.form_token(id).encode()):
            raise falcon.HTTPForbidden(
                description="the form is out of date; go back, reload the page and try again"
            )


def session_id(env: dict[str, Any]) -> str:
    """Return the id in the cookie of a request, or nothing."""
    name = _name(env)
    for pair in env.get("HTTP_COOKIE", "").split(";"):
        given, _, value = pair.strip().partition("=")
        if given == name and _is_id(value):
            return str(value)
    return ""


def new_id() -> str:
    """Return an id for a visitor without one."""
    return secrets.token_urlsafe(32)


def set_cookie(req: falcon.Request, resp: falcon.Response, id: str, seconds: int | None = None) -> None:
    """Give the visitor the cookie with ``id``, for some seconds, or until the browser is closed."""
    kept = "" if seconds is None else f"; Max-Age={seconds}"
    secure = "; Secure" if _is_secure(req.env) else ""
    resp.append_header(
        "Set-Cookie", f"{_name(req.env)}={id}; Path=/; HttpOnly; SameSite=Strict{secure}{kept}"
    )


def _name(env: dict[str, Any]) -> str:
    port = env.get("HTTP_HOST", "").rpartition("]")[2].rpartition(":")[2]
    name = f"holdall-{port}" if port.isascii() and port.isdigit() else "holdall"
    return f"__Host-{name}" if _is_secure(env) else name


def _is_secure(env: dict[str, Any]) -> bool:
    """Return whether the visitor uses HTTPS. A proxy that ends it says so in a header."""
    return "https" in (env.get("wsgi.url_scheme"), env.get("HTTP_X_FORWARDED_PROTO"))
