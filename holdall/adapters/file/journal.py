"""The journal of a file store with a feed: the keys of its last changes, in the order of the changes.

    .lock       -> ".feed/lock"         a symbolic link, so that a release without the feed does not write
    .feed       = "lock" "epochs" 1*segment
    lock        = tick LF               as .lock in a store without a feed
    segment     = *( LF key )           its name is its place in the journal: 20 digits
    epochs      = 1*( LF place SP name )
    place       = 20DIGIT               the bytes of the journal that were written before
    name        = 32HEXDIG              random

A writer appends the keys that it will change before it changes them, under the lock of all writers; if the change
is synced to the disk, so is the journal before. An entry only says that a key may have changed. So a part of a line
that a crash left there does no harm.

A segment that has reached its full size is followed by a new one, and the last two are kept. Each process begins an
epoch before its first change. A folder that was restored from a backup therefore has other epochs than the lost one.
"""

import contextlib
import errno
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from io import FileIO
from typing import NamedTuple, TypeVar

from holdall.adapters._files.descriptors import in_folder, open_owned
from holdall.errors import Corrupt

T = TypeVar("T")

FOLDER, LOCK, TARGET = ".feed", "lock", ".feed/lock"
"""The folder of the journal, the name of the lock file in it, and the text of the link to this file."""

SEGMENT, EPOCHS = 1 << 22, 10_000
"""The bytes after which a segment is full, and the fewest of the last epochs that are kept."""

_PAGE = 1 << 16  # bytes of the journal read at a time
_DIGITS = 20
_APPEND = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class Epoch(NamedTuple):
    """A part of the life of the store. ``place`` is the end of the journal when it began."""

    place: int
    name: str


class State(NamedTuple):
    """The oldest and the newest place of the journal, and the epochs, the newest last."""

    start: int
    end: int
    epochs: list[Epoch]


def has_feed(root: str) -> bool:
    """Return whether the store in ``root`` has a journal."""
    try:
        return os.readlink(f"{root}/.lock") == TARGET  # noqa: PTH115 - a path of the store is a str
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.EINVAL:  # it is not a link
            return False
        raise


def open_lock(root: str, flags: int) -> FileIO:
    """Open the lock file of a store with a journal."""
    try:
        return in_folder(root, (FOLDER,), lambda fd: open_owned(LOCK, flags, dir_fd=fd))
    except FileNotFoundError as error:
        raise incomplete(root) from error


def incomplete(root: str) -> Corrupt:
    """Return the Corrupt for a store in ``root`` whose lock is a link, but whose journal is not complete."""
    return Corrupt(
        f"{root}/{FOLDER} is not complete; delete {root}/.lock, and the next write begins a new feed"
    )


