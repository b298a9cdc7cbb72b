"""The guard: it refuses requests that no honest client sends, and adds the security headers to responses."""

import re
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from holdall.adapters._shared.service import SERVICE
from holdall.extras import needs
from holdall.server.access import Access, anonymous, readonly
from holdall.server.audit import audit
from holdall.server.cors import ORIGIN
from holdall.server.limits import Limits
from holdall.server.notes import note_of
from holdall.server.pages.links import is_own
from holdall.server.pages.sessions import Sessions
from holdall.server.tokens import Tokens

with needs("server"):
    import falcon

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
"""The names of this machine for itself."""

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    SERVICE: "1",
}
_host = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?").fullmatch
_odd = re.compile(r"[^!-~]|#").search


class Guard:
    """Middleware of falcon. `app` describes its parameters."""

    def __init__(
        self,
        hosts: Collection[str],
        tokens: Tokens | None,
        sessions: Sessions,
        limits: Limits,
        *,
        readonly: bool,
    ) -> None:
        self._hosts = None if "*" in hosts else {host.lower() for host in hosts}
        self._tokens = tokens
        self._sessions = sessions
        self._most_headers = limits.headers
        self._readonly = readonly

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Raise an HTTPError if ``req`` must be refused."""
        env = req.env
        self._check_host(env.get("HTTP_HOST", ""))
        _check_path(env)
        if "HTTP_TRANSFER_ENCODING" in env and env.get("CONTENT_LENGTH"):
            raise falcon.HTTPBadRequest(description="the body has two lengths")
        most = self._most_headers
        if len(env) > most and sum(name.startswith("HTTP_") for name in env) > most:
            raise falcon.HTTPRequestHeaderFieldsTooLarge(description=f"over {most} headers")
        access = self._access(env)
        req.context.access = readonly(access) if self._readonly else access
        req.context.check = partial(self._access, env)
        if req.method not in READS:
            if ORIGIN not in req.context:
                _check_origin(env)
            req.context.last = ExitStack()
            req.context.last.enter_context(note_of(req, access))

    def _check_host(self, given: str) -> None:
        found = _host(given)
        if not found or (self._hosts is not None and found[1].lower() not in self._hosts):
            raise falcon.HTTPError(
                falcon.HTTP_MISDIRECTED_REQUEST, description="this service does not answer for this Host"
            )

    def _access(self, env: dict[str, Any]) -> Access:
        if self._tokens is None:
            return anonymous(env)
        scheme, _, token = env.get("HTTP_AUTHORIZATION", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else self._sessions.token(env)
        access = self._tokens.access(given)
        if access is None and is_own(env["PATH_INFO"]):
            return Access(())
        if access is None:
            raise falcon.HTTPUnauthorized(
                description="the token is missing, wrong, revoked or expired", challenges=["Bearer"]
            )
        return access

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Add the security headers to ``resp``, unless it has others, and log a write."""
        for name, value in _HEADERS.items():
            if resp.get_header(name) is None:
                resp.set_header(name, value)
        if req.method not in READS:
            audit(req, resp)
        if "last" in req.context:
            req.context.last.close()


def _check_origin(env: dict[str, Any]) -> None:
    origin = env.get("HTTP_ORIGIN")
    if origin is not None and origin.partition("://")[2] != env["HTTP_HOST"]:
        raise falcon.HTTPForbidden(description="a page of another site may not write here")


def _check_path(env: dict[str, Any]) -> None:
    """Raise HTTPBadRequest if the path is not the percent-encoded UTF-8 of one text.

    Falcon would replace bytes that are not UTF-8, and some servers drop control characters. Both would turn
    the path into that of another key.
    """
    try:
        env["PATH_INFO"].encode("latin-1").decode()
    except UnicodeError:
        raise falcon.HTTPBadRequest(description="the path is not UTF-8; percent-encode it") from None
    if _odd(env.get("REQUEST_URI") or env.get("RAW_URI") or "/"):
        raise falcon.HTTPBadRequest(description="the path has a character that must be percent-encoded")
