"""The flavors of dbm: the files that each keeps, how they are recognised, and what opens them."""

import ast
import struct
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, cast

from holdall.errors import Corrupt, Mismatch, StoreNotFound

Change = tuple[bytes, bytes | None]
"""A key and its new value; None deletes a key that is there."""


class Handle(Protocol):
    """An open file."""

    ordered: bool
    """Whether `keys` yields them in the order of their bytes."""

    def get(self, key: bytes) -> bytes | None: ...

    def keys(self, low: bytes) -> Iterator[bytes]:
        """Every key that is not before ``low``; others too, where they are in no order."""
        ...

    def apply(self, changes: Iterable[Change]) -> None:
        """Make ``changes``, and leave nothing of them in this process."""
        ...

    def close(self) -> None: ...


class Kind(Protocol):
    """What opens files of one flavor."""

    atomic: ClassVar[bool]
    """Whether `Handle.apply` is all or nothing by itself, and every open handle sees it."""

    def __call__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> Handle: ...


class Flavor(NamedTuple):
    """A flavor: the module and name of its `Kind`, and the endings of the files that it may keep."""

    module: str
    name: str
    endings: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """What opens its files; MissingExtra where that is not installed."""
        return cast(Kind, getattr(import_module(f"holdall.adapters.dbm.{self.module}"), self.name))

    def files(self, path: str) -> list[Path]:
        """Those of its files that are there."""
        return [file for ending in self.endings if (file := Path(path + ending)).is_file()]


FLAVORS = {
    "dumb": Flavor("dumb", "Dumb", (".dat", ".dir")),
    "ndbm": Flavor("ndbm", "Ndbm", (".db", ".pag", ".dir")),
    "gnu": Flavor("gnu", "Gnu", ("",)),
    "bsd": Flavor("bsd", "Bsd", ("",)),
    "sqlite3": Flavor("sqlite3", "Sqlite3", ("",)),
}

_GNU = range(0x13579ACD, 0x13579AD2)
_BTREE, _HASH = 0x53162, 0x61561
_SQLITE = b"SQLite format 3\0"


def recognised(path: str) -> list[str]:
    """The flavors of which there are files at ``path``. Mismatch where a file there is of none."""
    found = ["dumb"] if len(FLAVORS["dumb"].files(path)) == 2 else []
    if Path(path + ".db").is_file() or Path(path + ".pag").is_file():
        found.append("ndbm")
    if Path(path).is_dir():
        raise StoreNotFound(f"{path} is a folder; name a file in it, as in {Path(path, 'books')}")
    head = _head(path)
    return [*found, _single(path, head)] if head else found


def check(path: str, flavor: str) -> bool:
    """Whether there is a file of ``flavor`` at ``path``. Mismatch where one of another stands in its place."""
    found = recognised(path)
    if found and flavor not in found:
        raise Mismatch(f"{path} is a dbm file of the flavor {found[0]}; open it with ?flavor={found[0]}")
    return flavor in found


def check_whole(path: str, flavor: str) -> None:
    """Corrupt where a file is shorter than it says that it is: some libraries would not notice."""
    files = FLAVORS[flavor].files(path)
    extent = _indexed(path) if flavor == "dumb" else _extent(_head(str(files[0])))
    if files and files[0].stat().st_size < extent:
        raise Corrupt(f"{files[0]} is cut off: it lacks some of its {extent} bytes; restore a backup")


def _head(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(40)
    except FileNotFoundError:
        return b""


def _magics(head: bytes) -> tuple[int, int]:
    """The magic numbers of gdbm (at 0) and of Berkeley DB (at 12)."""
    first, second = struct.unpack_from("=I8xI", head.ljust(40, b"\0"))
    return first, second


def _single(path: str, head: bytes) -> str:
    gnu, bsd = _magics(head)
    if head.startswith(_SQLITE):
        return "sqlite3"
    if gnu in _GNU:
        return "gnu"
    if bsd in (_BTREE, _HASH):
        return "bsd"
    raise Mismatch(f"{path} is no dbm file of {', '.join(FLAVORS)}, and is left as it is; name another")


def _extent(head: bytes) -> int:
    """The length of a file by its header: gdbm's next free byte, Berkeley DB's last page."""
    gnu, bsd = _magics(head)
    if gnu in _GNU and len(head) == 40:
        return cast(int, struct.unpack_from("=q", head, 32)[0])
    if bsd in (_BTREE, _HASH) and len(head) == 40:
        page_size, last = struct.unpack_from("=I8xI", head, 20)
        return cast(int, page_size * (last + 1))
    return 0


def _indexed(path: str) -> int:
    """The end of the last value that the index of dbm.dumb names."""
    read: Callable[[str], Any] = ast.literal_eval
    with Path(path + ".dir").open(encoding="latin-1") as index:
        return max((sum(read(line.rstrip())[1]) for line in index), default=0)
