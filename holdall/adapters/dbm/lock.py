"""The lock file of a dbm store. It admits one writer or many readers, and records the stage of a write.

    .lock      = stage SP generation SP mark LF
    stage      = "0"                  the file is being made; it was not there
               | "1"                  the file is being written; its twin is whole
               | "2"                  the file is whole; its twin is being written, or is to be copied from it
               | "="                  both are whole and hold the same
    generation = 20 digits            greater after each write: whoever has the file open opens it again
    mark       = size "." mtime       of the file after the last write: another program's writing changes it

A lock file that does not exist, or whose content has another form, reads as stage 2 of generation 0.
"""

import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import NamedTuple, TypeVar

from holdall.adapters._files.descriptors import open_owned
from holdall.adapters._files.flock import TIMEOUT, Flock
from holdall.errors import StoreNotFound

T = TypeVar("T")

MAKING, WRITING, COPYING, SAME = "0", "1", "2", "="


class State(NamedTuple):
    """The content of the lock file. The defaults hold if the lock file does not exist."""

    stage: str = COPYING
    generation: int = 0
    mark: str = ""


class Lock(Flock):
    """The lock file at ``path``, created when its lock is first taken. For one thread; not re-entrant.

    If it does not exist and cannot be created, readers work without it, because nobody can be writing.
    """

    def exists(self) -> bool:
        """Return whether the lock file exists. If not, no store has written here."""
        return self.file is not None or os.path.lexists(self.path)

    def hold(self, work: Callable[[], T], timeout: float = TIMEOUT, *, shared: bool = False) -> T:
        if not (shared or self.file is None or self.file.writable()):
            self.close()
        return super().hold(work, timeout, shared=shared)

    def _open(self, *, shared: bool) -> FileIO | None:
        try:
            return super()._open(shared=shared)
        except FileNotFoundError:
            if not shared:
                folder = Path(self.path).parent
                raise StoreNotFound(f"there is no folder {folder}; create it with mkdir -p") from None
        except OSError:
            if not shared:
                raise
        try:
            return open_owned(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None

    def state(self) -> State:
        """Return the state that the last writer noted."""
        words = [] if self.file is None else _line(self.file).split()
        return State(words[0], int(words[1]), words[2]) if len(words) == 3 else State()

    def note(self, state: State, *, durable: bool) -> None:
        """Write ``state`` into the lock file. The caller must hold the lock exclusively."""
        assert self.file is not None  # noqa: S101 - the exclusive holder of the lock has its file open
        line = f"{state.stage} {state.generation:020} {state.mark or '-'}\n"
        os.pwrite(self.file.fileno(), line.ljust(100).encode(), 0)
        if durable:
            os.fsync(self.file.fileno())


def _line(file: FileIO) -> str:
    return os.pread(file.fileno(), 100, 0).decode("ascii", "replace")
