"""The common part of the modules of Python's dbm package, whose files keep keys in no order."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

from holdall.adapters.dbm.flavors import Change
from holdall.errors import MissingExtra


@contextmanager
def needs_module(module: str, package: str) -> Iterator[None]:
    """Raise MissingExtra if the block raises ModuleNotFoundError: Python was built without ``module``."""
    try:
        yield
    except ModuleNotFoundError as error:
        remedy = (
            f"{package}; pyenv: install that library's headers and build Python again; "
            "or choose another flavor, such as sqlite3"
        )
        raise MissingExtra(f"this Python lacks {module}. {remedy}") from error


class Database(Protocol):
    """An open file, as these modules return it."""

    def get(self, key: bytes, /) -> bytes | None: ...
    def keys(self) -> Iterable[bytes]: ...
    def __setitem__(self, key: bytes, value: bytes, /) -> None: ...
    def __delitem__(self, key: bytes, /) -> None: ...
    def close(self) -> None: ...


class Hashed(ABC):
    """An open file of one of these modules."""

    atomic: ClassVar = False
    ordered = False

    def __init__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> None:
        self._path = path
        self._db = self._open(path, "c" if creates else "w" if writes else "r")

    @abstractmethod
    def _open(self, path: str, mode: str) -> Database:
        """Open the file with the module."""

    def get(self, key: bytes) -> bytes | None:
        return self._db.get(key)

    def keys(self, low: bytes) -> Iterator[bytes]:
        return iter(self._db.keys())

    def apply(self, changes: Iterable[Change]) -> None:
        for key, value in changes:
            if value is None:
                del self._db[key]
            else:
                self._db[key] = value
        self._flush()

    def _flush(self) -> None:
        """Write all changes that the module still buffers. Most modules write only when they close a file."""
        self._db.close()
        self._db = self._open(self._path, "w")

    def close(self) -> None:
        self._db.close()
