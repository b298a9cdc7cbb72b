"""A client that says little: one request each, and the answer with its JSON."""

import errno
import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit


class Client:
    def __init__(self, url, pool):
        self.url = url
        self._pool = pool

    def __call__(self, method, path, body=None, *, doc=None, **headers):
        """Send a request; headers have ``_`` for ``-``, and ``doc`` is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if doc is not None:
            body = json.dumps(doc).encode()
            sent.setdefault("Content-Type", "application/json")
        return self._pool.request(method, self.url + path, body=body, headers=sent)

    def stream(self, path, accept):
        """The parts of a body, as they come; closing it closes the connection."""
        answer = self._pool.request("GET", self.url + path, headers={"Accept": accept}, preload_content=False)
        try:
            yield from answer.stream(1 << 16)
        finally:
            answer.close()

    def raw(self, data, half_close=True):
        """What the service sends back for these bytes, until it closes the connection."""
        place = urlsplit(self.url)
        with socket.create_connection((place.hostname, place.port), timeout=30) as sock:
            sock.sendall(data)
            parts = []
            with suppress(ConnectionError):  # the service may close the connection before it read all
                if half_close:
                    _end(sock)
                while part := sock.recv(1 << 16):
                    parts.append(part)
        return b"".join(parts)


def _end(sock):
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise
