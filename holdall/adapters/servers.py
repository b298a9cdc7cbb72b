"""What stores on servers share: who logs in where, tags, batches bounded in bytes, and how a scan goes on."""

import secrets
import ssl
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from holdall.adapters.batches import BATCH, ROOM
from holdall.address import Address
from holdall.errors import InvalidAddress, TooLarge
from holdall.keys import RESERVED, check_key, is_reserved, past_reserved
from holdall.store import Change, Delete, Expect, Put, Tag, conflict, key_of, to_bytes

FIRST_PAGE = 16
"""Keys in the first page of a scan; each further one is four times as long, up to `BATCH`."""


def fresh_tag() -> Tag:
    """A tag that no write had before, here or elsewhere: 96 random bits.

    Drawn by the writer and stored with the value, it never repeats, whatever becomes of the server.
    """
    return Tag(secrets.token_urlsafe(12))


def login(address: Address) -> dict[str, Any]:
    """``host``, ``port``, ``user`` and ``password`` of ``address``, those that it names.

    A database name or number that the path may hold is the caller's to read. InvalidAddress where no
    host can have that name.
    """
    host = address.host.removeprefix("[").removesuffix("]")  # of an IPv6 address, which sockets take bare
    try:
        host.encode("idna")
    except UnicodeError:
        raise InvalidAddress(f"{address.scheme}: {host!r} is no name of a host") from None
    user, _, password = address.userinfo.partition(":")
    named = {"host": host, "port": address.port, "user": user, "password": password}
    return {name: value for name, value in named.items() if value}


def check_wait(scheme: str, timeout: float) -> None:
    """InvalidAddress where ``timeout`` is no time to wait."""
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
    """The refusal to pickle a store that was given a password."""
    return TypeError(
        f"a store that was given its password cannot be pickled, for the pickle would hold it; set {variable}"
    )


def fitting(key: str, value: bytes, most: int) -> bytes:
    """``value`` as bytes; TooLarge where it is more than ``most`` of them."""
    value = to_bytes(value)
    if len(value) > most:
        raise TooLarge(
            f"the value of {key!r} is {len(value):,} bytes, and this store takes {most:,}; "
            "split it, or keep it in a file or bucket",
            key=key,
        )
    return value


def pairs_of(items: Iterable[tuple[str, bytes]], most: int, size: int = BATCH) -> Iterator[dict[str, bytes]]:
    """``items``, checked, in dicts of up to ``size`` pairs or `ROOM` bytes: the last of equal keys is kept."""
    batch: dict[str, bytes] = {}
    room = ROOM
    for key, value in items:
        check_key(key)
        batch[key] = fitting(key, value, most)
        room -= len(value)
        if room < 0 or len(batch) == size:
            yield batch
            batch, room = {}, ROOM
    if batch:
        yield batch


class Part(NamedTuple):
    """What a transaction does to one key: see that it carries ``expected``, then make the last ``change``."""

    expected: Tag | None
    change: Put[bytes] | Delete | None


def parts_of(changes: Iterable[Change[bytes]], most: int) -> dict[str, Part]:
    """A transaction by key, in the order of keys, so that those which cross wait in line; each is checked.

    Conflict where two expectations of a key differ.
    """
    expected: dict[str, Tag] = {}
    last: dict[str, Put[bytes] | Delete] = {}
    for change in changes:
        check_key(key_of(change))
        if not isinstance(change, Expect):
            last[change.key] = _fitted(change, most)
        elif expected.setdefault(change.key, change.tag) != change.tag:
            raise conflict(change.key)
    return {key: Part(expected.get(key), last.get(key)) for key in sorted({**expected, **last})}


def _fitted(change: Put[bytes] | Delete, most: int) -> Put[bytes] | Delete:
    return Put(change.key, fitting(change.key, change.value, most)) if isinstance(change, Put) else change


def shown(rows: list[Any], hides: bool) -> tuple[list[Any], str | None]:
    """The rows before the first that is reserved, where those are hidden, and the key from which to go on.

    Rows begin with the key. The key is None where nothing was cut off.
    """
    if hides:
        for index, (key, *_) in enumerate(rows):
            if RESERVED in key and is_reserved(key):
                return rows[:index], past_reserved(key)
    return rows, None


def after(key: str) -> str:
    """A bound that is above ``key`` and below every greater key, as no key holds a control character."""
    return f"{key}\x01"
