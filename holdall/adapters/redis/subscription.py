"""A subscription to a channel of a Redis server, on a connection of its own."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self, cast

from holdall.adapters.redis.connections import ask
from holdall.adapters.redis.errors import RAISED
from holdall.bell import INTERVAL
from holdall.extras import needs

with needs("redis"):
    from redis import Connection

_MUCH = 65_536  # bytes of messages that are read at once


class Subscription:
    """Wakes a thread that waits when a message comes. It takes the place of a `threading.Event` in a `Bell`.

    `wait` returns if there may have been a message: when one came, after the timeout, and after this
    subscribed, because nobody knows which messages came before. If the connection is lost, or if the server
    refuses the subscription, `wait` returns after `INTERVAL` seconds, and the next call tries again.
    """

    def __init__(self, open: Callable[[], Connection], channel: str) -> None:
        self._open = open
        self._channel = channel
        self._connection: Connection | None = None
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._leave()

    def set(self) -> None:
        """End the `wait` of another thread, and all later ones."""
        self._ended.set()
        if connection := self._connection:
            _shut_down(connection)

    def clear(self) -> None:
        """Do nothing: no message is remembered, and the end stays."""

    def is_set(self) -> bool:
        return self._ended.is_set()

    def wait(self, timeout: float, /) -> None:
        try:
            if self._connection is None:
                self._connection = self._subscribe()
            elif not _read(self._connection, timeout):
                self._leave()
                self._ended.wait(min(timeout, INTERVAL))
        except TimeoutError:
            self._leave()
        except RAISED:
            self._leave()
            self._ended.wait(min(timeout, INTERVAL))

    def _subscribe(self) -> Connection:
        connection = self._open()
        ask(connection, "SUBSCRIBE", self._channel)
        return connection

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.disconnect()  # type: ignore[no-untyped-call]


def _read(connection: Connection, timeout: float) -> bool:
    """Wait for messages and drop them; return False if the connection was closed. Raises TimeoutError."""
    wire = _wire(connection)
    wire.settimeout(timeout)
    return bool(wire.recv(_MUCH))


def _shut_down(connection: Connection) -> None:
    with suppress(OSError):
        # The method of SSLSocket would change its state under the thread that reads.
        socket.socket.shutdown(_wire(connection), socket.SHUT_RDWR)


def _wire(connection: Connection) -> socket.socket:
    """The socket of ``connection``. Nobody needs the text of a message, so redis-py does not read it."""
    wire = cast(socket.socket | None, connection._sock)
    if wire is None:
        raise OSError("the connection is closed")
    return wire
