"""Runs the service under waitress, and ends it gracefully: every request that arrived gets its answer."""

import select
import socket
import threading
import time
from typing import Any, Final, cast

from holdall.errors import InvalidAddress
from holdall.extras import needs
from holdall.server.channel import channel_class
from holdall.server.connections import SocketConnection
from holdall.server.limits import LIMITS, Limits

with needs("server"):
    from waitress import wasyncore
    from waitress.server import create_server

THREADS: Final = 8
PATIENCE: Final = 30
"""The seconds that `Server.stop` leaves to the requests that run."""

LINGER: Final = 1
"""The seconds in which a client may still send a request on an idle connection, when the server stops."""
CONNECTIONS: Final = 1000
"""The most connections at a time."""
IDLE: Final = 60
"""The seconds after which a connection is closed on which nothing is sent or received."""
HEADERS: Final = 1 << 16
"""The bytes of the headers of a request."""

_UNSENT: Final = 1 << 20  # bytes that wait for a slow client, before its stream waits too
_FRAMING: Final = 1 << 16  # bytes; waitress counts the lengths of chunks as a part of a body


def listen(text: str) -> socket.socket:
    """Return a socket that listens at ``text``: a host and a port, as in ``127.0.0.1:8080``.

    Port 0 takes a free port. Raises InvalidAddress if ``text`` is not valid, and OSError if the address
    cannot be used.

    >>> listen("127.0.0.1:http")
    Traceback (most recent call last):
      ...
    holdall.errors.InvalidAddress: ...
    """
    host, _, port = text.rpartition(":")
    name = host.removeprefix("[").removesuffix("]")
    if not (name and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise InvalidAddress(f"{text!r} is not a host and a port; write for example 127.0.0.1:8080")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    return socket.create_server((name, int(port)), family=family, backlog=1024)


def url_of(sock: socket.socket) -> str:
    """Return the address at which clients reach ``sock``."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """Serves ``app`` on ``sock`` with ``threads`` threads. `run` returns after `stop`.

    Bodies over the limit are refused before they are received.
    """

    def __init__(
        self,
        app: Any,
        sock: socket.socket,
        *,
        limits: Limits = LIMITS,
        threads: int = THREADS,
        patience: int = PATIENCE,
    ) -> None:
        self._channels: dict[int, Any] = {}
        self._taken: set[SocketConnection] = set()
        self._stopping = False
        self._closed = False
        self._closing = threading.RLock()  # a signal handler may call `stop` while this thread holds it
        self._patience = patience
        self._seconds = limits.seconds
        self._looked = 0.0
        waitress = create_server(
            app,
            map=self._channels,
            sockets=[sock],
            threads=threads,
            ident="holdall",
            max_request_body_size=2 * limits.body + _FRAMING,
            max_request_header_size=HEADERS,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE,
            outbuf_high_watermark=_UNSENT,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # the guard must see them
        )
        self._waitress = cast(Any, waitress)
        self._waitress.channel_class = channel_class(lambda: self._stopping, limits.body, self._taken)
        self.url = url_of(sock)

    def run(self) -> None:
        """Serve until `stop` is called, then answer the requests that arrived, and return."""
        try:
            while not self._stopping:
                self._poll(IDLE)
                self._close_stalled()
            self._drain()
        finally:
            self._waitress.task_dispatcher.shutdown(timeout=1)
            with self._closing:
                self._closed = True
                wasyncore.close_all(self._channels, ignore_all=True)

    def stop(self) -> None:
        """Let `run` end. Another thread or a signal handler may call it."""
        self._stopping = True
        with self._closing:
            if not self._closed:
                self._waitress.pull_trigger()

    def _poll(self, timeout: float) -> None:
        wasyncore.loop(timeout, use_poll=True, map=self._channels, count=1)

    def _close_stalled(self) -> None:
        """Once in a second, close the connections of clients that do not read their answer, or send too slowly.

        Waitress itself closes only a connection that is silent and has nothing to send.
        """
        now = time.monotonic()
        if now < self._looked + 1:
            return
        self._looked = now
        before = time.time() - IDLE
        for channel in list(self._waitress.active_channels.values()):
            if (request := channel.request) and now > request.began + self._time_of(request):
                channel.handle_close()
            elif channel.total_outbufs_len and channel.last_activity < before:
                with channel.outbuf_lock:  # the thread of the answer may just have sent a part
                    if channel.last_activity < before:
                        channel.handle_close()

    def _time_of(self, request: Any) -> float:
        """Return the seconds in which a client must send ``request``."""
        return self._seconds if request.headers_finished else IDLE

    def _drain(self) -> None:
        """Stop listening, and close each connection after its last request.

        A client that sees its connection still open may send one more request on it, which gets its answer
        too. This answer says that the connection closes.
        """
        self._accept_waiting()
        wasyncore.dispatcher.close(self._waitress)
        began = time.monotonic()
        while self._within(began):
            open_now = list(self._waitress.active_channels.values())
            if not (open_now or self._taken):
                return
            self._poll(0.05)
            if time.monotonic() > began + LINGER:
                for channel in filter(_is_idle, open_now):
                    channel.handle_close()

    def _within(self, began: float) -> bool:
        return time.monotonic() < began + self._patience

    def _accept_waiting(self) -> None:
        while select.select([self._waitress.socket], [], [], 0)[0]:
            self._waitress.handle_accept()


def _is_idle(channel: Any) -> bool:
    return channel.connected and not (channel.requests or channel.request or channel.total_outbufs_len)
