"""The operations of a store on the files below a folder of any fsspec file system."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from io import SEEK_END
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from holdall.adapters.fsspec.errors import is_answer, is_disconnect
from holdall.ranges import ByteRange
from holdall.store import Feature, Tag

T = TypeVar("T")


class TreeEntry(NamedTuple):
    """A name in a folder, and its tag if the listing shows it."""

    name: str
    folder: bool
    tag: Tag | None = None


class Tree:
    """The files below ``root`` in the file system ``fs``, which no other object uses.

    Paths are relative to the root. A missing file or folder raises FileNotFoundError. Other errors are those
    of the file system, and none of them means a missing file.

    This base class uses only fsspec's interface: a value is written to a temporary file, which is then
    renamed to replace the old one. A subclass declares the further promises of its protocol. It overrides
    each operation in which fsspec does not tell a failure from a missing file.
    """

    features = Feature.NONE
    """The features of a store on this tree."""

    threads = False
    """Whether threads may share this tree. If not, each thread gets its own."""

    missing: tuple[type[Exception], ...] = (FileNotFoundError,)
    """The exceptions that an operation on a path below a missing folder may raise."""

    def __init__(self, fs: Any, root: str) -> None:
        self.fs = fs
        self.root = root.rstrip("/")

    def path(self, name: str) -> str:
        """The path of ``name`` in the file system."""
        return f"{self.root}/{name}" if name else self.root

    def read(self, name: str) -> bytes:
        """The content of a file."""
        data: bytes = self.fs.cat_file(self.path(name))
        return data

    def read_part(self, name: str, part: ByteRange) -> bytes:
        """A part of the content of a file, without the rest. Its ``features`` include RANGES."""
        with self.fs.open(self.path(name), "rb") as file:
            start, length = part.within(file.seek(0, SEEK_END))
            file.seek(start)
            data: bytes = file.read(length)
        return data

    def size(self, name: str) -> int:
        """How many bytes a file has."""
        found: int | None = self.fs.info(self.path(name))["size"]
        return len(self.read(name)) if found is None else found

    def write(self, name: str, value: bytes) -> None:
        """Make ``value`` the content of a file, wholly or not at all. Creates missing folders."""
        new = f".new-{uuid4().hex}"
        try:
            self._with_folder("", lambda: self._put(new, value))
            self._with_folder(name.rpartition("/")[0], lambda: self._move(new, name))
        except BaseException:
            with contextlib.suppress(Exception):
                self._delete(new)
            raise

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._delete(name)

    def list_folder(self, folder: str) -> Iterator[TreeEntry]:
        """The files and folders in ``folder``; links and other things are left out."""
        for entry in self.fs.ls(self.path(folder), detail=True):
            name = entry["name"].rstrip("/").rpartition("/")[2]
            if entry["type"] in ("directory", "file") and not entry.get("islink"):
                yield TreeEntry(name, entry["type"] == "directory")

    def close(self) -> None:
        """Close the connections of the tree, if it has any."""

    def _put(self, name: str, value: bytes) -> None:
        self.fs.pipe_file(self.path(name), value)

    def _move(self, old: str, new: str) -> None:
        self.fs.mv(self.path(old), self.path(new))

    def _with_folder(self, folder: str, work: Callable[[], None]) -> None:
        """Call ``work``. If ``folder`` is missing, create it and call ``work`` again."""
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
            if not self._is_folder(path):  # otherwise another writer created it first
                raise

    def _delete(self, name: str) -> None:
        self.fs.info(self.path(name))  # raises FileNotFoundError if it is missing
        self.fs.rm_file(self.path(name))

    def _is_folder(self, path: str) -> bool:
        found: bool = self.fs.exists(path)
        return found

    def _mkdir(self, path: str) -> None:
        self.fs.mkdir(path, create_parents=False)


class Swaps(Tree):
    """A tree that can compare and swap. Its ``features`` include TAGS, SWAP and REMOVE."""

    @abstractmethod
    def get_tagged(self, name: str) -> tuple[bytes, Tag]:
        """The content of a file and its tag, read together."""

    @abstractmethod
    def swap(self, name: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if the file carries ``expected``, and return the new tag; else raises Conflict."""

    @abstractmethod
    def remove(self, name: str, expected: Tag) -> None:
        """Delete the file if it carries ``expected``, which is not ABSENT.

        Otherwise raises Conflict, or FileNotFoundError if the file is missing.
        """


class Link:
    """Holds the tree that ``connect`` makes: a first one at once, a new one after its connection was lost.

    Only one thread may use a link, unless threads may share its tree. A tree that threads share manages its
    own connections, and drops lost ones itself.
    """

    def __init__(self, connect: Callable[[], Tree]) -> None:
        self._connect = connect
        self._tree: Tree | None = connect()

    def ask(self, work: Callable[[Tree], T], *, again: bool) -> T:
        """The result of ``work`` on the tree.

        If the connection is lost and ``again`` is true, connects again and calls ``work`` once more. It does
        not do so after a timeout.
        """
        tree = self._get_tree()
        try:
            return work(tree)
        except BaseException as error:
            if not tree.threads and not is_answer(error):
                self.close()  # a late answer would be taken for the answer to the next request
            if not again or not is_disconnect(error) or isinstance(error, TimeoutError):
                raise
        return work(self._get_tree())

    def _get_tree(self) -> Tree:
        tree = self._tree
        if tree is None:
            tree = self._tree = self._connect()
        return tree

    def close(self) -> None:
        """Close the connection, if there is one."""
        tree, self._tree = self._tree, None
        if tree is not None:
            tree.close()
