"""A file and its twin: what a kill in the middle of a write has torn is put back from the other.

A write is made in the file first and then once more in the twin. The lock file says which of them is being
written, so that the next to come knows which is whole. Only a flavor that is atomic by itself has no twin.
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from holdall.adapters.dbm.errors import translated
from holdall.adapters.dbm.flavors import FLAVORS, Change, Handle
from holdall.adapters.dbm.lock import COPYING, MAKING, SAME, WRITING, Lock, State
from holdall.adapters.dbm.recognition import check, cut_off
from holdall.adapters.folders import sync
from holdall.errors import Corrupt, HoldallError, StoreNotFound

T = TypeVar("T")
Get = Callable[[bytes], bytes | None]


class Absent(Exception):
    """There is no such file yet: it reads as empty, and the first write makes it."""


class Twins:
    """What one thread has open of the file at ``path``, which is of ``flavor``."""

    def __init__(self, path: str, flavor: str, durable: bool) -> None:
        self._path = path
        self._twin = path + ".twin"
        self._name = flavor
        self._flavor = FLAVORS[flavor]
        self._kind = self._flavor.load()
        self._durable = durable
        self._lock = Lock(path + ".lock")
        self._open: dict[str, tuple[Handle, bool]] = {}  # by path; whether it may be written
        self._generation = 0

    # ---- Reading -----------------------------------------------------------------------------------

    def read(self, function: Callable[[Handle], T]) -> T:
        """What ``function`` makes of one state of the file. Absent where there is none."""
        try:
            return self._read(function)
        except (Absent, HoldallError):
            raise
        except Exception as error:
            self._drop()
            raise translated(error, self._path) from error

    def _read(self, function: Callable[[Handle], T]) -> T:
        if not self.may_exist():
            raise Absent
        self._lock.take(exclusive=False)
        try:
            state = self._lock.state()
            if state.stage not in (MAKING, WRITING):
                self._refresh(state)
                return function(self._handle(self._path, writes=False))
        finally:
            self._lock.leave()
        self.write(lambda get: ())  # a writer died: what it has torn is put back before anything is written
        return self._read(function)

    def may_exist(self) -> bool:
        """Whether it is worth taking the lock, which makes the lock file, to look for the file."""
        return self._lock.exists() or check(self._path, self._name)

    # ---- Writing -----------------------------------------------------------------------------------

    def write(self, decide: Callable[[Get], Sequence[Change]]) -> None:
        """Make the changes that ``decide`` derives from the file (an empty one where there is none), or none."""
        try:
            self._take_turn()
            try:
                self._decide(decide)
            finally:
                self._lock.leave()
        except HoldallError:
            raise
        except Exception as error:
            self._drop()
            raise translated(error, self._path) from error

    def _take_turn(self) -> None:
        try:
            self._lock.take(exclusive=True)
        except FileNotFoundError:
            folder = Path(self._path).parent
            raise StoreNotFound(f"there is no folder {folder}; create it with mkdir -p") from None

    def _decide(self, decide: Callable[[Get], Sequence[Change]]) -> None:
        state = self._settled(self._lock.state())
        self._refresh(state)
        there = check(self._path, self._name)
        changes = decide(self._handle(self._path, writes=True).get if there else lambda key: None)
        if changes and self._kind.atomic:
            self._handle(self._path, writes=True, creates=not there).apply(changes)
        elif changes:
            self._write(changes, state, there)

    def _write(self, changes: Sequence[Change], state: State, there: bool) -> None:
        if there and state.stage == COPYING:
            self._copy()
        generation = max(time.time_ns(), state.generation + 1)
        self._note(WRITING if there else MAKING, generation)
        try:
            self._apply(self._path, changes, creates=not there)
        except BaseException:
            self._settled(self._lock.state())
            raise
        self._note(COPYING, generation)
        self._generation = generation
        self._follow(changes, generation, creates=not there)

    def _follow(self, changes: Sequence[Change], generation: int, *, creates: bool) -> None:
        """Make ``changes`` in the twin. Whatever goes wrong, they are in the file: the twin waits to be copied."""
        try:
            self._apply(self._twin, changes, creates=creates)
        except Exception:  # noqa: BLE001 - a library may raise anything, and the next write finds the cause again
            self._drop()
        else:
            self._note(SAME, generation, durable=False)

    def _apply(self, path: str, changes: Sequence[Change], *, creates: bool) -> None:
        self._handle(path, writes=True, creates=creates).apply(changes)
        if self._durable:
            self._sync(path, folder=creates)

    def _note(self, stage: str, generation: int, *, durable: bool = True) -> None:
        self._lock.note(State(stage, generation, self._mark()), durable=durable and self._durable)

    # ---- Putting back ------------------------------------------------------------------------------

    def _settled(self, state: State) -> State:
        """The state after what a writer left undone is undone; an error where that is impossible for now."""
        if state.stage == SAME and state.mark == self._mark():
            return state
        if state.stage in (MAKING, WRITING):
            self._drop()
            self._put_back(made=state.stage == WRITING)
            self._note(COPYING, max(time.time_ns(), state.generation + 1))
            return self._lock.state()
        return state._replace(stage=COPYING)

    def _put_back(self, *, made: bool) -> None:
        for ending in self._flavor.endings:
            twin, file = Path(self._twin + ending), Path(self._path + ending)
            if not made:
                twin.unlink(missing_ok=True)
                file.unlink(missing_ok=True)
            elif twin.exists():  # else it was moved before a kill in the midst of this
                twin.replace(file)
        self._sync(self._path, folder=True)

    def _copy(self) -> None:
        """Make the twin a copy of the file."""
        self._drop()
        for ending in self._flavor.endings:
            file, twin = Path(self._path + ending), Path(self._twin + ending)
            if file.exists():
                shutil.copyfile(file, twin)
            else:
                twin.unlink(missing_ok=True)
        if self._durable:
            self._sync(self._twin, folder=True)

    def _sync(self, path: str, *, folder: bool) -> None:
        for file in self._flavor.files(path):
            fd = os.open(file, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        if folder:
            sync(str(Path(path).parent), ())

    def _mark(self) -> str:
        """What tells the file from what another program makes of it: its sizes and times."""
        found = [file.stat() for file in self._flavor.files(self._path)]
        return "+".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in found) or "-"

    # ---- Handles -----------------------------------------------------------------------------------

    def _refresh(self, state: State) -> None:
        """Let go of what others have written since it was opened."""
        if state.generation != self._generation:
            self._drop()
            self._generation = state.generation

    def _handle(self, path: str, *, writes: bool, creates: bool = False) -> Handle:
        handle, writable = self._open.get(path, (None, False))
        if handle and (writable or not writes):
            return handle
        if handle:
            self._open.pop(path)
            handle.close()
        if not creates:
            if not check(path, self._name):
                raise Absent
            if not self._kind.atomic and cut_off(path, self._name):
                raise Corrupt(f"{path} is cut off; restore a backup, or its twin if that is whole")
        handle = self._kind(path, creates=creates, writes=writes, durable=self._durable)
        self._open[path] = handle, writes
        return handle

    def _drop(self) -> None:
        """Close the handles. What a library cannot even close is left to itself."""
        while self._open:
            _, (handle, _) = self._open.popitem()
            try:
                handle.close()
            except Exception:  # noqa: BLE001, S112 - the file is put back, or opened again with its own error
                continue

    def close(self) -> None:
        """Close everything."""
        self._drop()
        self._lock.close()
