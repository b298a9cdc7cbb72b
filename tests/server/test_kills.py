"""A server that is killed in the middle of writes: each key has its old or its new value, never a part of one."""

import threading

import pytest
import urllib3

import holdall
from tests.server.test_serve import serve

pytestmark = pytest.mark.servers

SIZE = 300_000
ADDRESSES = {"sqlite": "sqlite:///{}/a.db", "file": "file://{}/files", "lmdb": "lmdb://{}/lmdb"}


class Writer(threading.Thread):
    """Writes new values to one key until the server is gone."""

    def __init__(self, http, key):
        super().__init__()
        self.http, self.key = http, key
        self.written = self.begun = -1

    def run(self):
        try:
            while True:
                self.begun += 1
                assert self.http("PUT", f"/v1/a/docs/{self.key}", value(self.begun)).status in (201, 204)
                self.written = self.begun
        except urllib3.exceptions.HTTPError:
            return


def value(number):
    return b"%06d" % number * (SIZE // 6)


@pytest.mark.parametrize("program", ["waitress", "granian"])
@pytest.mark.parametrize("scheme", ADDRESSES)
def test_a_server_that_is_killed_leaves_whole_values(tmp_path, program, scheme):
    address = ADDRESSES[scheme].format(tmp_path)
    for many in (1, 20):
        with serve(f"a={address}", "--server", program, cwd=tmp_path) as http:
            log = threading.Thread(target=http.process.stderr.read)
            log.start()
            writers = [Writer(http, f"{n}") for n in range(4)]
            for each in writers:
                each.start()
            while sum(each.written for each in writers) < many:
                assert all(each.is_alive() for each in writers)
            http.process.kill()
            for each in (*writers, log):
                each.join()
        with holdall.open(address) as store:
            for each in writers:
                if each.written >= 0:
                    assert store[each.key] in (value(each.written), value(each.begun))
            store["after"] = b"1"
