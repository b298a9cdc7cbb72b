"""Servers for tests, which end at the latest with the process that started them."""

import shutil
import subprocess
from functools import cache


def bound(command: list[str]) -> list[str]:
    """Return ``command``, changed so that its process is killed when the thread that starts it ends in any way.

    setpriv(1) of util-linux sets PR_SET_PDEATHSIG, see prctl(2); a kill of the process ends its threads too.
    If setpriv is missing, as on macOS, this returns the command unchanged, and the kill is not promised.

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
