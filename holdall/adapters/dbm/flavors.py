"""The flavors of dbm: the files that each keeps, and what opens them."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, cast

Change = tuple[bytes, bytes | None]
"""A key and its new value; None deletes a key that is there."""


class Handle(Protocol):
    """An open file."""

    ordered: bool
    """Whether `keys` yields them in the order of their bytes."""

    def get(self, key: bytes) -> bytes | None: ...

    def keys(self, low: bytes) -> Iterator[bytes]:
        """Every key that is not before ``low``; others too, where they are in no order."""
        ...

    def apply(self, changes: Iterable[Change]) -> None:
        """Make ``changes``, and leave nothing of them in this process."""
        ...

    def close(self) -> None: ...


class Kind(Protocol):
    """What opens files of one flavor."""

    atomic: ClassVar[bool]
    """Whether `Handle.apply` is all or nothing by itself, and every open handle sees it."""

    def __call__(self, path: str, *, creates: bool, writes: bool, durable: bool) -> Handle: ...


class Flavor(NamedTuple):
    """A flavor: the module and name of its `Kind`, and the endings of the files that it may keep."""

    module: str
    name: str
    endings: tuple[str, ...]

    def load(self) -> Kind:
        """What opens its files; MissingExtra where that is not installed."""
        return cast(Kind, getattr(import_module(f"holdall.adapters.dbm.{self.module}"), self.name))

    def files(self, path: str) -> list[Path]:
        """Those of its files that are there."""
        return [file for ending in self.endings if (file := Path(path + ending)).is_file()]


FLAVORS = {
    "dumb": Flavor("dumb", "Dumb", (".dat", ".dir")),
    "ndbm": Flavor("ndbm", "Ndbm", (".db", ".pag", ".dir")),
    "gnu": Flavor("gnu", "Gnu", ("",)),
    "bsd": Flavor("bsd", "Bsd", ("",)),
    "sqlite3": Flavor("sqlite3", "Sqlite3", ("",)),
}
