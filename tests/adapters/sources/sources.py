"""Helpers of the tests of sources."""

import os
from pathlib import Path

import holdall
from holdall.errors import HoldallError

SETTERS: list[str] = []


class Bomb:
    """An object whose pickle, if it is run, appends to `SETTERS`."""

    def __reduce__(self) -> tuple[object, ...]:
        return SETTERS.append, ("run",)


def read(address: str, **options: str) -> dict[str, object]:
    """Each key at ``address`` with its value, or with the name of the error that reading it raises."""
    found: dict[str, object] = {}
    with holdall.open(address, **options) as store:
        for key in store:
            try:
                found[key] = store[key]
            except HoldallError as error:
                found[error.key or ""] = type(error).__name__
    return found


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder``."""
    return {os.path.relpath(path, folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
