"""Runs the service under waitress, and ends it gracefully: every request that arrived gets its answer."""

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from holdall.errors import InvalidAddress
from holdall.extras import needs
from holdall.server.bodies import MAX_BODY
from holdall.server.changes import HAS_LEFT

with needs("server"):
    from waitress import wasyncore
    from waitress.channel import HTTPChannel
    from waitress.parser import HTTPRequestParser, ParsingError
    from waitress.server import create_server
    from waitress.task import ErrorTask, WSGITask
    from waitress.utilities import RequestEntityTooLarge

THREADS: Final = 8
PATIENCE: Final = 30
"""The seconds that `Server.stop` leaves to the requests that run."""

_LINGER: Final = 1  # seconds in which a client may still send a request on a connection that is idle
_CONNECTIONS: Final = 1000
_UNSENT: Final = 1 << 20  # bytes that wait for a slow client, before its stream waits too
_FRAMING: Final = 1 << 16  # bytes; waitress counts the lengths of chunks as a part of a body
_IDLE: Final = 60  # seconds after which a connection is closed on which nothing is sent or received
_HEADERS: Final = 1 << 16  # bytes of the headers of a request
_is_blank = re.compile(rb":[ \t\r\n]{256}").search
_RESET: Final = struct.pack("ii", 1, 0)  # of SO_LINGER: closing the socket resets the connection


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


class Server:
    """Serves ``app`` on ``sock`` with ``threads`` threads. `run` returns after `stop`.

    Bodies of more than ``max_body`` bytes are refused before they are received.
    """

    def __init__(
        self,
        app: Any,
        sock: socket.socket,
        *,
        max_body: int = MAX_BODY,
        threads: int = THREADS,
        patience: int = PATIENCE,
    ) -> None:
        self._channels: dict[int, Any] = {}
        self._stopping = False
        self._closed = False
        self._closing = threading.RLock()  # a signal handler may call `stop` while this thread holds it
        self._patience = patience
        waitress = create_server(
            app,
            map=self._channels,
            sockets=[sock],
            threads=threads,
            ident="holdall",
            max_request_body_size=2 * max_body + _FRAMING,
            max_request_header_size=_HEADERS,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE,
            outbuf_high_watermark=_UNSENT,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # the guard must see them
        )
        self._waitress = cast(Any, waitress)
        self._waitress.channel_class = _channel_class(lambda: self._stopping, max_body)
        host, port = self._waitress.effective_host, self._waitress.effective_port
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self) -> None:
        """Serve until `stop` is called, then answer the requests that arrived, and return."""
        try:
            while not self._stopping:
                self._poll(_IDLE)
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
        """Close each connection whose client does not read its answer, which would occupy a thread for ever.

        Waitress itself closes a silent connection only if it has nothing to send.
        """
        before = time.time() - _IDLE
        for channel in list(self._waitress.active_channels.values()):
            if channel.total_outbufs_len and channel.last_activity < before:
                with channel.outbuf_lock:  # the thread of the answer may just have sent a part
                    if channel.last_activity < before:
                        channel.handle_close()

    def _drain(self) -> None:
        """Stop listening, and close each connection after its last request.

        A client that sees its connection still open may send one more request on it, which gets its answer
        too. This answer says that the connection closes.
        """
        self._accept_waiting()
        wasyncore.dispatcher.close(self._waitress)
        began = time.monotonic()
        while (open_now := list(self._waitress.active_channels.values())) and self._within(began):
            self._poll(0.05)
            if time.monotonic() > began + _LINGER:
                for channel in filter(_is_idle, open_now):
                    channel.handle_close()

    def _within(self, began: float) -> bool:
        return time.monotonic() < began + self._patience

    def _accept_waiting(self) -> None:
        while select.select([self._waitress.socket], [], [], 0)[0]:
            self._waitress.handle_accept()


def _is_idle(channel: Any) -> bool:
    return channel.connected and not (channel.requests or channel.request or channel.total_outbufs_len)


def _channel_class(stopping: Callable[[], bool], max_body: int) -> type[HTTPChannel]:
    class Parser(HTTPRequestParser):
        """Refuses a body with two lengths, which another server may end elsewhere, and one that is too long.

        It also refuses a header that begins with many spaces: waitress needs quadratic time for it.
        """

        def parse_header(self, header_plus: bytes) -> None:
            if _is_blank(header_plus):
                raise ParsingError("a header begins with too many spaces")
            super().parse_header(header_plus)
            if self.chunked and "CONTENT_LENGTH" in self.headers:
                raise ParsingError("the body has two lengths")
            if self.content_length > max_body:
                self.error = RequestEntityTooLarge("")
                self.completed = True

    class Task(_Task):
        """Closes the connection after the answer if the server is stopping, and else keeps it.

        Waitress itself closes it after each answer without a body (204, 304).
        """

        def build_response_header(self) -> bytes:
            if stopping() or cast(Any, self.request).headers.get("CONNECTION", "").lower() == "close":
                self.set_close_on_finish()
            keeps = not (self.close_on_finish or self.has_body) and self.version == "1.1"
            header: bytes = super().build_response_header()
            if keeps:
                self.close_on_finish = False
                return header.replace(b"Connection: close\r\n", b"", 1)
            return header

    class Channel(HTTPChannel):
        parser_class = Parser
        task_class = Task
        error_task_class = _Problem

    return Channel


class _Task(WSGITask):
    """Tells the application whether the client has left, and every client if its answer breaks off."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[HAS_LEFT] = partial(_has_left, self.channel)
        return environ

    def execute(self) -> None:
        """Answer the request. If a body without a length breaks off, reset the connection.

        A client of HTTP/1.0, such as a proxy, would otherwise take the end of the connection for the end
        of the body.
        """
        try:
            super().execute()
        except Exception:
            if self.wrote_header and self.version == "1.0":
                with suppress(OSError):  # the client may have left
                    cast(Any, self.channel).socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            raise


def _has_left(channel: Any) -> bool:
    """Return whether the client has closed its end of the connection."""
    try:
        return not channel.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class _Problem(ErrorTask):
    """Answers a request that is not valid HTTP, or too large, with a problem instead of text."""

    def execute(self) -> None:
        error = cast(Any, self.request).error
        body = json.dumps({"type": "about:blank", "title": error.reason, "status": error.code}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/problem+json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
