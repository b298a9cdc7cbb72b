"""Shove's store in a folder, with the same files but without the faults of Shove's own code."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote_plus
from uuid import uuid4

from holdall.adapters._files.descriptors import open_owned
from holdall.adapters.shove.importing import shove

_LONGEST = 255  # bytes of a file name
_OURS = ".%_"  # Shove does not list names that begin with a dot, and never writes % without two digits


class Files(shove.store.FileStore):  # type: ignore[misc]
    """One file per key in one folder, which Shove can also read and write.

        name  = quoted | ".%_" digest      the latter if the former would be over 255 bytes
        file  = data                       if the name is quoted
              | key %x00 data              if the name is a digest; Shove's own code never sees these

    ``quoted`` is the key as `urllib.parse.quote_plus` writes it. ``digest`` is the SHA-256 of the key in
    hexadecimal. ``data`` is the value in Shove's form. A file with any other name is not a key, even if its
    name begins with ".%_".

    Shove writes into the file itself, so a reader can see half a value, and a crash can leave one. It
    raises KeyError for every failure, and creates the folder when the store is opened. Here, a value is
    written to a new file, which then replaces the old one; a failure raises OSError; and the first write
    creates the folder.
    """

    def _createdir(self) -> None:
        """Do nothing yet: a mistyped address must not leave a folder."""

    def __getitem__(self, key: str) -> Any:
        path, head = self._place(key)
        try:
            data = _read(path)
        except FileNotFoundError:
            raise KeyError(key) from None
        return self.loads(data[len(head) :])

    def __setitem__(self, key: str, value: bytes) -> None:
        path, head = self._place(key)
        new = Path(self._dir, f"{_OURS}{uuid4().hex}.new")
        data = head + self.dumps(value)
        Path(self._dir).mkdir(parents=True, exist_ok=True)
        try:
            _write(new, data)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        _sync(self._dir)

    def __delitem__(self, key: str) -> None:
        try:
            self._place(key)[0].unlink()
        except FileNotFoundError:
            raise KeyError(key) from None
        _sync(self._dir)

    def __contains__(self, key: str) -> bool:
        return self._place(key)[0].exists()

    def __iter__(self) -> Iterator[str]:  # pyright: ignore[reportIncompatibleMethodOverride] - no parameter
        try:
            names = [path.name for path in Path(self._dir).iterdir()]
        except FileNotFoundError:
            return
        for name in names:
            if name.startswith(_OURS):
                yield from self._long(name)
            elif quote_plus(key := unquote_plus(name)) == name:
                yield key

    def _place(self, key: str) -> tuple[Path, bytes]:
        """Return the path of the file of ``key``, and the bytes before the data in it."""
        name = quote_plus(key)
        if len(name) <= _LONGEST:
            return Path(self._dir, name), b""
        return Path(self._dir, _digest(key)), key.encode() + b"\0"

    def _long(self, name: str) -> Iterator[str]:
        if len(name) != len(_digest("")):
            return
        try:
            with Path(self._dir, name).open("rb") as file:
                key = file.read(2 * _LONGEST).partition(b"\0")[0].decode()
        except (FileNotFoundError, UnicodeDecodeError):
            return
        if _digest(key) == name:
            yield key


def _digest(key: str) -> str:
    return f"{_OURS}{sha256(key.encode()).hexdigest()}"


def _read(path: Path) -> bytes:
    # Links are not followed, because their targets are outside the store.
    with open_owned(str(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)) as file:
        return file.read()


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: str) -> None:
    if os.name == "nt":
        return
    (fd,) = map(os.open, (folder,), (os.O_RDONLY,))  # no interrupt loses it: see _files.descriptors
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
