"""Read the files of another library in a folder, and follow no link out of it."""

import errno
import os
from pathlib import Path

from holdall.adapters._files.descriptors import open_file, read_status
from holdall.adapters._files.filenames import Place
from holdall.adapters._files.oserrors import translate
from holdall.adapters._sources.values import NotTaken
from holdall.errors import StoreNotFound, TooLarge

MOST = 1 << 30
"""The bytes of the largest file that a source reads as a value."""


def list_folder(path: str) -> list[tuple[str, bool]]:
    """Return the name of each entry of the folder, and whether it is a file. A link is not.

    Raises StoreNotFound if the folder does not exist.
    """
    try:
        with os.scandir(path) as entries:
            return [(entry.name, entry.is_file(follow_symlinks=False)) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        kind = "is a file, not a folder" if Path(path).exists() else "does not exist"
        raise StoreNotFound(f"{path} {kind}; name a folder that exists; a source is never created") from None
    except OSError as error:
        raise translate(error, path) from error


def read_value(root: str, place: Place, key: str) -> bytes:
    """Return the content of the file at ``place`` below ``root``, the value of ``key``.

    Raises NotTaken if there is not a file at ``place``, and TooLarge if it has more than `MOST` bytes.
    """
    shown = "/".join((*place[0], place[1]))
    try:
        status = read_status(root, place)
        if status is not None and status.st_size > MOST:
            raise TooLarge(
                f"the file {shown} of {key!r} in {root} has {status.st_size:,} bytes; "
                f"holdall reads up to {MOST:,}; copy the file by hand",
                key=key,
            )
        file = None if status is None else open_file(root, place)
        if file is not None:
            with file:
                return file.readall()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise translate(error, root, key) from error
    raise NotTaken(
        f"is in the file {shown}, which does not exist or is not a file (links are not followed); "
        "restore it from a backup"
    )
