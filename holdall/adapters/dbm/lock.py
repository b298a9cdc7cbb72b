"""The lock file of a dbm store: it lets in one writer or many readers, and says what a writer was at.

    .lock      = stage SP generation SP mark LF
    stage      = "0"                  the file is being made; it was not there
               | "1"                  the file is being written; its twin is whole
               | "2"                  the file is whole; its twin is being written, or is to be copied from it
               | "="                  both are whole and hold the same
    generation = 20 digits            greater after each write: whoever has the file open opens it again
    mark       = size "." mtime       of the file after the last write: another program's writing changes it

A lock file that is not there, or says nothing of this form, reads as stage 2 of generation 0.
"""

import os
from typing import NamedTuple

from holdall.errors import Unsupported

try:
    import fcntl
except ModuleNotFoundError as error:
    raise Unsupported(
        "this system lets no readers share a lock; use sqlite:///path instead of dbm:"
    ) from error

MAKING, WRITING, COPYING, SAME = "0", "1", "2", "="


class State(NamedTuple):
    """What the lock file says; by default, what is true where there is none."""

    stage: str = COPYING
    generation: int = 0
    mark: str = ""


class Lock:
    """The lock file at ``path``, which is made when first taken. For one thread; not re-entrant.

    Where it neither is there nor can be made, readers go without, for nobody can be writing.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._writes = False

    def exists(self) -> bool:
        """Whether there is such a file: if not, no store has written here."""
        return self._fd is not None or os.path.lexists(self._path)

    def take(self, *, exclusive: bool) -> None:
        """Wait until no writer (``exclusive``: and no reader) has it. OSError where it cannot be had."""
        if exclusive and not self._writes:
            self.close()
        while True:
            if self._fd is None:
                self._fd = self._opened(exclusive)
            if self._fd is None:
                return
            fcntl.flock(self._fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            if os.fstat(self._fd).st_nlink:
                return
            self.close()  # somebody deleted the file: it excludes nobody any more

    def leave(self) -> None:
        """Let the next one in."""
        if self._fd is not None:
            # Unlocked, not only closed: a child forked meanwhile holds the same lock by its copy.
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def state(self) -> State:
        """What the last writer noted."""
        words = [] if self._fd is None else os.pread(self._fd, 100, 0).decode("ascii", "replace").split()
        return State(words[0], int(words[1]), words[2]) if len(words) == 3 else State()

    def note(self, state: State, *, durable: bool) -> None:
        """Remember ``state``. Whoever writes must hold the lock exclusively."""
        assert self._fd is not None  # noqa: S101 - an exclusive lock is a descriptor
        line = f"{state.stage} {state.generation:020} {state.mark or '-'}\n"
        os.pwrite(self._fd, line.ljust(100).encode(), 0)
        if durable:
            os.fsync(self._fd)

    def close(self) -> None:
        """Close the file, which lets go of the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _opened(self, exclusive: bool) -> int | None:
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError:
            if exclusive:
                raise
        else:
            self._writes = True
            return fd
        try:
            return os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
