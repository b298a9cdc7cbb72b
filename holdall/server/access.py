"""Access: which keys of which stores the sender of a request may read and write."""

import ipaddress
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from holdall.adapters._shared.service import RAW
from holdall.extras import needs

with needs("server"):
    import falcon

_find_proxied: Final = re.compile(r"\nHTTP_(?:FORWARDED|X_FORWARDED_|X_REAL_IP|VIA)").search
"""Finds the beginning of a name that only proxies give to a header. Each name follows a line break."""
_OLD: Final = ("HTTP/1.0", "HTTP/1")  # granian writes the second one


class Scope(NamedTuple):
    """The keys under ``prefix`` of the store ``store`` (``*``: of every store). Without ``write``, to read.

    ``admin`` is the right to read what concerns the whole service, such as its metrics. See `ADMIN`.
    """

    store: str = "*"
    prefix: str = ""
    write: bool = False
    admin: bool = False

    def covers(self, store: str, prefix: str, write: bool) -> bool:
        """Return whether this scope has every key of ``store`` that begins with ``prefix``.

        >>> Scope("books", "invoices/").covers("books", "invoices/17", False)
        True
        """
        return self.store in ("*", store) and prefix.startswith(self.prefix) and (self.write or not write)


ADMIN: Final = Scope("", admin=True)
"""The scope of an administrator. It has no key of any store."""


class Access(NamedTuple):
    """The scopes of a sender. ``refusal`` says why a request may be outside of all of them.

    ``name`` is the name of the token, or empty for a sender without one.
    """

    scopes: tuple[Scope, ...]
    refusal: str = "the token does not allow this"
    name: str = ""

    def reaches(self, store: str) -> bool:
        """Return whether the sender may read any key of ``store``."""
        return any(scope.store in ("*", store) for scope in self.scopes)

    def check_store(self, store: str) -> None:
        """Raise HTTPForbidden unless the sender may read any key of ``store``."""
        if store.endswith(RAW):
            self.check(store, "")
        elif not self.reaches(store):
            raise falcon.HTTPForbidden(description=self.refusal)

    def allows(self, store: str, prefix: str, *, write: bool = False) -> bool:
        """Return whether the sender may read, or ``write``, all keys that begin with ``prefix``.

        Only a sender who may write all of a store may read or write its stored bytes.
        """
        if store.endswith(RAW):
            store, prefix, write = store.removesuffix(RAW), "", True
        return any(scope.covers(store, prefix, write) for scope in self.scopes)

    def check(self, store: str, prefix: str, *, write: bool = False) -> None:
        """Raise HTTPForbidden unless the sender may read, or ``write``, all keys that begin with ``prefix``."""
        if not self.allows(store, prefix, write=write):
            raise falcon.HTTPForbidden(description=self.refusal)

    def check_admin(self) -> None:
        """Raise HTTPForbidden unless the sender is an administrator."""
        if not any(scope.admin for scope in self.scopes):
            raise falcon.HTTPForbidden(description=self.refusal)


_LOCAL: Final = Access((Scope(write=True), ADMIN))
_REMOTE: Final = Access((Scope(),), "only clients on the machine of the service may write")


def readonly(access: Access) -> Access:
    """Return ``access`` without the right to write."""
    scopes = tuple(scope._replace(write=False) for scope in access.scopes)
    return Access(scopes, "this service is read-only, or the token does not allow this", access.name)


def anonymous(env: dict[str, Any]) -> Access:
    """Return the access of a sender without a token: to everything on this machine, else to read."""
    return _LOCAL if _is_local(env) else _REMOTE


def _is_local(env: dict[str, Any]) -> bool:
    """Return whether the request comes from this machine, and no proxy passed it on.

    Nginx adds no header unless it is told to, but passes requests on as HTTP/1.0, which few clients still send.
    """
    if env.get("SERVER_PROTOCOL") in _OLD or _find_proxied("\n".join(("", *env))):
        return False
    return _is_loopback(env.get("REMOTE_ADDR", ""))


@lru_cache  # parsing an address takes 10 µs
def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a Unix socket has no address
        return address in ("", "localhost")
