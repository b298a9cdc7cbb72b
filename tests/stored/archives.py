"""The archives of an earlier release: unpacked to be read, or packed if they are written now."""

import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WRITE = os.environ.get("HOLDALL_WRITE_STORED") == "1"


@pytest.fixture
def archive(release: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that unpacks an archive of the release, or packs it if it is to be written."""
    name = ""

    def unpack(kind: str) -> Path:
        nonlocal name
        name = kind
        if not WRITE:
            with tarfile.open(release / f"{kind}.tar.gz") as packed:
                packed.extractall(tmp_path, filter="data")
        return tmp_path

    yield unpack
    if WRITE and name:
        with tarfile.open(release / f"{name}.tar.gz", "w:gz") as packed:
            for entry in sorted(tmp_path.iterdir()):
                packed.add(entry, entry.name, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    return entry.replace(uid=0, gid=0, uname="", gname="", deep=False)
