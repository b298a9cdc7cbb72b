"""The file store after its writer was killed."""

import os
import subprocess
import sys
from pathlib import Path

from holdall import File

WRITER = """
import os, sys
from holdall import File
store = File(sys.argv[1], durability="os")
for n in range(int(sys.argv[2]), 10**9):
    text = b"%d " % n
    store[f"folder {n % 7}/key"] = text * (1 + n % 5000)
    os.write(1, text)
    if n % 3 == 0:
        store.discard(f"folder {(n + 3) % 7}/key")
        store.update({f"batch/{m}": text * 3 for m in range(5)})
"""


def test_a_killed_writer_leaves_whole_values_and_nothing_else(tmp_path):
    store = File(tmp_path / "store", durability="os")
    last = 0
    for kill in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, store.root, str(last + 1)], stdout=subprocess.PIPE
        )
        said = b""
        while said.count(b" ") < 40 + 17 * kill:
            said += os.read(child.stdout.fileno(), 100)
        child.kill()
        said += child.stdout.read()
        child.stdout.close()
        child.wait()
        last = int(said.split()[-1])
        check_whole(store, last)


def check_whole(store, last):
    store.discard("after")
    held = {key: value.split() for key, value in store.items()}
    for key, words in held.items():
        number = int(words[0])
        assert number <= last + 1
        assert words == [words[0]] * (3 if key.startswith("batch/") else 1 + number % 5000)
    assert int(held[f"folder {last % 7}/key"][0]) >= last
    store["after"] = b"1"
    assert not Path(store.root, ".new").exists()
