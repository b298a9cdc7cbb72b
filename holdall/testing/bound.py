"""Servers for tests that do not outlive the process which started them."""

import shutil
import subprocess
from functools import cache


def bound(command: list[str]) -> list[str]:
    """``command`` as a process that is killed when the thread which starts it ends, in whatever way.

    So says PR_SET_PDEATHSIG in prctl(2), through setpriv(1) of util-linux, and a kill of the process ends its
    threads. Not promised where that is missing, as it is on macOS: the command is then left as it is.

    >>> bound(["redis-server", "--port", "0"])[-3:]
    ['redis-server', '--port', '0']
    """
    return [*_setpriv(), *command]


@cache
def _setpriv() -> tuple[str, ...]:
    program = shutil.which("setpriv")
    if program is None:
        return ()
    words = program, "--pdeathsig", "KILL", "--"
    tried = subprocess.run([*words, program, "--version"], capture_output=True, check=False)  # noqa: S603 - setpriv
    return () if tried.returncode else words  # BusyBox has another setpriv
