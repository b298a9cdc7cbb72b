"""A run of tests that is killed leaves no server behind."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from holdall.testing.emulators import bind_to_thread

ROOT = Path(__file__).parents[2]
PARENT = """
import socket, sys
from pathlib import Path
from tests.servers import daemons, files, process

folder, [port] = Path(sys.argv[2]), process.free_ports(1)
listens = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

def running():
    with process.running(listens, f"http://127.0.0.1:{port}", folder) as pid:
        yield pid

def daemon():
    server = daemons.Daemon(listens, folder, lambda: socket.create_connection(("127.0.0.1", port)).close())
    server.start()
    yield server._process.pid

def program():
    says = "import sys; print('listening', flush=True); sys.stdin.read()"
    server = files.Program([sys.executable, "-c", says])
    server.start()
    yield server.process.pid

for pid in globals()[sys.argv[1]]():
    print(pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(bind_to_thread([]) == [], reason="this system ends no child with its parent")
@pytest.mark.parametrize("kind", ["daemon", "program", "running"])
def test_a_server_ends_with_the_run_that_started_it(kind, tmp_path):
    command = [sys.executable, "-c", PARENT, kind, str(tmp_path)]
    stdin, kept = os.pipe()  # which a kill of the parent does not close: no server ends for that
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        server = int(parent.stdout.readline())
        seen = os.pidfd_open(server)
        parent.kill()
    ended, _, _ = select.select([seen], [], [], 60)
    if not ended:
        os.kill(server, signal.SIGKILL)
    for end in (seen, stdin, kept):
        os.close(end)
    assert ended
