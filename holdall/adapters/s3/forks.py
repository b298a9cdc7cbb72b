"""Whether obstore can send requests in this process: a forked child lacks the threads of its parent.

Other code of the program may use obstore too. So before each fork, this module looks for threads of Tokio, the library
by which obstore sends requests. After a fork that Python does not see, only holdall's own use of obstore is known.
"""

import os
from contextlib import suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")
_TOKIO = "tokio"  # the names of the threads begin with this


class _Runtime:
    """The first process that used obstore, or 0."""

    pid = 0


def note_use() -> None:
    """Record that this process uses obstore from now on."""
    _Runtime.pid = _Runtime.pid or os.getpid()


def may_run() -> bool:
    """Whether no parent of this process used obstore."""
    return _Runtime.pid in (0, os.getpid())


def _before_fork() -> None:
    if not _Runtime.pid and _has_threads():
        note_use()


def _has_threads() -> bool:
    """Whether this process has a thread of Tokio. True if the system does not tell that."""
    if not _TASKS.is_dir():
        return True
    return any(_name(task).startswith(_TOKIO) for task in _TASKS.iterdir())


def _name(task: Path) -> str:
    with suppress(OSError):  # the thread has ended
        return (task / "comm").read_text()
    return ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
