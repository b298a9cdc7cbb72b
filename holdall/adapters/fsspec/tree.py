"""Files below a folder of any fsspec file system: what a store asks of it."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from holdall.store import Feature, Tag


class Listed(NamedTuple):
    """A name in a folder; its tag where the listing tells it."""

    name: str
    folder: bool
    tag: Tag | None = None


class Tree:
    """The files below ``root`` in the file system ``fs``, which is this object's own.

    Paths are relative to the root. A missing file or folder is FileNotFoundError; what else is raised is
    the file system's own, and no missing file.

    This base knows fsspec's interface alone: a value is written beside the old one and moved into its place.
    A subclass declares what else its protocol promises, and replaces what in fsspec does not tell a failure
    from a missing file.
    """

    features = Feature.NONE
    """What holds for a store on it."""

    threads = False
    """Whether threads may share it. Else each has a tree of its own."""

    missing: tuple[type[Exception], ...] = (FileNotFoundError,)
    """What an operation on a path below a missing folder raises."""

    def __init__(self, fs: Any, root: str) -> None:
        self.fs = fs
        self.root = root.rstrip("/")

    def path(self, name: str) -> str:
        """What the file system calls ``name``."""
        return f"{self.root}/{name}" if name else self.root

    def read(self, name: str) -> bytes:
        """The content of a file."""
        data: bytes = self.fs.cat_file(self.path(name))
        return data

    def write(self, name: str, value: bytes) -> None:
        """Make ``value`` the content of a file: wholly or not at all. Folders are made as needed."""
        new = f".new-{uuid4().hex}"
        try:
            self._made("", lambda: self._put(new, value))
            self._made(name.rpartition("/")[0], lambda: self._move(new, name))
        except BaseException:
            with contextlib.suppress(Exception):
                self._delete(new)
            raise

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._delete(name)

    def listed(self, folder: str) -> Iterator[Listed]:
        """The files and folders in ``folder``; links and other things are left out."""
        for entry in self.fs.ls(self.path(folder), detail=True):
            name = entry["name"].rstrip("/").rpartition("/")[2]
            if entry["type"] in ("directory", "file") and not entry.get("islink"):
                yield Listed(name, entry["type"] == "directory")

    def close(self) -> None:
        """Close what is open."""

    def _put(self, name: str, value: bytes) -> None:
        self.fs.pipe_file(self.path(name), value)

    def _move(self, old: str, new: str) -> None:
        self.fs.mv(self.path(old), self.path(new))

    def _made(self, folder: str, work: Callable[[], None]) -> None:
        """``work``, and again with ``folder`` made where that is missing."""
        try:
            work()
        except self.missing:
            self._make(self.path(folder))
            work()

    def _make(self, path: str) -> None:
        if not path.strip("/") or self._is_folder(path):
            return
        self._make(path.rpartition("/")[0])
        try:
            self._mkdir(path)
        except Exception:
            if not self._is_folder(path):  # else somebody else was faster
                raise

    def _delete(self, name: str) -> None:
        self.fs.info(self.path(name))  # which says so where it is missing
        self.fs.rm_file(self.path(name))

    def _is_folder(self, path: str) -> bool:
        found: bool = self.fs.exists(path)
        return found

    def _mkdir(self, path: str) -> None:
        self.fs.mkdir(path, create_parents=False)


class Swaps(Tree):
    """A tree that compares and swaps, and whose features say so."""

    @abstractmethod
    def get_tagged(self, name: str) -> tuple[bytes, Tag]:
        """The content of a file and its tag, read together."""

    @abstractmethod
    def swap(self, name: str, value: bytes, expected: Tag) -> Tag:
        """Write if the file carries ``expected``, else Conflict; the new tag."""

    @abstractmethod
    def remove(self, name: str, expected: Tag) -> None:
        """Delete if the file carries ``expected``, which is not ABSENT; else Conflict, or FileNotFoundError."""
