"""A hundred large uploads at once: they use little memory, and every one that was acknowledged is stored."""

import hashlib
import threading
import time

import pytest

import holdall
from tests.server.test_serve import serve

pytestmark = pytest.mark.servers

SIZE = 4 << 20
COUNT = 100
ROOM = 16 * SIZE  # the bodies that are in memory at once
SPARE = 120 << 20  # for the buffers of the server, and for memory that is free but was not given back


def memory(process, name):
    """The bytes of memory that ``process`` uses (VmRSS), or has ever used (VmHWM)."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(f"{name}:"))


def upload(http, number, refused):
    """Write a value; when the service says that it has no room, try again."""
    value = number.to_bytes(4) * (SIZE // 4)
    while (answer := http("PUT", f"/v1/a/docs/{number}", value)).status == 503:
        refused.append(number)
        time.sleep(int(answer.headers["Retry-After"]))
    assert answer.status == 201


@pytest.mark.parametrize("program", ["waitress", "granian"])
def test_a_hundred_large_uploads_at_once(tmp_path, program):
    options = ["--server", program, "--max-body", "4MiB"]
    with serve(f"a=file://{tmp_path}/files", *options, cwd=tmp_path) as http:
        threading.Thread(target=http.process.stderr.read).start()
        assert http("PUT", "/v1/a/docs/first", b"").status == 201
        before = memory(http.process, "VmRSS")
        failed, refused = [], []

        def run(number):
            try:
                upload(http, number, refused)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(COUNT)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert failed == []
        grown = memory(http.process, "VmHWM") - before
    assert grown < 2 * ROOM + SPARE < COUNT * SIZE, f"{grown >> 20} MiB; {len(refused)} were told to wait"
    with holdall.open(f"file://{tmp_path}/files") as store:
        for number in range(COUNT):
            expected = hashlib.sha256(number.to_bytes(4) * (SIZE // 4)).digest()
            assert hashlib.sha256(store[f"{number}"]).digest() == expected
