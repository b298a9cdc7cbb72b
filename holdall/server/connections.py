"""The ways to send the rest of an answer to a client that waits: its socket, or a thread of the server.

A server that can hand over a socket puts a function into the WSGI environment, under `HAND_OVER`. The
application calls it with a function, and returns the beginning of the answer. When the server has sent this
beginning, it calls that function with a `SocketConnection`, and its thread is free. If the client has left in
the meantime, it calls the function with None. Under any other server, a thread sends the parts of a
`QueueConnection`.
"""

import queue
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, Protocol

HAND_OVER: Final = "holdall.hand_over"
"""The name in the WSGI environment of the function with which the server hands over a socket, if it can."""
HAS_LEFT: Final = "holdall.has_left"
"""The name in the WSGI environment of a function that returns whether the client has left, if there is one."""


class Connection(Protocol):
    """A connection to a client. One thread at a time uses it."""

    @property
    def unsent(self) -> int:
        """The number of bytes that the client has not taken yet."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the client has left, or the server stops."""
        ...

    def send(self, data: bytes, /) -> None:
        """Send ``data``, now or later, and what was not sent before. It does not wait."""
        ...

    def close(self, *, complete: bool) -> None:
        """End the answer, which is ``complete`` or broken off, and close the connection."""
        ...


class SocketConnection:
    """The socket ``sock`` of an answer whose head was sent, in ``chunked`` encoding or until the connection ends.

    It is in ``taken`` until it is closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        stopping: Callable[[], bool],
        taken: "set[SocketConnection]",
        *,
        chunked: bool,
    ) -> None:
        self._sock = sock
        self._stopping = stopping
        self._taken = taken
        self._chunked = chunked
        self._unsent = bytearray()
        self._left = False
        taken.add(self)

    @property
    def unsent(self) -> int:
        return len(self._unsent)

    @property
    def is_over(self) -> bool:
        return self._left or self._stopping() or has_left(self._sock)

    def send(self, data: bytes, /) -> None:
        if data:
            self._unsent += b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
        try:
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._left = True

    def close(self, *, complete: bool) -> None:
        if complete and self._chunked and not self._unsent:
            with suppress(OSError):  # the client has left, or reads so slowly that it loses the end
                self._sock.send(b"0\r\n\r\n")
        self._sock.close()
        self._taken.discard(self)


def has_left(sock: socket.socket) -> bool:
    """Return whether the client has closed its end of the connection."""
    try:
        return not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class QueueConnection:
    """Parts that a thread of the server takes by `parts`, and sends."""

    def __init__(self, has_left: Callable[[], bool]) -> None:
        self._has_left = has_left
        self._parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._put = self._taken = 0
        self._complete = True
        self._over = False

    @property
    def unsent(self) -> int:
        return self._put - self._taken

    @property
    def is_over(self) -> bool:
        return self._over or self._has_left()

    def send(self, data: bytes, /) -> None:
        if data:
            self._put += len(data)
            self._parts.put(data)

    def close(self, *, complete: bool) -> None:
        self._complete = complete
        self._parts.put(None)

    def parts(self) -> Iterator[bytes]:
        """Yield the parts, waiting for each. Raises ConnectionAbortedError if the answer breaks off."""
        try:
            while (part := self._parts.get()) is not None:
                self._taken += len(part)
                yield part
            if not self._complete:
                raise ConnectionAbortedError
        finally:
            self._over = True
