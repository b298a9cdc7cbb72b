"""Check a file system path that a caller or an address names, and make it absolute."""

import os
from pathlib import Path

from holdall.errors import InvalidAddress, StoreNotFound


def absolute(path: str | os.PathLike[str], scheme: str, example: str) -> str:
    """Return ``path`` as an absolute path, so that a later chdir does not move the store.

    Raises InvalidAddress if it cannot be a path, and StoreNotFound if the current folder is gone.

    >>> absolute("/srv/books.db", "sqlite", "sqlite:///books.db")
    '/srv/books.db'
    """
    named = os.fspath(path)
    try:
        if not named or b"\0" in os.fsencode(named):
            raise ValueError
        return str(Path(named).absolute())
    except ValueError:
        raise InvalidAddress(f"{scheme}: {named!r} is not a path; write for example {example}") from None
    except FileNotFoundError:
        message = (
            f"{scheme}: {named!r} is relative to the current folder, which was removed; "
            "give the path from the root"
        )
        raise StoreNotFound(message) from None
