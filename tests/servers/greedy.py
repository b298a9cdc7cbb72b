"""Servers that are none: on a socket, they ask whoever logs in for the password in the clear, and keep what comes."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Greedy:
    """Where a server listens, and everything that it was sent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard = b""


class _MySQL(socketserver.StreamRequestHandler):
    """ "Connection Phase" in the MySQL client/server protocol: a greeting, then AuthSwitchRequest."""

    server: Any

    def handle(self) -> None:
        capabilities = (
            0x00080000 | 0x00008000 | 0x00000200 | 0x00000008 | 0x00000001
        )  # pluggable, 4.1, with database
        greeting = (
            b"\x0a8.0.0\0" + struct.pack("<I", 1) + b"a" * 8 + b"\0" + struct.pack("<H", capabilities & 0xFFFF)
            + b"\x21\x02\0" + struct.pack("<H", capabilities >> 16) + b"\x15" + bytes(10) + b"b" * 12 + b"\0"
            + b"mysql_native_password\0"
        )  # fmt: skip
        self._send(0, greeting)
        self._hear()
        self._send(2, b"\xfe" + self.server.plugin + b"\0\x04Password: ")
        self._hear()

    def _send(self, number: int, payload: bytes) -> None:
        self.wfile.write(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)

    def _hear(self) -> None:
        head = self.rfile.read(4)
        if len(head) == 4:
            self.server.greedy.heard += self.rfile.read(int.from_bytes(head[:3], "little"))


class _PostgreSQL(socketserver.StreamRequestHandler):
    """ "Message Formats" in the PostgreSQL protocol: AuthenticationCleartextPassword."""

    server: Any

    def handle(self) -> None:
        self.rfile.read(int.from_bytes(self.rfile.read(4), "big") - 4)
        self.wfile.write(b"R" + struct.pack(">II", 8, 3))
        self.server.greedy.heard += self.rfile.read(1)
        length = self.rfile.read(4)
        if len(length) == 4:
            self.server.greedy.heard += self.rfile.read(int.from_bytes(length, "big") - 4)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def _running(handler: type[socketserver.BaseRequestHandler], plugin: bytes = b"") -> Iterator[Greedy]:
    with _Server(("127.0.0.1", 0), handler) as server:
        server.plugin = plugin  # type: ignore[attr-defined]
        server.greedy = Greedy(server.server_address[1])  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.greedy  # type: ignore[attr-defined]
        server.shutdown()


@pytest.fixture(params=["mysql_clear_password", "dialog", "postgresql"])
def greedy(request: pytest.FixtureRequest) -> Iterator[tuple[str, Greedy]]:
    """The scheme of an address, and a server that it may name."""
    if request.param == "postgresql":
        with _running(_PostgreSQL) as server:
            yield "postgresql", server
    else:
        with _running(_MySQL, request.param.encode()) as server:
            yield "mysql", server
