"""Values that are being written as files, in a file store.

    .parts  = *part                 a folder in the root; its name is never part of a key
    part    = 32HEXDIG              a file with the bytes so far; locked (flock) by its writer as long as it lives

A part becomes the file of its key by a rename, under the lock of the store. A part whose writer was killed is not
locked, and the next writer deletes it.
"""

import contextlib
import os
import uuid
from collections.abc import Callable
from io import FileIO
from typing import NamedTuple

from holdall.adapters._files.descriptors import in_folder, open_owned
from holdall.adapters._files.oserrors import translate
from holdall.extras import needs
from holdall.files import Sink
from holdall.store import Tag

with needs("file"):
    from filelock import lock_descriptor

FOLDER = ".parts"
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL


class Part(NamedTuple):
    """A part with its name. The file is open, and locked by this process."""

    name: str
    file: FileIO


def create(root: str) -> Part:
    """Create a part in the store in ``root``, and delete those that nobody writes any more.

    The caller holds the lock of the store.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(f"{root}/{FOLDER}")  # noqa: PTH102 - a path of the store is a str
    return in_folder(root, (FOLDER,), _create, lists=True)


def _create(folder: int) -> Part:
    for name in os.listdir(folder):
        _sweep(name, folder)
    name = uuid.uuid4().hex
    file = open_owned(name, _NEW, dir_fd=folder)
    try:
        lock_descriptor(file.fileno(), blocking=False)
    except BaseException:
        file.close()
        raise
    return Part(name, file)


def _sweep(name: str, folder: int) -> None:
    with contextlib.suppress(OSError), open_owned(name, os.O_RDWR, dir_fd=folder) as file:
        if lock_descriptor(file.fileno(), blocking=False):
            os.unlink(name, dir_fd=folder)


class PartSink(Sink):
    """Writes ``part``, a new value of ``key`` in the store in ``root``, which ``commit`` moves to its place."""

    def __init__(
        self, root: str, key: str, part: Part, commit: Callable[[Part], Tag], *, durable: bool
    ) -> None:
        self._root = root
        self._key = key
        self._part = part
        self._commit = commit
        self._durable = durable

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._part.file.fileno(), rest) :]
        except OSError as error:
            raise translate(error, self._root, self._key) from error

    def commit(self) -> Tag:
        try:
            if self._durable:  # before the lock, because a large file takes long
                self._sync()
            return self._commit(self._part)
        finally:
            self.discard()

    def _sync(self) -> None:
        try:
            os.fsync(self._part.file.fileno())
        except OSError as error:
            raise translate(error, self._root, self._key) from error

    def discard(self) -> None:
        """Close the file, and delete it if it was not moved."""
        with self._part.file, contextlib.suppress(OSError):
            in_folder(self._root, (FOLDER,), lambda folder: os.unlink(self._part.name, dir_fd=folder))
