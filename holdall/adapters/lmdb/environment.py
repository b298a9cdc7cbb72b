"""One LMDB environment, shared by all stores of this process that use its folder.

A process must not open an environment twice, its map must not grow during a transaction, and a forked child
must not use its parent's environment. So all stores get the same `Environment`, no transaction lasts longer
than a call, and a child closes the environments that it inherited. LMDB's own lock for writers has no
timeout, so writers first lock the file holdall.lock.

    folder = "data.mdb" "lock.mdb" "holdall.lock"
    data   = mark log *entry            the unnamed database, keys in the order of their bytes
    mark   = %x00 => "holdall 2 " tick  the format, and the last tick that a process has taken
    log    = keys that begin with %x00  see holdall.adapters.lmdb.log
    entry  = key => tick value          key as in holdall.keys, in UTF-8
    tick   = 8 bytes, big-endian        microseconds since 1970, or more than the last if that is greater

An environment of the format "holdall 1" has no log; the first write begins it. An earlier release that has such an
environment open, and writes later, sets the mark back to "holdall 1". So the next write of this release sees it, and
begins the log again.
"""

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from holdall.adapters._files.durability import Durability
from holdall.adapters._files.flock import HAS_FLOCK, Flock
from holdall.adapters._files.folders import sync
from holdall.adapters.lmdb import log
from holdall.adapters.lmdb.errors import damage, translate
from holdall.adapters.lmdb.log import Log, Txn
from holdall.adapters.lmdb.ticks import FORMAT, WITHOUT_FEED, take_ticks
from holdall.bell import Bell
from holdall.errors import Corrupt, HoldallError, InvalidAddress, Mismatch, StoreNotFound
from holdall.extras import needs
from holdall.handles import PerProcess

with needs("lmdb"):
    import lmdb

T = TypeVar("T")
Read = Callable[[Txn], T]
Write = Callable[[Txn, bytes], tuple[T, list[bytes]]]
"""Writes in a transaction with a tick, and returns its result and the keys that it changed."""

MARK = b"\0"
"""The key of the mark."""

_FIRST_SIZE = 1 << 24


class NoEnvironment(Exception):
    """The environment does not exist yet. It reads as empty, and the first write creates it."""