class Journal:
    """The journal of the store in ``root``. ``durable``: an entry is on the disk before `append` returns."""

    def __init__(self, root: str, *, durable: bool) -> None:
        self._root = root
        self._durable = durable
        self._has_epoch = False  # this object has begun one
        self._last: int | None = None  # the segment to which this object wrote last

    @property
    def used(self) -> bool:
        """Whether this object has written to the journal."""
        return self._has_epoch

    def _inside(self, work: Callable[[int], T]) -> T:
        try:
            return in_folder(self._root, (FOLDER,), work, lists=True)
        except FileNotFoundError as error:
            raise incomplete(self._root) from error

    # ---- Writing: only the holder of the lock may do this ----------------------------------------

    def create(self) -> None:
        """Begin an empty journal, in place of one that an interrupted creation or a copy has left."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(f"{self._root}/{FOLDER}")  # noqa: PTH102 - as below
        self._inside(self._create)

    def _create(self, folder: int) -> None:
        for name in os.listdir(folder):
            os.unlink(name, dir_fd=folder)
        self._write(folder, _name(0), b"")
        self._write(folder, "epochs", _line(Epoch(0, uuid.uuid4().hex)))
        self._sync_folder(folder)

    def append(self, keys: list[str]) -> None:
        """Record that ``keys`` may change."""
        self._inside(partial(self._append, keys))

    def _append(self, keys: list[str], folder: int) -> None:
        if not self._has_epoch:
            self._begin_epoch(folder)
        entries = "".join(f"\n{key}" for key in keys).encode()
        if self._last is None or not self._extend(folder, self._last, entries):
            self._append_to_last(folder, entries)

    def _append_to_last(self, folder: int, entries: bytes) -> None:
        """Find the last segment, or begin a new one if it is full."""
        segments = _segments(folder)
        self._last = segments[-1]
        if self._extend(folder, self._last, entries):
            return
        self._last = _end(folder, segments)
        self._write(folder, _name(self._last), entries)
        self._sync_folder(folder)
        for old in segments[:-1]:
            os.unlink(_name(old), dir_fd=folder)

    def _extend(self, folder: int, segment: int, entries: bytes) -> bool:
        """Append to a segment, or return False if it is full or was removed, as every segment but the last is."""
        try:
            opening = map(partial(os.open, dir_fd=folder), (_name(segment),), (_APPEND,))
            return self._fill(opening, entries, SEGMENT)
        except FileNotFoundError:
            return False

    def _begin_epoch(self, folder: int) -> None:
        epochs = _epochs(folder)
        if len(epochs) >= 2 * EPOCHS:
            with contextlib.suppress(FileNotFoundError):
                os.unlink("epochs.new", dir_fd=folder)
            self._write(folder, "epochs.new", b"".join(map(_line, epochs[-EPOCHS:])))
            os.rename("epochs.new", "epochs", src_dir_fd=folder, dst_dir_fd=folder)
            self._sync_folder(folder)
        end = _end(folder, _segments(folder))
        self._write(folder, "epochs", _line(Epoch(end, uuid.uuid4().hex)))
        self._has_epoch = True

    def _write(self, folder: int, name: str, content: bytes) -> None:
        """Append ``content`` to a file, and create the file if it is missing."""
        self._fill(map(partial(os.open, dir_fd=folder), (name,), (_APPEND | os.O_CREAT,), (0o666,)), content)

    def _fill(self, opening: Iterator[int], content: bytes, limit: int = sys.maxsize) -> bool:
        """Append ``content`` to the file that ``opening`` opens, unless it has ``limit`` bytes or more."""
        (fd,) = opening
        try:
            if os.fstat(fd).st_size >= limit:
                return False
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(fd, rest) :]
            if self._durable:
                _sync(fd)
        finally:
            os.close(fd)
        return True

    def _sync_folder(self, folder: int) -> None:
        if self._durable:
            os.fsync(folder)

    # ---- Reading ---------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the state of the journal. Only a holder of the lock knows that all before its end has changed."""
        return self._inside(_state)

    def end(self) -> int:
        """Return the newest place of the journal, whose entries may still be waiting for their change."""
        return self._inside(lambda folder: _end(folder, _segments(folder)))

    def read(self, low: int, high: int) -> tuple[list[tuple[int, str]], int] | None:
        """Return a page of the keys after the place ``low``, and the place of its end; it is not after ``high``.

        Each key comes with the place after its entry. The result is None if the journal does not go back so far.
        """
        return self._inside(partial(_read, low, high))


def _read(low: int, high: int, folder: int) -> tuple[list[tuple[int, str]], int] | None:
    before = [segment for segment in _segments(folder) if segment <= low]
    if not before:
        return None
    (fd,) = map(partial(os.open, dir_fd=folder), (_name(before[-1]),), (os.O_RDONLY | os.O_NOFOLLOW,))
    try:
        found = os.pread(fd, min(_PAGE, high - low), low - before[-1])
    finally:
        os.close(fd)
    if not found:
        return None  # the end of a segment that has lost a part
    if len(found) == _PAGE and (whole := found.rfind(b"\n")) > 0:
        found = found[:whole]  # the last entry may go on
    keys = []
    place = low - 1  # an entry begins with its LF
    for line in found.split(b"\n"):
        place += 1 + len(line)
        keys.append((place, line.decode(errors="surrogateescape")))
    return keys, low + len(found)


def _state(folder: int) -> State:
    segments = _segments(folder)
    return State(segments[0], _end(folder, segments), _epochs(folder))


def _end(folder: int, segments: list[int]) -> int:
    return segments[-1] + os.stat(_name(segments[-1]), dir_fd=folder, follow_symlinks=False).st_size


def _segments(folder: int) -> list[int]:
    """Return the places of the segments. Raises FileNotFoundError if there is none."""
    names = os.listdir(folder)
    found = sorted(map(int, filter(_is_place, names)))
    if not found:
        raise FileNotFoundError
    return found


def _epochs(folder: int) -> list[Epoch]:
    """Return the epochs, the newest last. Raises FileNotFoundError if there is none."""
    (fd,) = map(partial(os.open, dir_fd=folder), ("epochs",), (os.O_RDONLY | os.O_NOFOLLOW,))
    try:
        content = os.pread(fd, 1 << 22, 0)
    finally:
        os.close(fd)
    lines = (line.decode("ascii", "replace").partition(" ") for line in content.splitlines())
    found = [Epoch(int(place), name) for place, _, name in lines if _is_place(place)]
    if not found:
        raise FileNotFoundError
    return found


def _is_place(text: str) -> bool:
    return len(text) == _DIGITS and text.isascii() and text.isdigit()


def _name(place: int) -> str:
    return f"{place:0{_DIGITS}}"


def _line(epoch: Epoch) -> bytes:
    return f"\n{_name(epoch.place)} {epoch.name}".encode()
