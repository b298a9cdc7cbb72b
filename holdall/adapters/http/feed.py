"""The change feed of a service: pages of changes, and a wait that ends when there is a change."""

import socket
import threading
from contextlib import suppress
from typing import Final, cast

from holdall.adapters._shared.etags import unescape_tag
from holdall.adapters._shared.service import WAIT
from holdall.adapters.http.connector import exchange
from holdall.adapters.http.errors import RAISED
from holdall.adapters.http.link import Link
from holdall.bell import INTERVAL
from holdall.changes import Change, Changes, Found, Position
from holdall.errors import Corrupt, InvalidPosition
from holdall.extras import needs
from holdall.keys import fits
from holdall.store import ABSENT

with needs("http"):
    import msgspec

_FIRST: Final = 100
"""The changes in the first page; the pages after it have as many as the service allows."""


class One(msgspec.Struct):
    """A change; its tag is None if the key is missing."""

    key: str
    tag: str | None
    position: str


class Page(msgspec.Struct):
    """A page of the feed; see `holdall.server.changes`."""

    changes: list[One]
    since: str
    position: str
    more: bool


_decoder = msgspec.json.Decoder(Page)


def changes(link: Link, since: str | None, prefix: str, most: int) -> Changes:
    """Return the changes since ``since``. The first page is read at once, the others when they are needed."""
    if since is not None:
        Position.parse(since)
    first = _read(link, since, prefix, _FIRST)

    def find() -> Found:
        page = first
        while True:
            yield from map(_change, page.changes)
            if not (page.more and page.changes):
                return page.position
            page = _read(link, page.position, prefix, most)

    return Changes(first.since, find())


def _read(link: Link, since: str | None, prefix: str, limit: int) -> Page:
    given = {"prefix": prefix, "limit": limit} | ({} if since is None else {"since": since})
    page = link.ask("GET", link.place.changes(**given)).decode(_decoder, link.place.url)
    if not all(fits(each.key) and each.key.startswith(prefix) for each in page.changes):
        raise Corrupt(
            f"a page of changes of {link.place.url} has keys that are not valid, or of another prefix"
        )
    if not _goes_on(page, since):
        raise Corrupt(f"a page of changes of {link.place.url} has positions that are not valid, or goes back")
    return page


def _goes_on(page: Page, since: str | None) -> bool:
    """Return whether the positions of ``page`` are valid, and the next page begins after this one."""
    try:
        for position in (page.since, page.position, *(each.position for each in page.changes)):
            Position.parse(position)
    except InvalidPosition:
        return False
    return not page.more or page.position not in (since, page.since)


def _change(one: One) -> Change:
    return Change(one.key, ABSENT if one.tag is None else unescape_tag(one.tag), one.position)


class LongPoll:
    """Wakes a thread when the feed has a change. It takes the place of a `threading.Event` in a `Bell`.

    `wait` sends a request, on a connection of its own, that the service answers when there is a change after
    the last one of ``self.seen``. If the service does not answer, or has no room for a request that waits,
    `wait` returns after `INTERVAL` seconds.
    """

    def __init__(self, link: Link, prefix: str) -> None:
        self._link = link
        self._prefix = prefix
        self._wire: socket.socket | None = None
        self._ended = threading.Event()
        self.seen: Changes | None = None

    def set(self) -> None:
        """End the `wait` of another thread, and all later ones."""
        self._ended.set()
        if wire := self._wire:
            with suppress(OSError):
                # The method of SSLSocket would change its state under the thread that reads.
                socket.socket.shutdown(wire, socket.SHUT_RDWR)

    def clear(self) -> None:
        """Do nothing: the end stays."""

    def is_set(self) -> bool:
        return self._ended.is_set()

    def wait(self, timeout: float, /) -> None:
        try:
            answered = self._ask(timeout)
        except TimeoutError:
            answered = True
        except RAISED:
            answered = False
        if not answered:
            self._ended.wait(min(timeout, INTERVAL))

    def _ask(self, timeout: float) -> bool:
        """Send a request that waits up to ``timeout`` seconds; return whether the service carried it out."""
        connection = self._link.connector.connect()
        try:
            self._wire = connection.sock  # the connection may give it up before its answer is complete
            if self._ended.is_set():
                return True
            seconds = min(WAIT, max(1, int(timeout)))
            connection.timeout = min(timeout, seconds) + (self._link.timeout if timeout >= 1 else 0)
            since = cast(Changes, self.seen).position
            target = self._link.place.changes(since=since, prefix=self._prefix, wait=seconds, limit=1)
            return exchange(connection, "GET", target, None, self._link.headers).succeeded
        finally:
            self._wire = None
            connection.close()
