"""Shared by the stores on servers: logins, tags, the parts of a transaction, and the pages of a scan."""

import ipaddress
import secrets
import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple

from holdall.address import Address
from holdall.batches import split_transaction
from holdall.errors import InvalidAddress
from holdall.keys import RESERVED, is_reserved, past_reserved
from holdall.store import Delete, Operation, Put, Tag


def fresh_tag() -> Tag:
    """A new tag of 96 random bits, which no other write has, on this server or another.

    The writer draws the tag and stores it with the value, so it never repeats, whatever happens to the
    server.
    """
    return Tag(secrets.token_urlsafe(12))


def login(address: Address) -> dict[str, Any]:
    """The ``host``, ``port``, ``user`` and ``password`` that ``address`` names; the others are left out.

    The caller reads the path, which may hold the name or number of a database. Raises InvalidAddress if the
    host is not a valid host name.
    """
    host = address.host.removeprefix("[").removesuffix("]")  # for a socket, IPv6 has no brackets
    try:
        host.encode("idna")
    except UnicodeError:
        raise InvalidAddress(f"{address.scheme}: {host!r} is not a valid host name") from None
    user, _, password = address.userinfo.partition(":")
    named = {"host": host, "port": address.port, "user": user, "password": password}
    return {name: value for name, value in named.items() if value}


def is_local(host: str) -> bool:
    """Whether ``host`` is this machine: a Unix socket, localhost, or a loopback address.

    >>> is_local("/run/postgresql"), is_local("127.0.0.2"), is_local("db.example")
    (True, True, False)
    """
    if is_socket(host) or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_socket(host: str) -> bool:
    """Whether ``host`` is the path of a Unix socket, or of its folder."""
    return host.startswith("/")


def check_wait(scheme: str, timeout: float) -> None:
    """Raise InvalidAddress if ``timeout`` is not above 0 and below a million seconds."""
    if not 0 < timeout < 1e6:
        raise InvalidAddress(f"{scheme}: timeout must be a number of seconds above 0 and below 1,000,000")


def check_ca(scheme: str, ca: str, parameter: str = "ca") -> None:
    """Raise InvalidAddress if the file ``ca``, which ``parameter`` names, does not hold certificates."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
    except OSError as error:
        raise InvalidAddress(
            f"{scheme}: {parameter}={ca!r} is not a file of certificates in PEM, so the server cannot be checked: "
            f"{error}"
        ) from error


def unpicklable(variable: str) -> TypeError:
    """The error for pickling a store that was given a password."""
    return TypeError(
        f"a store that was given a password cannot be pickled, because the pickle would contain it; set {variable}"
    )


class Part(NamedTuple):
    """The part of a transaction about one key: check that it carries ``expected``, then make ``change``.

    Either may be None. ``change`` is the last put or delete of the key.
    """

    expected: Tag | None
    change: Put[bytes] | Delete | None


def parts_of(changes: Iterable[Operation[bytes]], most: int) -> dict[str, Part]:
    """The checked parts of a transaction, by key; ``most`` is as in `split_transaction`.

    They are in the order of keys, so that transactions that overlap wait for each other and do not deadlock.
    """
    before, after = split_transaction(changes, most)
    return {key: Part(before.get(key), _change_of(key, after)) for key in sorted({**before, **after})}


def _change_of(key: str, after: dict[str, bytes | None]) -> Put[bytes] | Delete | None:
    if key not in after:
        return None
    value = after[key]
    return Delete(key) if value is None else Put(key, value)


def cut_page(rows: list[Any], *, hides: bool, more: bool) -> tuple[list[Any], str | None]:
    """The rows of a page to show, and the key at which the next page begins (None: this is the last page).

    Each row begins with its key. If ``hides`` is true, only the rows before the first reserved key are shown,
    and the next page begins after the reserved keys. ``more`` says whether more rows follow on the server.
    """
    if hides:
        for index, (key, *_) in enumerate(rows):
            if RESERVED in key and is_reserved(key):
                return rows[:index], past_reserved(key)
    return rows, after(rows[-1][0]) if more else None


def after(key: str) -> str:
    """A bound above ``key`` and below every greater key. It ends in a control character, which no key holds."""
    return f"{key}\x01"
