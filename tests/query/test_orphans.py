"""Worker processes end with the script that started them, whatever ends it."""

import os
import select
import signal
import subprocess
import sys

import pytest

from holdall import SQLite
from tests.soak import SOAK

SCRIPT = """
import os, sys, time
from pathlib import Path
from holdall import MapReduce, SQLite
from holdall.query import pool

def wait(key, value):
    Path(sys.argv[2]).write_text(str(os.getpid()))
    time.sleep(600)
    yield "all", 1

if __name__ == "__main__":
    pool.processors = lambda: 1
    with SQLite(sys.argv[1]) as store:
        MapReduce(wait, "count").run(store, executor="processes")
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not a child")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL] if SOAK else [signal.SIGINT])
def test_no_process_remains(tmp_path, number):
    """Ctrl-C in a terminal sends SIGINT to all processes of the group; SIGKILL ends the script alone."""
    script, fifo = tmp_path / "script.py", tmp_path / "fifo"
    script.write_text(SCRIPT)
    os.mkfifo(fifo)
    with SQLite(tmp_path / "books.db", durability="os") as store:
        store["1"] = b"a document"
    command = [sys.executable, script, tmp_path / "books.db", fifo]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as running:
        worker = os.pidfd_open(int(fifo.read_text()))
        try:
            (os.killpg if number == signal.SIGINT else os.kill)(running.pid, number)
            ended, _, _ = select.select([worker], [], [], 60)
        finally:
            os.close(worker)
        _, problems = running.communicate()
    assert ended
    assert running.returncode == -number
    assert problems.count("Traceback") <= 1
    assert ("KeyboardInterrupt" in problems) == (number == signal.SIGINT)