class Environment:
    """The environment in ``folder``, with at most ``map_size`` bytes (None: as many as the disk can hold)."""

    def __init__(self, folder: str, durability: Durability, map_size: int | None) -> None:
        self.folder = folder
        self.lock = Flock(f"{folder}/holdall.lock") if HAS_FLOCK else None
        self.durability = durability
        self._limit = map_size
        self._most = sys.maxsize if map_size is None else map_size // 2048  # changes in the log
        self._reading = threading.Lock()  # held by every read, and while the size of the map changes
        self._writing = threading.Lock()  # held by every write and change of size; taken before _reading
        self._next = (
            0  # the number of the next transaction, if the last one of all processes was made here; or 0
        )
        self._ticks: list[bytes] = []  # of this process, until another one writes
        self._log = Log()  # until another process writes
        self._has_epoch = False  # this object has begun one
        self._bells: weakref.WeakSet[Bell] | None = None  # of the stores that watched this environment
        self._ringing = threading.Lock()  # held while _bells is used
        size = map_size or max(_FIRST_SIZE, 2 * _size_of(folder))
        self.handle = self._open(size, os.statvfs(folder).f_flag & getattr(os, "ST_RDONLY", 0) != 0)
        self._check()

    def _open(self, size: int, readonly: bool) -> lmdb.Environment:
        synced = self.durability == "full"
        try:
            return lmdb.open(
                os.fsencode(self.folder),  # LMDB would encode a str as UTF-8
                map_size=size,
                readonly=readonly,
                sync=synced,
                create=not readonly,
                mode=0o666,  # the umask applies to it; LMDB's default is 0o755
            )
        except (lmdb.Error, OSError) as error:
            raise translate(error, self.folder) from error

    def _check(self) -> None:
        try:
            self.handle.reader_check()  # frees the slots of readers that were killed
            pages = self.handle.info()["last_pgno"] + 1
            if _size_of(self.folder) < pages * self.handle.stat()["psize"]:
                damage(self.folder)
            mark = self.read(lambda txn: bytes(txn.get(MARK, b"")))
            if not mark.startswith((FORMAT, WITHOUT_FEED)) and (mark or self.handle.stat()["entries"]):
                raise Mismatch(
                    f"{self.folder} was not made by this version of holdall, so it is left unchanged; "
                    "name another folder"
                )
        except BaseException:
            self.handle.close()
            raise

    @property
    def locks(self) -> tuple[threading.Lock, threading.Lock]:
        """The two locks that together keep all transactions out, in the order in which to take them."""
        return self._writing, self._reading

    # ---- Transactions ----------------------------------------------------------------------------

    def read(self, function: Read[T]) -> T:
        """Return the result of ``function`` on one state of the store. It must not hold buffers of LMDB."""
        while True:
            try:
                with self._reading, self.handle.begin(buffers=True) as txn:
                    return function(txn)
            except lmdb.MapResizedError:
                with self._writing:
                    self._resize(0)
            except lmdb.Error as error:
                raise translate(error, self.folder) from error

    def write(self, function: Write[T], timeout: float) -> T:
        """Run ``function`` in one transaction with a new tick, and return its result.

        If the map has to grow, ``function`` runs again. Raises Unavailable if other writers take longer than
        ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._writing:
            if self.lock is None:
                return self._write(function)
            try:
                return self.lock.hold(lambda: self._write(function), deadline - time.monotonic())
            except HoldallError:
                raise
            except OSError as error:
                raise translate(error, self.folder) from error

    def _write(self, function: Write[T]) -> T:
        while True:
            try:
                return self._transact(function)
            except lmdb.MapFullError as error:
                self._grow(error)
            except lmdb.MapResizedError:
                self._resize(0)
            except lmdb.Error as error:
                raise translate(error, self.folder) from error

    def _transact(self, function: Write[T]) -> T:
        with self.handle.begin(write=True, buffers=True) as txn:
            number = txn.id()
            if number != self._next or not self._ticks:
                self._begin(txn, number)
            tick = self._ticks.pop()
            result, keys = function(txn, tick)
            if keys:
                self._next = 0
                self._log.append(txn, tick, keys)
                if not self._log.entries % log.TRIMMED:
                    self._log.trim(txn, self.handle.stat()["entries"], self._most)
        if self._next != number:  # else the transaction wrote nothing, and LMDB uses its number again
            self._next, self._has_epoch = number + 1, True
        if self._bells is not None:
            self._ring()
        return result

    def _begin(self, txn: Txn, number: int) -> None:
        """Take ticks for this process. Read the end of the log first, if another process may have written it.

        The transaction has the number ``number``. Until it is known to be committed, this process has no ticks.
        """
        is_next, self._next = number == self._next, 0
        mark = bytes(txn.get(MARK, b""))
        if not is_next:
            self._log = log.find_log(txn)
            if max(self._log.changes, self._log.entries) > log.HIGHEST:
                raise Corrupt(
                    f"{self.folder} is damaged (the numbers of its log are too high); restore a backup"
                )
            known = mark.startswith(FORMAT)
            if not (self._has_epoch and known):
                log.begin_epoch(txn, self._log.changes, first=not known)
        mark, self._ticks = take_ticks(mark)
        txn.put(MARK, mark)

    # ---- Watching --------------------------------------------------------------------------------

    def connect(self, bell: Bell) -> None:
        """Ring ``bell`` at every write of this process from now on."""
        with self._ringing:
            self._bells = weakref.WeakSet() if self._bells is None else self._bells
            self._bells.add(bell)

    def _ring(self) -> None:
        with self._ringing:
            for bell in self._bells or ():
                bell.ring()

    # ---- The map ---------------------------------------------------------------------------------

    def _grow(self, error: lmdb.Error) -> None:
        size = self.handle.info()["map_size"]
        if self._limit is not None and size >= self._limit:
            raise translate(error, self.folder) from error
        self._resize(2 * size)

    def _resize(self, size: int) -> None:
        """Set the map to ``size`` bytes, or (0) to the size that another process gave it.

        No transaction runs in the meantime. The caller holds the lock of writers.
        """
        with self._reading:
            try:
                self.handle.set_mapsize(size)
            except lmdb.Error as error:
                raise translate(error, self.folder) from error


def _size_of(folder: str) -> int:
    try:
        return Path(folder, "data.mdb").stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise translate(error, folder) from error


# ---- One for all stores of the process -----------------------------------------------------------

_open: dict[str, tuple[weakref.ref[Environment], lmdb.Environment]] = {}
_opening = PerProcess(threading.RLock)  # re-entrant: an environment may be finalized while it is held
_pid = os.getpid()


def environment(folder: str, durability: Durability, map_size: int | None, *, create: bool) -> Environment:
    """Return the environment in ``folder``. Raises NoEnvironment if it does not exist and ``create`` is false.

    Raises InvalidAddress if this process has it open with another ``durability``. The environment is closed
    when no store uses it any more.
    """
    if not _size_of(folder):
        if not create:
            raise NoEnvironment
        _make(folder, durable=durability == "full")
    with _opening():
        _forget()
        found = _find_or_open(os.path.realpath(folder), durability, map_size)
    if found.durability != durability:
        remedy = "open it with the same durability, or close the other store first"
        raise InvalidAddress(
            f"lmdb: {folder} is open in this process with durability={found.durability}; {remedy}"
        )
    return found


def _find_or_open(folder: str, durability: Durability, map_size: int | None) -> Environment:
    if folder in _open:
        known, handle = _open[folder]
        if found := known():
            return found
        handle.close()  # its finalizer still waits for the lock that is held here
    made = Environment(folder, durability, map_size)
    _open[folder] = weakref.ref(made), made.handle
    weakref.finalize(made, _dispose, folder, made.handle, made.lock)
    return made


def _dispose(folder: str, handle: lmdb.Environment, lock: Flock | None) -> None:
    with _opening():
        handle.close()
        if lock:
            lock.close()
        if folder in _open and _open[folder][1] is handle:
            del _open[folder]


def _make(folder: str, *, durable: bool) -> None:
    path = Path(folder)
    if not path.parent.is_dir():
        raise StoreNotFound(f"there is no folder {path.parent}; create it with mkdir -p")
    try:
        path.mkdir(exist_ok=True)
        if durable:
            sync(str(path.parent), ())
    except OSError as error:
        raise translate(error, folder) from error


# ---- Forks -----------------------------------------------------------------------------------------

_PATIENCE = 30.0  # seconds that a fork waits for each running call
_held: list[threading.Lock] = []  # the locks taken for a fork, so that no call is running


def _forget() -> None:
    """In a forked child, close the parent's environments, because LMDB would not open them a second time."""
    global _pid
    if _pid != os.getpid():
        for _, inherited in _open.values():
            inherited.close()
        _open.clear()
        _pid = os.getpid()


def _before_fork() -> None:
    """Wait for running calls, because a child cannot close an environment that another thread was using."""
    for known, _ in list(_open.values()):
        for lock in found.locks if (found := known()) else ():
            if lock.acquire(timeout=_PATIENCE):
                _held.append(lock)


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().release()


def _after_fork_in_child() -> None:
    _held.clear()
    _forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
