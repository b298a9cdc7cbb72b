"""Shared by the stores on servers: logins, tags, batches bounded in bytes, and the pages of a scan."""

import secrets
import ssl
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from holdall.adapters._shared.batches import BATCH, ROOM
from holdall.address import Address
from holdall.errors import InvalidAddress, TooLarge
from holdall.keys import RESERVED, check_key, is_reserved, past_reserved
from holdall.store import Change, Delete, Expect, Put, Tag, conflict, key_of, to_bytes

FIRST_PAGE = 16
"""The number of keys in the first page of a scan. Each further page is four times as long, up to `BATCH`."""


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
        raise InvalidAddress(f"{address.scheme}: {host!r} is no name of a host") from None
    user, _, password = address.userinfo.partition(":")
    named = {"host": host, "port": address.port, "user": user, "password": password}
    return {name: value for name, value in named.items() if value}


def check_wait(scheme: str, timeout: float) -> None:
    """Raise InvalidAddress if ``timeout`` is not above 0 and below a million seconds."""
    if not 0 < timeout < 1e6:
        raise InvalidAddress(f"{scheme}: timeout is no positive number of seconds")


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
        f"a store that was given its password cannot be pickled, for the pickle would hold it; set {variable}"
    )


def to_bytes_within(key: str, value: bytes, most: int) -> bytes:
    """Return ``value`` as bytes. Raises TooLarge if it has more than ``most`` bytes."""
    value = to_bytes(value)
    if len(value) > most:
        raise TooLarge(
            f"the value of {key!r} is {len(value):,} bytes, and this store takes {most:,}; "
            "split it, or keep it in a file or bucket",
            key=key,
        )
    return value


def pairs_of(items: Iterable[tuple[str, bytes]], most: int, size: int = BATCH) -> Iterator[dict[str, bytes]]:
    """Yield ``items`` in dicts of up to ``size`` pairs. A dict also ends when its values exceed `ROOM` bytes.

    Checks each key and value. Of equal keys in one dict, the last is kept.
    """
    batch: dict[str, bytes] = {}
    room = ROOM
    for key, value in items:
        check_key(key)
        batch[key] = to_bytes_within(key, value, most)
        room -= len(value)
        if room < 0 or len(batch) == size:
            yield batch
            batch, room = {}, ROOM
    if batch:
        yield batch


class Part(NamedTuple):
    """The part of a transaction about one key: check that it carries ``expected``, then make ``change``.

    Either may be None. ``change`` is the last put or delete of the key.
    """

    expected: Tag | None
    change: Put[bytes] | Delete | None


def parts_of(changes: Iterable[Change[bytes]], most: int) -> dict[str, Part]:
    """The checked parts of a transaction, by key.

    They are in the order of keys, so that transactions that overlap wait for each other and do not deadlock.
    Raises Conflict if two expectations of a key differ.
    """
    expected: dict[str, Tag] = {}
    last: dict[str, Put[bytes] | Delete] = {}
    for change in changes:
        check_key(key_of(change))
        if not isinstance(change, Expect):
            last[change.key] = _check_change(change, most)
        elif expected.setdefault(change.key, change.tag) != change.tag:
            raise conflict(change.key)
    return {key: Part(expected.get(key), last.get(key)) for key in sorted({**expected, **last})}


def _check_change(change: Put[bytes] | Delete, most: int) -> Put[bytes] | Delete:
    return (
        Put(change.key, to_bytes_within(change.key, change.value, most))
        if isinstance(change, Put)
        else change
    )


def cut_at_reserved(rows: list[Any], hides: bool) -> tuple[list[Any], str | None]:
    """The rows to show, and the key from which to continue, or None if no row was cut off.

    If ``hides`` is true, the rows before the first reserved key are shown; otherwise all are. Each row begins
    with its key.
    """
    if hides:
        for index, (key, *_) in enumerate(rows):
            if RESERVED in key and is_reserved(key):
                return rows[:index], past_reserved(key)
    return rows, None


def after(key: str) -> str:
    """A bound above ``key`` and below every greater key. It ends in a control character, which no key holds."""
    return f"{key}\x01"
