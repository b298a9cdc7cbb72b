"""The connections of the service: a channel of waitress that reads requests and ends answers more strictly."""

import json
import re
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

from holdall.extras import needs
from holdall.server.connections import HAND_OVER, HAS_LEFT, Connection, SocketConnection, has_left

with needs("server"):
    from waitress.channel import HTTPChannel
    from waitress.parser import HTTPRequestParser, ParsingError
    from waitress.task import ErrorTask, WSGITask
    from waitress.utilities import RequestEntityTooLarge

_is_blank = re.compile(rb":[ \t\r\n]{256}").search
_RESET: Final = struct.pack("ii", 1, 0)  # of SO_LINGER: closing the socket resets the connection


def channel_class(
    stopping: Callable[[], bool], max_body: int, taken: set[SocketConnection]
) -> type[HTTPChannel]:
    """Return the class of the connections. ``stopping`` tells whether each must close after its answer.

    ``taken`` gets the connections that the application took over.
    """

    class Parser(_Parser):
        """Refuses a body that is too long."""

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.content_length > max_body:
                self.error = RequestEntityTooLarge("")
                self.completed = True

    class Task(_Task):
        """Closes the connection after the answer if the server is stopping, and else keeps it.

        Waitress itself closes it after each answer without a body (204, 304).
        """

        take = staticmethod(partial(SocketConnection, stopping=stopping, taken=taken))

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


class _Parser(HTTPRequestParser):
    """Refuses a body with two lengths, which another server may end elsewhere.

    It also refuses a header that begins with many spaces: waitress needs quadratic time for it. ``began`` is the
    time of the first byte.
    """

    def __init__(self, adjustments: Any) -> None:
        super().__init__(adjustments)
        self.began = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        if _is_blank(header_plus):
            raise ParsingError("a header begins with too many spaces")
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("the body has two lengths")


class _Task(WSGITask):
    """Hands the socket over if the application wants to send the rest of its answer itself.

    It also tells the application whether the client has left, and every client if its answer breaks off.
    """

    take: Callable[..., SocketConnection]
    _begin: Callable[[Connection | None], None] | None = None

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[HAS_LEFT] = partial(_has_left, self.channel)
        environ[HAND_OVER] = self._hand_over
        return environ

    def _hand_over(self, begin: Callable[[Connection | None], None]) -> None:
        self._begin = begin

    def service(self) -> None:
        try:
            super().service()
        finally:
            if self._begin:  # the head of the answer was not sent
                self._begin(None)

    def finish(self) -> None:
        """End the answer, unless the application took it over."""
        if self._begin is None:
            super().finish()
            return
        if not self.wrote_header:
            self.write(b"")
        self.close_on_finish = True  # waitress closes its own copy of the socket
        channel = cast(Any, self.channel)
        with channel.outbuf_lock:
            channel._flush_some(do_close=False)
            if channel.connected and not channel.total_outbufs_len:
                begin, self._begin = self._begin, None
                begin(self.take(channel.socket.dup(), chunked=self.chunked_response))

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
    return has_left(channel.socket)


class _Problem(ErrorTask):
    """Answers a request that is not valid HTTP, or too large, with a problem instead of text."""

    def execute(self) -> None:
        error = cast(Any, self.request).error
        detail = error.body or error.reason
        problem = {"type": "about:blank", "title": error.reason, "status": error.code, "detail": detail}
        body = json.dumps(problem).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/problem+json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
