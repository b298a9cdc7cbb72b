"""Servers for tests that do not outlive the process that started them."""

import shutil
import subprocess
from functools import cache


def bound(command: list[str]) -> list[str]:
    """Return ``command`` for a process that is killed when the thread that starts it ends, for any reason.

    setpriv(1) of util-linux sets PR_SET_PDEATHSIG, see prctl(2). A kill of the starting process ends its
    threads, and so it also kills the command. If setpriv is missing, as on macOS, this returns ``command``
    unchanged, and the kill is not promised.

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
