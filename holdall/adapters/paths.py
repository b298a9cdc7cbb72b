"""A path of the file system, as a caller or an address names it."""

import os
from pathlib import Path

from holdall.errors import InvalidAddress, StoreNotFound


def absolute(path: str | os.PathLike[str], scheme: str, example: str) -> str:
    """``path`` from the root on, so that a later chdir moves no store; InvalidAddress where it can be none.

    >>> absolute("/srv/books.db", "sqlite", "sqlite:///books.db")
    '/srv/books.db'
    """
    named = os.fspath(path)
    try:
        if not named or b"\0" in os.fsencode(named):
            raise ValueError
        return str(Path(named).absolute())
    except ValueError:
        raise InvalidAddress(f"{scheme}: {named!r} is no path; write for example {example}") from None
    except FileNotFoundError:
        message = f"{scheme}: {named!r} is below a folder that is gone; name it from the root"
        raise StoreNotFound(message) from None
