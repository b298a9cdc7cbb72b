"""A writer that is killed over and over, and what must be in its store afterwards."""

import os
import subprocess
import sys

import holdall
from tests.soak import SOAK

KILLS = 200 if SOAK else 10

WRITER = """
import os, sys
import holdall
store = holdall.open(sys.argv[1])
for n in range(int(sys.argv[2]), 10**9):
    text = b"%d " % n
    store[f"folder {n % 7}/key"] = text * (1 + n % 5000)
    os.write(1, text)
    if n % 3 == 0:
        store.discard(f"folder {(n + 3) % 7}/key")
"""


def check_kills(address: str) -> None:
    """Kill a writer at ``address`` in the midst of its work: what returned is there, and nothing is torn."""
    last = 0
    for kill in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, address, str(last + 1)], stdout=subprocess.PIPE
        )
        said = b""
        while said.count(b" ") < 3 + kill % 10:
            said += os.read(child.stdout.fileno(), 100)
        child.kill()
        said += child.stdout.read()
        child.stdout.close()
        child.wait()
        last = int(said.split()[-1])
        with holdall.open(address) as store:
            check_whole(store, last)


def check_whole(store, last):
    """Nothing is half there; the last write that returned is, unless the next one already replaced it."""
    held = {key: value.split() for key, value in store.items()}
    for words in held.values():
        number = int(words[0])
        assert number <= last + 1
        assert words == [words[0]] * (1 + number % 5000)
    assert int(held[f"folder {last % 7}/key"][0]) >= last
    store["after"] = b"0"
