"""A minute at saturation: no request fails, the memory stays flat, and everything acknowledged is stored."""

import http.client
import json
import multiprocessing
import random
import sys
import threading
import time
from urllib.parse import urlsplit

import pytest

import holdall
from tests.server.test_many_uploads import memory
from tests.server.test_serve import serve

pytestmark = pytest.mark.servers

SECONDS = 60
PROCESSES, CLIENTS = 3, 8
FLAT = 30 << 20  # bytes that the memory may grow after the first third: caches, and what malloc keeps
JSON = {"Content-Type": "application/json"}
PATCH = {"Content-Type": "application/merge-patch+json"}


class Client:
    """Works on keys of its own, and knows what they must hold."""

    def __init__(self, place, name, seed):
        self.connection = http.client.HTTPConnection(place, timeout=60)
        self.random = random.Random(seed)
        self.name = name
        self.model = {}
        self.failed = []
        self.done = 0

    def ask(self, method, path, document=None, headers=JSON):
        body = None if document is None else json.dumps(document)
        self.connection.request(method, f"/v1/notes{path}", body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        self.done += 1
        if answer.status >= 500:
            self.failed.append((answer.status, method, path, data[:200]))
        return answer.status, data

    def run(self, until):
        steps = [self.put] * 6 + [self.get] * 10 + [self.patch] * 2 + [self.delete, self.list, self.batch]
        while time.monotonic() < until and not self.failed:
            self.random.choice(steps)(f"{self.name}/{self.random.randrange(50)}")
        self.connection.close()

    def put(self, key):
        document = {"key": key, "n": self.done, "text": "x" * self.random.choice((10, 1000, 20_000))}
        if self.ask("PUT", f"/docs/{key}", document)[0] in (201, 204):
            self.model[key] = document

    def get(self, key):
        status, data = self.ask("GET", f"/docs/{key}")
        found = json.loads(data) if status == 200 else None
        if found != self.model.get(key):
            self.failed.append((status, "GET", key, "is not the last write"))

    def patch(self, key):
        if self.ask("PATCH", f"/docs/{key}", {"patched": self.done}, PATCH)[0] == 200:
            self.model[key] = {**self.model[key], "patched": self.done - 1}

    def delete(self, key):
        if self.ask("DELETE", f"/docs/{key}")[0] == 204:
            del self.model[key]

    def list(self, key):
        self.ask("GET", f"/docs?prefix={self.name}/&include=values&limit=20")

    def batch(self, key):
        documents = {f"{key}/{n}": {"n": self.done} for n in range(10)}
        operations = [{"op": "put", "key": each, "value": value} for each, value in documents.items()]
        if self.ask("POST", ":batch", {"operations": operations})[0] == 200:
            self.model.update(documents)


def load(place, process, seconds, results):
    """Run clients in threads, and put what they did into ``results``."""
    until = time.monotonic() + seconds
    clients = [Client(place, f"{process}-{number}", process * 100 + number) for number in range(CLIENTS)]
    threads = [threading.Thread(target=each.run, args=(until,)) for each in clients]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    results.put([(each.model, each.failed, each.done) for each in clients])


@pytest.mark.parametrize("program", ["waitress", "granian"])
def test_a_minute_at_saturation(tmp_path, program, capsys):
    address = f"sqlite:///{tmp_path}/notes.db?serializer=json"
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    with serve(f"notes={address}", "--server", program, cwd=tmp_path) as client:
        threading.Thread(target=client.process.stderr.read).start()
        place = urlsplit(client.url).netloc
        workers = [spawn.Process(target=load, args=(place, n, SECONDS, results)) for n in range(PROCESSES)]
        for each in workers:
            each.start()
        used = []
        while any(each.is_alive() for each in workers) and results.qsize() < PROCESSES:
            time.sleep(1)  # between two looks at the memory
            used.append(memory(client.process, "VmRSS"))
        found = [each for _ in workers for each in results.get()]
        for each in workers:
            each.join()
        client.process.terminate()
        assert client.process.wait(60) == 0
    requests = sum(done for _, _, done in found)
    early, late = max(used[: len(used) // 3]), max(used)
    with capsys.disabled():
        rate = f"{program}: {requests / SECONDS:.0f} requests/s"
        sys.stdout.write(f"\n{rate}, {early >> 20} MiB, {late >> 20} MiB in the end\n")
    assert [failure for _, failed, _ in found for failure in failed] == []
    assert late < early + FLAT
    expected = {key: value for model, _, _ in found for key, value in model.items()}
    with holdall.open(address) as store:
        assert dict(store) == expected
