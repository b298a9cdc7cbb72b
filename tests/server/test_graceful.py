"""A server that is told to stop under load answers every request that it was sent, and keeps every write."""

import signal
import socket
import threading
from urllib.parse import urlsplit

import pytest

import holdall
from tests.server.test_serve import serve

pytestmark = pytest.mark.servers

BODY = b"x" * 200
SERVERS = ["waitress", "granian"]


class Writer(threading.Thread):
    """Writes keys of its own on one connection until the server closes it."""

    def __init__(self, url, number, stopped):
        super().__init__()
        self.number, self.stopped = number, stopped
        self.written, self.unanswered = [], []
        place = urlsplit(url)
        self.sock = socket.create_connection((place.hostname, place.port), timeout=60)

    def run(self):
        with self.sock, self.sock.makefile("rb") as answers:
            closes = False
            while not closes:
                key = f"{self.number}/{len(self.written)}"
                head = f"PUT /v1/notes/docs/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n\r\n"
                try:
                    self.sock.sendall(head.encode() + BODY)
                    before = not self.stopped.is_set()
                    status, closes = read_answer(answers)
                except ConnectionError:
                    status, before = b"", False
                if status != b"201":
                    self.unanswered += [key] if before or status else []
                    return
                self.written.append(key)


def read_answer(answers):
    """The status of the next answer, empty at the end of the connection, and whether it closes the connection."""
    line = answers.readline()
    headers = [each.lower() for each in iter(answers.readline, b"\r\n") if line]
    return line.partition(b" ")[2][:3], b"connection: close\r\n" in headers


@pytest.mark.parametrize("program", SERVERS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_request_is_dropped(tmp_path, program, number):
    stopped = threading.Event()
    with serve("sqlite:///notes.db", "--server", program, cwd=tmp_path) as http:
        log = threading.Thread(target=http.process.stderr.read)
        log.start()
        writers = [Writer(http.url, each, stopped) for each in range(8)]
        for each in writers:
            each.start()
        while sum(len(each.written) for each in writers) < 200:
            assert all(each.is_alive() for each in writers)
        stopped.set()
        http.process.send_signal(number)
        for each in writers:
            each.join()
        assert http.process.wait(60) == 0
        log.join()
    assert [each.unanswered for each in writers] == [[]] * 8
    with holdall.open(f"sqlite:///{tmp_path}/notes.db") as notes:
        written = {key for each in writers for key in each.written}
        assert {key for key, _ in notes.get_many(sorted(written))} == written
