"""Children of a fork that Python sees, and of one that it does not see, as uWSGI forks."""

import ctypes
import os
from collections.abc import Callable

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def fork_in_c() -> int:
    """Fork as a C program does: no hook of `os.register_at_fork` runs."""
    return int(ctypes.PyDLL(None).fork())


every_fork = pytest.mark.parametrize("fork", [os.fork, fork_in_c] if hasattr(os, "fork") else [])


def run_in_child(function: Callable[[], object], fork: Callable[[], int] = os.fork) -> int:
    """Fork, run ``function`` in the child, and return its exit code: 0 if the result was not False, 3 if it raised."""
    pid = fork()
    if not pid:
        code = 3
        try:
            code = 1 if function() is False else 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
