"""Trees that can compare and swap because a lock lets only one writer work at a time."""

import hashlib
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from holdall.adapters._files.lockfile import LockFile
from holdall.adapters.fsspec.tree import Swaps, TreeEntry
from holdall.errors import Conflict
from holdall.handles import PerProcess
from holdall.ranges import ByteRange
from holdall.store import ABSENT, Feature, Tag

T = TypeVar("T")

_memory = PerProcess(threading.RLock)


class Guarded(Swaps):
    """A tree with a lock. A tag is a hash of the content; a swap reads and writes the file under the lock."""

    features = Feature.TAGS | Feature.SWAP | Feature.REMOVE | Feature.RANGES
    threads = True

    @abstractmethod
    def alone(self, work: Callable[[], T], *, makes: bool = True) -> T:
        """Return the result of ``work``, called while all other writers to the folder wait.

        A missing folder is created if ``makes`` is true; otherwise raises FileNotFoundError.
        """

    def write(self, name: str, value: bytes) -> None:
        self.alone(lambda: super(Guarded, self).write(name, value))

    def delete(self, name: str) -> None:
        self.alone(lambda: super(Guarded, self).delete(name), makes=False)

    def get_tagged(self, name: str) -> tuple[bytes, Tag]:
        value = self.read(name)
        return value, _tag(value)

    def swap(self, name: str, value: bytes, expected: Tag) -> Tag:
        self.alone(lambda: self._swap(name, value, expected))
        return _tag(value)

    def _swap(self, name: str, value: bytes, expected: Tag) -> None:
        self._expect(name, expected)
        super().write(name, value)

    def remove(self, name: str, expected: Tag) -> None:
        self.alone(lambda: self._remove(name, expected), makes=False)

    def _remove(self, name: str, expected: Tag) -> None:
        self._expect(name, expected)
        super().delete(name)

    def _expect(self, name: str, expected: Tag) -> None:
        if self._tag(name) != expected:
            raise Conflict(name)

    def _tag(self, name: str) -> Tag:
        try:
            return _tag(self.read(name))
        except FileNotFoundError:
            return ABSENT


def _tag(value: bytes) -> Tag:
    return Tag(hashlib.blake2b(value, digest_size=16).hexdigest())


class Memory(Guarded):
    """fsspec's files in the memory of this process. All stores that name the same folder share them."""

    def alone(self, work: Callable[[], T], *, makes: bool = True) -> T:
        with _memory():
            return work()

    def read(self, name: str) -> bytes:
        with _memory():  # all readers of a file share one position in it
            return super().read(name)

    def read_part(self, name: str, part: ByteRange) -> bytes:
        with _memory():
            return super().read_part(name, part)

    def list_folder(self, folder: str) -> Iterator[TreeEntry]:
        with _memory():
            return iter(list(super().list_folder(folder)))

    def _move(self, old: str, new: str) -> None:
        super()._put(new, self.fs.cat_file(self.path(old)))
        self.fs.rm_file(self.path(old))


class Local(Guarded):
    """Files of this machine, with a lock on the file ``.lock`` in the root, like `holdall.File`.

    A link below the root that stands for a folder or a file is followed. No scan shows links.
    """

    features = Guarded.features | Feature.SHARED | Feature.DURABLE

    def alone(self, work: Callable[[], T], *, makes: bool = True) -> T:
        lock = LockFile(self.root or "/", durable=False, makes=makes)
        try:
            return lock.hold(work)
        finally:
            lock.close()

    def list_folder(self, folder: str) -> Iterator[TreeEntry]:
        # Some file systems (tmpfs) omit a file from a listing if it is renamed at the same time.
        return self.alone(lambda: iter(list(super(Local, self).list_folder(folder))), makes=False)

    def _move(self, old: str, new: str) -> None:
        Path(self.path(old)).replace(self.path(new))  # fsspec would move it into a folder of that name
