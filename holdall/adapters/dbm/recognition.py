"""What is at a path: of which flavor its files are, and whether they are cut off."""

import ast
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from holdall.adapters.dbm.flavors import FLAVORS
from holdall.errors import Mismatch, StoreNotFound

_GNU = range(0x13579ACD, 0x13579AD2)
_BTREE, _HASH = 0x53162, 0x61561
_NO_DATABASE = sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN  # why it cannot be opened, `open` says better


def recognised(path: str) -> list[str]:
    """The flavors of which there are files at ``path``. Mismatch where a file there is of none."""
    found = ["dumb"] if len(FLAVORS["dumb"].files(path)) == 2 else []
    if Path(path + ".db").is_file() or Path(path + ".pag").is_file():
        found.append("ndbm")
    if Path(path).is_dir():
        raise StoreNotFound(f"{path} is a folder; name a file in it, as in {Path(path, 'books')}")
    single = _single(path)
    return [*found, single] if single else found


def expect(flavor: str, found: list[str], path: str) -> None:
    """Mismatch where a file of another flavor is among those ``found`` at ``path``."""
    for other in found:
        if other != flavor:
            remedy = f"open it with ?flavor={other}, or name another file"
            raise Mismatch(f"{path} is a dbm file of the flavor {other}; {remedy}")


def check(path: str, flavor: str) -> bool:
    """Whether there is a file of ``flavor`` at ``path``. Mismatch where one of another stands there."""
    found = recognised(path)
    expect(flavor, found, path)
    return bool(found)


def cut_off(path: str, flavor: str) -> bool:
    """Whether a file is shorter than it says that it is: some libraries would not notice."""
    file = FLAVORS[flavor].files(path)[0]
    return file.stat().st_size < (_indexed(path) if flavor == "dumb" else _extent(_head(file)))


def ordered(path: str, flavor: str) -> bool:
    """Whether keys are kept in order in the file at ``path``, or will be where there is none yet."""
    if flavor == "bsd" and Path(path).is_file():
        return _magics(_head(Path(path)))[1] != _HASH
    return flavor in ("bsd", "sqlite3")


def _single(path: str) -> str | None:
    """The flavor of the file that is named as the store, or None where there is none yet."""
    file = Path(path)
    if not file.exists() or not file.stat().st_size:
        return None
    return "sqlite3" if _is_database(file) else _flavor(file)


def _is_database(file: Path) -> bool:
    """Whether SQLite takes ``file`` for its own.

    It alone is asked: its locks are the process's, and to close any other descriptor of a database that is
    open here would let go of them ("How To Corrupt An SQLite Database File", 2.2). As immutable, the file
    is looked at without a lock or a log.
    """
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF not in _NO_DATABASE
    return True


def _flavor(file: Path) -> str:
    gnu, bsd = _magics(_head(file))
    if gnu in _GNU:
        return "gnu"
    if bsd in (_BTREE, _HASH):
        return "bsd"
    raise Mismatch(f"{file} is no dbm file of {', '.join(FLAVORS)}, and is left as it is; name another")


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(40)


def _magics(head: bytes) -> tuple[int, int]:
    """The magic numbers of gdbm (at 0) and of Berkeley DB (at 12)."""
    first, second = struct.unpack_from("=I8xI", head.ljust(40, b"\0"))
    return first, second


def _extent(head: bytes) -> int:
    """The length of a file by its header: gdbm's next free byte, or Berkeley DB's last page."""
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
