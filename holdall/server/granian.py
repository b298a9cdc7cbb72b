"""Runs the service under granian, in this process, and ends it gracefully.

Granian itself would run the application in another process, which shares no store in memory with the caller,
and in which granian handles the signals. So this module starts granian's worker in a thread, as the builds of
granian for a Python without a GIL do.

The threads of granian never end. When they end, they run Python again, which aborts the process if Python is
ending too.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, Final, cast

from holdall.extras import needs
from holdall.server.limits import LIMITS, Limits
from holdall.server.serving import CONNECTIONS, HEADERS, IDLE, LINGER, PATIENCE, url_of

with needs("granian"):
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces, RuntimeModes
    from granian.http import HTTP1Settings
    from granian.server.mt import MTServer

THREADS: Final = 48
"""More than under waitress, because granian gives a thread to a request whose body is still on its way."""
_YEARS: Final = 10**9  # seconds


class GranianServer:
    """Serves ``app`` on ``sock`` with at most ``threads`` threads. `run` returns after `stop`.

    The threads stay, and do nothing, until the process ends.
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
        self.url = url_of(sock)
        self._app = app
        self._patience = patience
        self._place = sock.getsockname()[:2]
        self._stopping = False
        self._stop: SimpleQueue[None] = SimpleQueue()  # unlike an Event, a signal handler may put into it
        self._drained = threading.Event()
        server: Any = MTServer(
            "",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=IDLE * 1000, max_buffer_size=HEADERS),
            runtime_mode=RuntimeModes.mt,
            blocking_threads=threads,
            blocking_threads_idle_timeout=_YEARS,
            backpressure=CONNECTIONS,
            log_enabled=False,
        )
        server._shd = cast(Any, SocketHolder)(sock.detach(), False, CONNECTIONS)
        self._worker = server._spawn_worker(0, MTServer._spawn_wsgi_worker, self._call)
        self._worker.inner.daemon = True

    def run(self) -> None:
        """Serve until `stop` is called, then answer the requests that arrived, and return."""
        self._worker.inner.start()
        self._wait_until_it_serves()
        self._worker._sig.add_cb(self._end)  # in the place of granian's own, which would end the threads
        self._stop.get()
        self._drained.wait(
            LINGER
        )  # a client that sends a request in this time learns to close its connection
        self._worker.terminate()
        self._drained.wait(self._patience)

    def stop(self) -> None:
        """Let `run` end. Another thread or a signal handler may call it."""
        self._stopping = True
        self._stop.put(None)

    def _wait_until_it_serves(self) -> None:
        """Return after granian has refused a request that is not HTTP."""
        with socket.create_connection(self._place, timeout=self._patience) as sock:
            sock.sendall(b"x\r\n\r\n")
            sock.recv(1)

    def _end(self) -> None:
        """Let `run` return, and never return to granian. A thread of granian calls this after the last answer."""
        self._drained.set()
        threading.Event().wait()

    def _call(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as the application does. While the server stops, each answer closes its connection."""

        def begin(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start(status, [*headers, ("Connection", "close")] if self._stopping else headers, error)

        answer: Iterable[bytes] = self._app(environ, begin)
        return answer
