"""Remembers which configuration files the user has read and trusts.

    record  = digest LF path LF     ; in the user's state folder, as trusted/<SHA-256 of the path>, mode 600
    digest  = SHA-256 of the path, a NUL and the content of the file, in hex
    path    = the absolute path, which holds no symbolic link

After a file was changed or moved to another path, it is not trusted any more.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from holdall.configuration.reading import ConfigFile, read, resolve
from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.private import write

with needs("config", "It finds the files that you trust, and a stranger's file needs your trust"):
    import platformdirs


class Record(NamedTuple):
    """A file that was trusted: its path, and whether it has not changed since then."""

    path: Path
    current: bool


def is_trusted(file: ConfigFile) -> bool:
    """Return whether the user trusts ``file`` with its current content."""
    place = _place(file.path)
    return place.exists() and read(place).data == _record(file)


def trust(file: ConfigFile) -> None:
    """Trust ``file`` with the content that was read."""
    place = _place(file.path)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(place, _record(file))


def revoke(path: Path) -> None:
    """Stop trusting the file at ``path``, which need not exist. Raises HoldallError if it was not trusted."""
    try:
        _place(resolve(path)).unlink()
    except FileNotFoundError:
        raise HoldallError(
            f"{path} is not trusted; `holdall trust --list` shows the files that are"
        ) from None


def records() -> Iterator[Record]:
    """Yield every file that was trusted, in the order of the paths."""
    found = (read(place).data for place in _folder().glob("[!.]*"))
    for path in sorted(Path(os.fsdecode(data.split(b"\n", 1)[1][:-1])) for data in found):
        current = False
        with suppress(HoldallError):
            current = is_trusted(read(path))
        yield Record(path, current)


def _record(file: ConfigFile) -> bytes:
    path = os.fsencode(file.path)
    return sha256(path + b"\0" + file.data).hexdigest().encode() + b"\n" + path + b"\n"


def _folder() -> Path:
    return platformdirs.user_state_path("holdall") / "trusted"


def _place(path: Path) -> Path:
    return _folder() / sha256(os.fsencode(path)).hexdigest()
