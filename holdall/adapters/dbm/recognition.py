"""Choose or recognise the flavor of the files at a path, and check whether they are cut off."""

import ast
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from holdall.adapters.dbm.errors import translate
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.lock import MAKING, WRITING, Lock
from holdall.errors import HoldallError, Mismatch, StoreNotFound
from holdall.handles import delays_fork

_GNU = range(0x13579ACD, 0x13579AD2)
_BTREE, _HASH = 0x53162, 0x61561
_NO_DATABASE = sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN  # `open` tells better why it cannot be opened


def choose(path: str, flavor: str | None, timeout: float) -> str:
    """Return ``flavor``, or the flavor of the file at ``path`` if ``flavor`` is None.

    Raises Mismatch if a file of another flavor is at ``path``, StoreNotFound if ``flavor`` is None and no
    file is there, and MissingExtra if the library that opens the file is not installed.
    """
    found = _standing(path, timeout)
    if not (found or flavor):
        raise StoreNotFound(f"there is no dbm file {path}; to make one, add ?flavor={'|'.join(FLAVORS)}")
    name = flavor or found[0]
    expect(name, found, path)
    FLAVORS[name].load()
    return name


@delays_fork
def _standing(path: str, timeout: float) -> list[str]:
    """Return the flavors of the files at ``path``. The lock keeps writers out in the meantime."""
    lock = Lock(path + ".lock")
    try:
        if not lock.exists():
            return recognise(path)
        return lock.hold(lambda: _whole(path, lock.state().stage), timeout, shared=True)
    except HoldallError:
        raise
    except OSError as error:
        raise translate(error, path) from error
    finally:
        lock.close()


def _whole(path: str, stage: str) -> list[str]:
    twin = recognise(path + ".twin") if stage in (MAKING, WRITING) else []
    # If a process was killed in the middle of `Pair.put_back`, the twin is gone and the file is whole.
    return twin or ([] if stage == MAKING else recognise(path))


def recognise(path: str) -> list[str]:
    """Return the flavors of the files at ``path``.

    Raises Mismatch if a file there is of no known flavor, and StoreNotFound if ``path`` is a folder.
    """
    found = ["dumb"] if len(FLAVORS["dumb"].files(path)) == 2 else []
    if Path(path + ".db").is_file() or Path(path + ".pag").is_file():
        found.append("ndbm")
    if Path(path).is_dir():
        raise StoreNotFound(f"{path} is a folder; name a file in it, as in {Path(path, 'books')}")
    single = _single(path)
    return [*found, single] if single else found


def expect(flavor: str, found: list[str], path: str) -> None:
    """Raise Mismatch if the flavors ``found`` at ``path`` include another one than ``flavor``."""
    for other in found:
        if other != flavor:
            remedy = f"open it with ?flavor={other}, or name another file"
            raise Mismatch(f"{path} is a dbm file of the flavor {other}; {remedy}")


def check(path: str, flavor: str) -> bool:
    """Return whether a file of ``flavor`` is at ``path``. Raises Mismatch if it is of another flavor."""
    found = recognise(path)
    expect(flavor, found, path)
    return bool(found)


def cut_off(path: str, flavor: str) -> bool:
    """Return whether a file is shorter than its header or index says. Some libraries do not notice this."""
    file = FLAVORS[flavor].files(path)[0]
    return file.stat().st_size < (_end_of_values(path) if flavor == "dumb" else _extent(_head(file)))


def keeps_order(path: str, flavor: str) -> bool:
    """Return whether the file at ``path`` keeps keys in order, or will do so if it does not exist yet."""
    if flavor == "bsd" and Path(path).is_file():
        return _magics(_head(Path(path)))[1] != _HASH
    return flavor in ("bsd", "sqlite3")


def _single(path: str) -> str | None:
    """Return the flavor of the file with exactly this path, or None if it is missing or empty."""
    file = Path(path)
    if not file.exists() or not file.stat().st_size:
        return None
    return "sqlite3" if is_database(file) else _flavor(file)


def is_database(file: Path) -> bool:
    """Return whether SQLite recognises ``file`` as a database.

    Only SQLite opens the file here. Its locks belong to the process: if the database is open in this
    process, closing any other descriptor of it would release them ("How To Corrupt An SQLite Database
    File", 2.2). With ``immutable=1``, SQLite reads the file without a lock or a log.
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
    raise Mismatch(
        f"{file} is not a dbm file of {', '.join(FLAVORS)}, so it is left unchanged; name another file"
    )


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(40)


def _magics(head: bytes) -> tuple[int, int]:
    """Return the magic numbers of gdbm (at byte 0) and of Berkeley DB (at byte 12)."""
    first, second = struct.unpack_from("=I8xI", head.ljust(40, b"\0"))
    return first, second


def _extent(head: bytes) -> int:
    """Return the length of a file by its header, or 0: gdbm's next free byte, or Berkeley DB's last page."""
    gnu, bsd = _magics(head)
    if gnu in _GNU and len(head) == 40:
        return cast(int, struct.unpack_from("=q", head, 32)[0])
    if bsd in (_BTREE, _HASH) and len(head) == 40:
        page_size, last = struct.unpack_from("=I8xI", head, 20)
        return cast(int, page_size * (last + 1))
    return 0


def _end_of_values(path: str) -> int:
    """Return the end of the last value in the index of dbm.dumb."""
    read: Callable[[str], Any] = ast.literal_eval
    with Path(path + ".dir").open(encoding="latin-1") as index:
        return max((sum(read(line.rstrip())[1]) for line in index), default=0)
