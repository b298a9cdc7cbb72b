"""Writers and servers that are killed in the middle of writes: what returned is there, and nothing is torn."""

import os
import pickle
import subprocess
import sys
import threading

import pytest

from holdall.errors import Unavailable
from tests.soak import SOAK

KILLS = 200 if SOAK else 5
pytestmark = pytest.mark.timeout(15 * KILLS if SOAK else 300)

WRITER = """
import os, pickle, sys
store = pickle.loads(bytes.fromhex(sys.argv[1]))
for n in range(int(sys.argv[2]), 10**9):
    text = b"%d " % n
    store[f"folder {n % 7}/key"] = text * (1 + n % 5000)
    os.write(1, text)
    if n % 3 == 0:
        store.discard(f"folder {(n + 3) % 7}/key")
        store.set_many((f"batch/{m}", text * 3) for m in range(5))
"""


def test_a_killed_writer_leaves_whole_values(mortal):
    with mortal.store() as store:
        store.discard("before")  # the table is there
        last = 0
        for kill in range(KILLS):
            last = write_until_killed(store, last + 1, 10 + kill % 31)
            check_whole(store, last)


def write_until_killed(store, first, count):
    """Write from ``first`` on and die after ``count`` or a few more; the number of the last that returned."""
    command = [sys.executable, "-c", WRITER, pickle.dumps(store).hex(), str(first)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    said = b""
    while said.count(b" ") < count and (new := os.read(child.stdout.fileno(), 100)):
        said += new
    child.kill()
    said += child.stdout.read()
    child.stdout.close()
    child.wait()
    return int(said.split()[-1])


def check_whole(store, last):
    held = {key: value.split() for key, value in store.items()}
    for key, words in held.items():
        number = int(words[0])
        assert number <= last + 1
        assert words == [words[0]] * (3 if key.startswith("batch/") else 1 + number % 5000)
    assert int(held[f"folder {last % 7}/key"][0]) >= last
    assert len({words[0] for key, words in held.items() if key.startswith("batch/")}) <= 1
    tags = dict(store.scan_tags())
    assert tags.keys() == held.keys()


def test_a_killed_server_keeps_what_returned(mortal):
    with mortal.store(timeout=30) as store:
        store["0"] = b"0"
        returned = 0
        for _ in range(KILLS // 5):
            killer = threading.Timer(0.05, mortal.daemon.kill)
            killer.start()
            try:
                while True:
                    store.set_many((f"{returned + 1}/{n}", b"x") for n in range(3))
                    returned += 1
            except Unavailable:
                killer.join()
                mortal.daemon.start()
            counts = [sum(1 for _ in store.scan(f"{number}/")) for number in range(1, returned + 2)]
            assert counts[:-1] == [3] * returned
            assert counts[-1] in (0, 3)
            returned += counts[-1] // 3
