"""A proxy between a client and an HTTP server, over real sockets, that loses, spoils and delays answers.

    with Proxy("http://127.0.0.1:8333") as proxy:
        proxy.inject(answer(503), answer(503), on="PUT")      the next two PUTs are throttled
        proxy.inject(lose)                                    then one request is carried out, its answer lost

Every request is counted, by method and by user agent. Faults apply in turn, each to one request that
it fits.
"""

import http.client
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

GONE = 30  # seconds after which a client that was left hanging is given up
# The timeout of a client whose request will have no answer, and of one whose request will have an answer. On a busy
# machine an answer takes seconds, and a request that is sent again for that reason is not the one that a test expects.
HASTY, PATIENT = 2, 60


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One request on its way; a fault decides what becomes of it."""

    protocol_version = "HTTP/1.1"
    server: "_Server"
    body: bytes

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the client gave up, as some faults intend

    def _carry(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.proxy._fault_for(self)(self)

    do_GET = do_PUT = do_POST = do_PATCH = do_HEAD = do_DELETE = _carry  # noqa: N815 - names of http.server

    def forward(self) -> Answer:
        """Have the server carry it out."""
        upstream = http.client.HTTPConnection(self.server.proxy.upstream, timeout=GONE)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    upstream.putheader(name, value)
            upstream.endheaders(self.body)
            answer = upstream.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            upstream.close()

    def reply(self, answer: Answer, part: int | None = None) -> None:
        """Send ``answer``, or the first ``part`` bytes of a body that is announced in full."""
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", _length(answer))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:part])
            self.wfile.flush()

    def hang(self) -> bool:
        """Say nothing until the client has gone; whether it went by itself."""
        gone, _, _ = select.select([self.connection], [], [], GONE)
        self.close_connection = True
        return bool(gone)

    def reset(self) -> None:
        """Break the connection, as a crash would (RST)."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _length(answer: Answer) -> str:
    announced = {name.lower(): value for name, value in answer.headers}
    return announced.get("content-length", str(len(answer.body)))


Fault = Callable[[Exchange], None]


def nothing(exchange: Exchange) -> None:
    """No fault."""
    exchange.reply(exchange.forward())


def answer(status: int, code: str = "", body: bytes | None = None) -> Fault:
    """The server is not asked: an S3 error with ``code``, or ``body``, is answered."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()

    def fault(exchange: Exchange) -> None:
        exchange.reply(Answer(status, [("Content-Type", "application/xml")], text if body is None else body))

    return fault


def lose(exchange: Exchange) -> None:
    """The server carries it out; the answer never comes."""
    exchange.forward()
    exchange.hang()


def drop(exchange: Exchange) -> None:
    """The server carries it out; the connection breaks before the answer."""
    exchange.forward()
    exchange.reset()


def then(status: int, code: str = "") -> Fault:
    """The server carries it out, and an error is answered."""

    def fault(exchange: Exchange) -> None:
        exchange.forward()
        answer(status, code)(exchange)

    return fault


def hang(exchange: Exchange) -> None:
    """The server is not asked; no answer comes."""
    exchange.hang()


def reset_in_body(exchange: Exchange) -> None:
    """The connection breaks in the middle of the body."""
    got = exchange.forward()
    exchange.reply(got, part=len(got.body) // 2)
    exchange.reset()


def cut_body(exchange: Exchange) -> None:
    """The connection ends in good order in the middle of the body."""
    got = exchange.forward()
    exchange.reply(got, part=len(got.body) // 2)
    exchange.close_connection = True


def late(seconds: float) -> Fault:
    """The answer takes ``seconds`` longer."""

    def fault(exchange: Exchange) -> None:
        got = exchange.forward()
        time.sleep(seconds)
        exchange.reply(got)

    return fault


class _Server(ThreadingHTTPServer):
    proxy: "Proxy"
    daemon_threads = True
    request_queue_size = 128


class Proxy:
    """Stands before the server at ``upstream``; ``endpoint`` is its own address while the block lasts."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.counts: Counter[str] = Counter()
        self.agents: Counter[str] = Counter()
        self.always: Fault = nothing
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.proxy = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def inject(self, *faults: Fault, on: str = "") -> None:
        """The next requests whose method and path begin with ``on`` meet ``faults``, one each."""
        with self._lock:
            self._faults += [(on, fault) for fault in faults]

    def _fault_for(self, exchange: Exchange) -> Fault:
        request = f"{exchange.command} {exchange.path}"
        with self._lock:
            self.counts[exchange.command] += 1
            self.agents[exchange.headers.get("User-Agent", "").partition("/")[0]] += 1
            for index, (on, fault) in enumerate(self._faults):
                if request.startswith(on):
                    del self._faults[index]
                    return fault
        return self.always

    def calm(self) -> list[Fault]:
        """No more faults; those that no request has met."""
        with self._lock:
            left, self._faults, self.always = self._faults, [], nothing
        return [fault for _, fault in left]

    def __enter__(self) -> "Proxy":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
