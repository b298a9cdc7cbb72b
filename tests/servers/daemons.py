"""Database servers for tests: real ones in folders of their own, that can be killed, paused and started again."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from holdall.testing.emulators import bind_to_thread

PATIENCE = 100  # seconds for a server to answer, or to end


class Daemon:
    """A server run by ``command``; it is up once ``answers`` raises nothing."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        answers: Callable[[], object],
        user: str | None = None,
        ending: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = command
        self._folder = folder
        self._answers = answers
        self._user = user
        self._ending = ending

    def start(self) -> None:
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                bind_to_thread(self._command), cwd=self._folder, stdout=log, stderr=log, user=self._user
            )
        deadline = time.monotonic() + PATIENCE
        while not self._up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "server.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self._command[0]} did not start:\n{said}")
            time.sleep(0.05)  # between two looks at another process: there is nothing to wait on

    def _up(self) -> bool:
        try:
            self._answers()
        except Exception:
            return False
        return True

    def kill(self) -> None:
        """End it without notice."""
        processes = self._processes()
        self._signal(signal.SIGKILL)
        self._process.wait()
        while any(map(_is_running, processes)):
            time.sleep(0.01)  # they are not children of this process, so it cannot wait for them

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        self._process.send_signal(self._ending)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It is there and says nothing."""
        self._signal(signal.SIGSTOP)
        try:
            while not all(map(_is_stopped, self._processes())):
                time.sleep(0.01)  # the thread that takes the signal stops the others when its turn comes
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, signal: signal.Signals) -> None:
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal)

    def _processes(self) -> list[int]:
        """It, and those that serve its connections."""
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    @contextmanager
    def running(self) -> Iterator["Daemon"]:
        try:
            self.start()
            yield self
        finally:
            self.stop()


def _is_stopped(pid: int) -> bool:
    """Whether every thread of a process is stopped, or the process ended."""
    return set("TZX").issuperset(_states(pid))


def _is_running(pid: int) -> bool:
    """Whether a process has a thread that did not end."""
    return not set("ZX").issuperset(_states(pid))


def _states(pid: int) -> list[str]:
    """The states of the threads of a process (proc_pid_stat(5)); empty if there is no such process."""
    states = []
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread ended in the meantime
            states.append(task.read_text().rpartition(")")[2].split()[0])
    return states


def program(name: str, package: str) -> str:
    """The path of a server's program; a skip where it is not installed."""
    debian = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *debian]))
    if found is None:
        pytest.skip(f"{name} is not installed; on Debian: apt-get install {package}")
    return found


@contextmanager
def folder(user: str | None = None) -> Iterator[Path]:
    """A new folder, of ``user`` if one is named; gone afterwards. Not pytest's, which only root may enter."""
    with tempfile.TemporaryDirectory(prefix="holdall-server-") as name:
        if user:
            shutil.chown(name, user, pwd.getpwnam(user).pw_gid)
        yield Path(name)
