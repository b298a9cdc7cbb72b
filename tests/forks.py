"""Children of a fork that Python sees, and of one that it does not see, as uWSGI forks."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def fork_in_c() -> int:
    """Fork as a C program does: no hook of `os.register_at_fork` runs.

    If another thread asks for the interpreter's lock at this moment, the child waits for ever until that thread,
    which it does not have, takes the lock. A thread asks when it has waited for a switch interval.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(60)
    time.sleep(2 * interval)  # the threads that wait by the old interval get the lock
    try:
        return int(ctypes.PyDLL(None).fork())
    finally:
        sys.setswitchinterval(interval)


every_fork = pytest.mark.parametrize("fork", [os.fork, fork_in_c] if hasattr(os, "fork") else [])


def start_child(function: Callable[[], object], fork: Callable[[], int] = os.fork) -> int:
    """Fork, run ``function`` in the child, and return its pid."""
    pid = fork()
    if not pid:
        code = 3
        try:
            code = 1 if function() is False else 0
        finally:
            os._exit(code)
    return pid


def exit_code(pid: int) -> int:
    """Wait for a child and return its exit code.

    It is 0 if its function returned something other than False, 3 if it raised, and -9 if it took over a minute.
    """
    killer = threading.Timer(60, os.kill, (pid, signal.SIGKILL))
    killer.start()
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        killer.cancel()
        killer.join()


def run_in_child(function: Callable[[], object], fork: Callable[[], int] = os.fork) -> int:
    """Fork, run ``function`` in the child, and return its `exit_code`."""
    return exit_code(start_child(function, fork))
