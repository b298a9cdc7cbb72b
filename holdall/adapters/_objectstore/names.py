"""Shared by the stores in buckets: checks of addresses, names and keys, and the order of writes."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from holdall.adapters._shared.servers import check_wait
from holdall.adapters._shared.throttle import Pace, map_ordered
from holdall.errors import InvalidAddress, InvalidKey
from holdall.keys import Span, check_key, fits

T = TypeVar("T")

CONNECTIONS = 32
"""The most connections of one store to its server, and so the most requests that run at once."""


def root_of(prefix: str, scheme: str) -> str:
    """The text with which the names of all objects of a store under ``prefix`` begin.

    Raises InvalidAddress if the prefix is not a valid key.

    >>> root_of("books", "s3"), root_of("", "s3")
    ('books/', '')
    """
    if not prefix:
        return ""
    try:
        check_key(prefix)
    except InvalidKey as error:
        raise InvalidAddress(f"{scheme}: the prefix must be a valid key; {error}") from None
    return f"{prefix}/"


def check_reach(scheme: str, endpoint_url: str | None, timeout: float, retries: int) -> None:
    """Raise InvalidAddress if no server can be reached with these values."""
    check_wait(scheme, timeout)
    if retries < 0:
        raise InvalidAddress(f"{scheme}: retries is negative; give 0 or more")
    if endpoint_url is None:
        return
    parts = urlsplit(endpoint_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidAddress(
            f"{scheme}: endpoint_url is not the address of a server; write http://host or https://host"
        )
    if "@" in parts.netloc:
        raise InvalidAddress(
            f"{scheme}: endpoint_url contains credentials; remove them, and set them in the environment"
        )


def check_served(scheme: str, **headers: str | None) -> dict[str, str]:
    """The ``headers`` that are not None. Raises InvalidAddress if one is not a line of printable ASCII."""
    given = {name: value for name, value in headers.items() if value is not None}
    for name, value in given.items():
        if not (value.strip() and value.isascii() and value.isprintable()):
            raise InvalidAddress(
                f"{scheme}: {name}={value!r} is not valid in a header; write one line of printable ASCII"
            )
    return given


class NameRange(NamedTuple):
    """Names that begin with ``prefix``, at or after ``low``, before ``high`` (None: no end).

    If ``hides`` is true, a listing may skip reserved folders; it may still yield names that are in them.
    """

    prefix: str
    low: str
    high: str | None
    hides: bool


def require_key(key: str) -> str:
    """Return ``key`` unchanged. Raises the errors of `check_key` if it does not fit the grammar."""
    check_key(key)
    return key


def is_key(name: str, span: Span) -> bool:
    """Whether the ``name`` of an object in ``span`` is a valid key that the scan shows."""
    return fits(name) and span.shows(name)


class Rounds:
    """Numbers pairs by the round in which to write them. The pairs of one round may be written at once.

    A key that occurs again gets a later round, so that its last value wins. If one key is a folder of
    another, the later of the two also gets a later round: servers that keep objects in folders were seen to
    lose one of them.

    >>> rounds = Rounds()
    >>> [rounds((key, b"")) for key in ("a", "b", "a", "a/b/c", "a/b/d", "a/b")]
    [0, 0, 1, 2, 2, 3]
    """

    _MOST = 10_000  # the most keys to remember

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._folders: set[str] = set()
        self._round = 0

    def __call__(self, item: tuple[str, bytes]) -> int:
        key = item[0]
        folders = {key[:at] for at, char in enumerate(key) if char == "/"}
        clash = key in self._keys or key in self._folders or not folders.isdisjoint(self._keys)
        if clash or len(self._keys) >= self._MOST:
            self._round += 1
            self._keys.clear()
            self._folders.clear()
        self._keys.add(key)
        self._folders |= folders
        return self._round


def write_all(write: Callable[[str, bytes], object], items: Iterable[tuple[str, bytes]], pace: Pace) -> None:
    """Call ``write`` for each of ``items``, several at once at ``pace``, and fewer if values are large.

    See `map_ordered` and `Rounds`.
    """

    def send(item: tuple[str, bytes]) -> int:
        write(*item)
        return len(item[1])

    for _, distinct in groupby(items, Rounds()):
        sizes = map_ordered(send, distinct, pace, size=int)
        exhaust(sizes)


def exhaust(results: Iterable[object]) -> None:
    """Wait for all of ``results``."""
    for _ in results:
        pass
