"""A client of few instructions, and a server as a process whose processor time is known."""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from benchmarks.http_apps import BOOKS, PATHS
from tests.servers.process import free_ports, running

_TICKS = os.sysconf("SC_CLK_TCK")


class Served:
    """A server at ``port``. It gets all requests on one connection, but each stream on a connection of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self._port = port
        self._pid = pid
        self._sock = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._sock.close()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def cpu(self) -> float:
        """Return the processor seconds of the server and of its child processes."""
        return sum(map(_cpu, _family(self._pid)))

    def get(self, paths: Sequence[str]) -> int:
        """Get every path, one after another, and return how many."""
        for path in paths:
            self._ask("GET", path)
        return len(paths)

    def post(self, path: str, body: bytes) -> None:
        """Send ``body``."""
        self._ask("POST", path, body)

    def put(self, documents: Sequence[tuple[str, bytes]]) -> int:
        """Put every document at its path, one after another, and return how many."""
        for path, body in documents:
            self._ask("PUT", path, body)
        return len(documents)

    def _ask(self, method: str, path: str, body: bytes = b"") -> None:
        self._sock.sendall(_request(method, path, body))
        _receive(self._sock)

    def stream(self, path: str) -> int:
        """Read a stream of NDJSON to its end, and return how many lines it had."""
        with self._connect() as sock:
            sock.sendall(_request("GET", path, accept="application/x-ndjson"))
            lines, last = 0, b""
            while not last.endswith(b"\r\n0\r\n\r\n"):
                part = sock.recv(1 << 20)
                if not part:
                    raise RuntimeError("the stream broke off")
                lines += part.count(b"}\n")
                last = (last + part)[-16:]
            return lines


def _request(method: str, path: str, body: bytes = b"", accept: str = "*/*") -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n{length}\r\n"
    return head.encode() + body


def _receive(sock: socket.socket) -> None:
    """Read one answer. Raises RuntimeError if it is an error."""
    data = sock.recv(1 << 16)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += sock.recv(1 << 16)
    head = data[:end].lower()
    if not head.startswith(b"http/1.1 2"):
        raise RuntimeError(data.decode(errors="replace"))
    named = head.find(b"content-length: ")
    left = int(head[named + 16 :].split(b"\r\n", 1)[0]) if named >= 0 else 0
    left -= len(data) - end - 4
    while left > 0:
        left -= len(sock.recv(1 << 20))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu(pid: int) -> float:
    with suppress(FileNotFoundError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


@contextmanager
def served(server: str, application: str, books: Path) -> Iterator[Served]:
    """Run ``application`` under ``server``, ``waitress`` or ``granian``, for the length of the block."""
    (port,) = free_ports(1)
    folder = books.parent / f"{server}-{application}"
    folder.mkdir(exist_ok=True)
    health = f"http://127.0.0.1:{port}{PATHS['bytes']}?limit=1"
    with ExitStack() as last:
        there = {BOOKS: str(books), "PYTHONPATH": str(Path(__file__).parents[1])}
        command = [sys.executable, "-m", "benchmarks.http_apps", server, application, f"127.0.0.1:{port}"]
        pid = last.enter_context(running(command, health, folder, there))
        yield last.enter_context(Served(port, pid))
