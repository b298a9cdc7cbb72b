"""The space of a store: the bytes that it uses, and those that are free for it."""

from pathlib import Path
from typing import NamedTuple


class Space(NamedTuple):
    """Bytes; None if the store does not know the number at a low cost."""

    used: int | None
    free: int | None


def space_on_disk(path: str, *files: str) -> Space:
    """Return the space at ``path``, which need not exist yet, of a store that consists of ``files``.

    Without ``files``, the used bytes are not known.
    """
    import shutil  # imported late: few processes ask

    place = Path(path)
    while not place.exists():
        place = place.parent
    used = sum(_size(file) for file in files) if files else None
    return Space(used, shutil.disk_usage(place).free)


def _size(file: str) -> int:
    try:
        found = Path(file).stat()
    except OSError:
        return 0
    return found.st_blocks * 512  # not st_size: a file of LMDB is sparse
