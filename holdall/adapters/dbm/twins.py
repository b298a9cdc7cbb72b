"""A file and its twin, a second copy: if a writer is killed and leaves one torn, the other replaces it.

A write changes the file first and then the twin. The lock file records which of the two is being written, so
that the next process knows which one is whole. Only a flavor that is atomic by itself has no twin.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from holdall.adapters.dbm.errors import translate
from holdall.adapters.dbm.flavors import FLAVORS, Change, Handle
from holdall.adapters.dbm.lock import COPYING, MAKING, SAME, WRITING, Lock, State
from holdall.adapters.dbm.pair import Pair
from holdall.adapters.dbm.recognition import check, cut_off
from holdall.errors import Corrupt, HoldallError

T = TypeVar("T")
Get = Callable[[bytes], bytes | None]


class NoFile(Exception):
    """The file does not exist yet. It reads as empty, and the first write creates it."""


class Twins:
    """The open handles of one thread on the file at ``path``, which is of ``flavor``, and on its twin."""

    def __init__(self, path: str, flavor: str, durable: bool, timeout: float) -> None:
        self._path = path
        self._pair = Pair(path, FLAVORS[flavor])
        self._flavor = flavor
        self._kind = FLAVORS[flavor].load()
        self._durable = durable
        self._lock = Lock(path + ".lock")
        self._timeout = timeout
        self._open: dict[str, tuple[Handle, bool]] = {}  # by path, with whether it may write
        self._generation = 0

    # ---- Reading -----------------------------------------------------------------------------------

    def read(self, function: Callable[[Handle], T]) -> T:
        """Return the result of ``function`` on one state of the file. Raises NoFile if it does not exist."""
        try:
            return self._read(function)
        except (NoFile, HoldallError):
            raise
        except Exception as error:
            self._drop()
            if isinstance(error, MemoryError):
                raise
            raise translate(error, self._path) from error

    def _read(self, function: Callable[[Handle], T]) -> T:
        if not self.may_exist():
            raise NoFile
        while not (found := self._lock.hold(lambda: self._read_whole(function), self._timeout, shared=True)):
            self.write(lambda get: ())  # restores a file that a writer left torn when it died
        return found[0]

    def _read_whole(self, function: Callable[[Handle], T]) -> tuple[T] | None:
        """Return the result of ``function`` in a tuple, or None if a writer died and left the file torn."""
        state = self._lock.state()
        if state.stage in (MAKING, WRITING):
            return None
        self._refresh(state)
        return (function(self._handle(self._path, writes=False)),)

    def may_exist(self) -> bool:
        """Return whether the file may exist. If not, do not take the lock: that would create the lock file."""
        return self._lock.exists() or check(self._path, self._flavor)

    # ---- Writing -----------------------------------------------------------------------------------

    def write(self, decide: Callable[[Get], Sequence[Change]]) -> None:
        """Make all changes that ``decide`` derives from the file, or none. A missing file reads as empty."""
        try:
            self._lock.hold(lambda: self._decide(decide), self._timeout)
        except HoldallError:
            raise
        except Exception as error:
            self._drop()
            if isinstance(error, MemoryError):
                raise
            raise translate(error, self._path) from error

    def _decide(self, decide: Callable[[Get], Sequence[Change]]) -> None:
        state = self._recover(self._lock.state())
        self._refresh(state)
        there = self._is_there()
        changes = decide(self._handle(self._path, writes=True).get if there else lambda key: None)
        if changes and self._kind.atomic:
            self._handle(self._path, writes=True, creates=not there).apply(changes)
        elif changes:
            self._write(changes, state, there)

    def _is_there(self) -> bool:
        # An open file was already checked when it was opened.
        return (self._path in self._open and Path(self._path).is_file()) or check(self._path, self._flavor)

    def _write(self, changes: Sequence[Change], state: State, there: bool) -> None:
        if not there or state.stage == COPYING:
            self._drop()
            self._pair.copy(durable=self._durable)
        generation = max(time.time_ns(), state.generation + 1)
        self._note(WRITING if there else MAKING, generation)
        try:
            self._apply(self._path, changes, creates=not there)
        except BaseException:
            self._recover(self._lock.state())
            raise
        self._note(COPYING, generation)
        self._generation = generation
        self._follow(changes, generation, creates=not there)

    def _follow(self, changes: Sequence[Change], generation: int, *, creates: bool) -> None:
        """Make ``changes`` in the twin.

        If this fails, the changes are still in the file, and the next write copies the file to the twin.
        """
        try:
            self._pair.match_modes()
            self._apply(self._pair.twin, changes, creates=creates)
        except BaseException as error:
            self._drop()
            if not isinstance(error, Exception):
                raise
        else:
            self._note(SAME, generation, durable=False)

    def _apply(self, path: str, changes: Sequence[Change], *, creates: bool) -> None:
        self._handle(path, writes=True, creates=creates).apply(changes)
        if self._durable:
            self._pair.sync(path, folder=creates)

    def _note(self, stage: str, generation: int, *, durable: bool = True) -> None:
        self._lock.note(State(stage, generation, self._pair.mark()), durable=durable and self._durable)

    # ---- Putting back ------------------------------------------------------------------------------

    def _recover(self, state: State) -> State:
        """Undo a write that a writer left unfinished, and return the state after that.

        Raises an error if that is impossible for now.
        """
        if state.stage in (MAKING, WRITING):
            self._drop()
            self._pair.put_back(made=state.stage == WRITING)
            self._note(COPYING, max(time.time_ns(), state.generation + 1))
            return self._lock.state()
        same = state.stage == SAME and state.mark == self._pair.mark() and self._pair.has_twin()
        return state if same else state._replace(stage=COPYING)

    # ---- Handles -----------------------------------------------------------------------------------

    def _refresh(self, state: State) -> None:
        """Close the handles if another writer has changed the file since they were opened."""
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
            if not check(path, self._flavor):
                raise NoFile
            if not self._kind.atomic and cut_off(path, self._flavor):
                raise Corrupt(f"{path} is cut off; restore a backup, or its twin if that is whole")
        handle = self._kind(path, creates=creates, writes=writes, durable=self._durable)
        self._open[path] = handle, writes
        return handle

    def _drop(self) -> None:
        """Close the handles. If a library fails to close one, ignore the error."""
        while self._open:
            _, (handle, _) = self._open.popitem()
            try:
                handle.close()
            except Exception:  # noqa: BLE001, S112 - the file is restored, or opening it again raises
                continue

    def close(self) -> None:
        """Close the handles and the lock file."""
        self._drop()
        self._lock.close()
