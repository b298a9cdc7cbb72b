"""The clients that wait for changes: by long poll, or as a stream of Server-Sent Events."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, NamedTuple

from holdall.errors import Expired, HoldallError
from holdall.server.connections import Connection
from holdall.server.feed_page import FeedPage
from holdall.server.problems import describe

RETRY: Final = b"retry: 1000\n\n"
"""The first line of a stream of events: a browser that lost the connection waits for a second."""
PAGE: Final = 500
"""The changes that a stream of events gets at a time."""
_BEAT: Final = 15.0  # seconds between two signs of life in a stream of events
_CHECK: Final = 5.0  # seconds between two checks of a token
_SLOW: Final = 60.0  # seconds after which a client is cut off that does not read


class Place(NamedTuple):
    """The place of a client in the feed: it waits for changes since ``position``, at most ``limit`` at a time."""

    position: str
    prefix: str
    limit: int


class Waiter(ABC):
    """A client that waits for changes after ``place``. It has a connection from its beginning to its end.

    It waits for at most ``seconds``. ``check`` raises an error if the client must not read any more. ``release`` is
    called once, at the end.
    """

    def __init__(
        self, place: Place, check: Callable[[], object], release: Callable[[], None], seconds: float
    ) -> None:
        self.place = place
        self.connection: Connection | None = None
        self._check = check
        self._release = release
        self._checked = self._sent = now = time.monotonic()
        self._deadline = now + seconds

    @property
    def has_room(self) -> bool:
        """Whether the client has taken everything that was sent."""
        return self.connection is not None and not self.connection.unsent

    def is_due(self, now: float) -> bool:
        """Return whether `check` should be called."""
        return now > self._checked + _CHECK

    def check(self, now: float) -> None:
        """Raise an error if the client must not read any more."""
        self._checked = now
        self._check()

    @abstractmethod
    def tell(self, page: FeedPage) -> None:
        """Send the changes of ``page``, which begins at its place."""

    @abstractmethod
    def look(self, now: float) -> None:
        """Send a sign of life, or the end, if it is time."""

    @abstractmethod
    def end(self, error: HoldallError | None = None) -> None:
        """End the answer, because the server stops, or because of ``error``."""

    def close(self, *, complete: bool = False) -> None:
        """Close the connection."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.close(complete=complete)
            self._release()


class EventStream(Waiter):
    """A client that gets every change as an event for ``seconds``, or until it leaves."""

    def tell(self, page: FeedPage) -> None:
        self.place = self.place._replace(position=page.position)
        if page.changes:
            self._send(page.events)

    def look(self, now: float) -> None:
        assert self.connection is not None  # noqa: S101 - it is not closed
        if self.connection.unsent:
            self.connection.send(b"")
            if now > self._sent + _SLOW:
                self.close()
        elif now > self._deadline:
            self.end()
        elif now > self._sent + _BEAT:
            self._send(b": \nid: %b\n\n" % self.place.position.encode())

    def end(self, error: HoldallError | None = None) -> None:
        if isinstance(error, Expired) and self.connection is not None:
            self._send(expired(error))
        self.close(complete=True)

    def _send(self, data: bytes) -> None:
        assert self.connection is not None  # noqa: S101 - it is not closed
        self._sent = time.monotonic()
        self.connection.send(data)


class LongPoll(Waiter):
    """A client that gets the next change as a page of JSON, or an empty page after ``seconds``."""

    def tell(self, page: FeedPage) -> None:
        self.place = self.place._replace(position=page.position)
        if page.changes:
            self._answer(page)

    def look(self, now: float) -> None:
        if now > self._deadline:
            self._answer(FeedPage([], self.place.position, self.place.position, False))

    def end(self, error: HoldallError | None = None) -> None:
        if error is None:
            self._answer(FeedPage([], self.place.position, self.place.position, False))
        else:
            self.close()

    def _answer(self, page: FeedPage) -> None:
        if self.connection is not None:
            self.connection.send(page.json)
        self.close(complete=True)


def expired(error: Expired) -> bytes:
    """Return the event which says that the feed cannot go on.

    It resets the last id, so a browser that connects again reads every key.
    """
    return b"id\nevent: expired\ndata: %b\n\n" % json.dumps(describe(error)).encode()
