"""The flavors of dbm: the files of each flavor, and the class that opens them."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, cast

Change = tuple[bytes, bytes | None]
"""A key and its new value; None deletes a key that exists."""


class Handle(Protocol):
    """An open file of one flavor."""

    ordered: bool
    """Whether `keys` yields the keys in the order of their bytes."""

    def get(self, key: bytes) -> bytes | None: ...

    def keys(self, low: bytes) -> Iterator[bytes]:
        """Yield every key from ``low`` on, in order; if the file keeps no order, yield all keys."""
        ...

    def apply(self, changes: Iterable[Change]) -> None:
        """Make ``changes`` and write them to the file, so that no buffer of this process still holds them."""
        ...

    def close(self) -> None: ...


class Kind(Protocol):
    """The class that opens files of one flavor."""

    atomic: ClassVar[bool]
    """Whether `Handle.apply` is all or nothing by itself, and every open handle sees its changes."""

    def __call__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> Handle: ...


class Flavor(NamedTuple):
    """A flavor: the module and the name of its `Kind`, and the endings that its files may have."""

    module: str
    name: str
    endings: tuple[str, ...]

    def load(self) -> Kind:
        """Return the class that opens its files. Raises MissingExtra if the library is not installed."""
        return cast(Kind, getattr(import_module(f"holdall.adapters.dbm.{self.module}"), self.name))

    def files(self, path: str) -> list[Path]:
        """Return those of its files that exist at ``path``."""
        return [file for ending in self.endings if (file := Path(path + ending)).is_file()]


FLAVORS = {
    "dumb": Flavor("dumb", "Dumb", (".dat", ".dir")),
    "ndbm": Flavor("ndbm", "Ndbm", (".db", ".pag", ".dir")),
    "gnu": Flavor("gnu", "Gnu", ("",)),
    "bsd": Flavor("bsd", "Bsd", ("",)),
    "sqlite3": Flavor("sqlite3", "Sqlite3", ("",)),
}
