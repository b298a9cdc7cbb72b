"""Stores on this machine work in a process that eventlet has patched."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

# Not imported here: eventlet warns of every later fork of the process.
pytestmark = pytest.mark.skipif(not find_spec("eventlet"), reason="eventlet is not installed")

ADDRESSES = ["file:books", "sqlite:///books.db", "dbm:books.dumb?flavor=dumb", "lmdb:books"]
USE = """
import eventlet
eventlet.monkey_patch()
import json, sys, holdall
for address in sys.argv[1:]:
    with holdall.open(address) as store:
        store["a/b"] = b"0"
        store.swap("c", b"1", holdall.ABSENT)
        add = lambda _: store.modify("count", lambda old: str(int(old) + 1).encode(), default=b"0")
        list(eventlet.GreenPool(8).imap(add, range(32)))
        del store["c"]
        print(json.dumps([address, {key: value.decode() for key, value in store.items()}]))
"""


def test_stores_work_under_eventlet(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", USE, *ADDRESSES]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    kept = dict(map(json.loads, done.stdout.splitlines()))
    assert kept == {address: {"a/b": "0", "count": "32"} for address in ADDRESSES}
