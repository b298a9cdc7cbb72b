"""Opens the store at an address. An adapter is imported when one of its stores is first opened.

Another package adds a scheme by an entry point in the group ``holdall.adapters``. The name of the entry point
is the scheme, or the engine of a scheme ``engine+transport``; it points at a Store class with
``from_address(address)``. A built-in scheme cannot be replaced.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from holdall.address import Address, suggest
from holdall.configuration.stack import Stack
from holdall.errors import InvalidAddress
from holdall.store import Store

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")

GROUP = "holdall.adapters"

BUILT_IN = {
    "memory": "holdall.adapters.memory:Memory",
    "dbm": "holdall.adapters.dbm:DBM",
    "diskcache": "holdall.adapters.diskcache:DiskCache",
    "file": "holdall.adapters.file:File",
    "dynamodb": "holdall.adapters.dynamodb:DynamoDB",
    "http": "holdall.adapters.http:HTTP",
    "https": "holdall.adapters.http:HTTP",
    "gs": "holdall.adapters.gcs:GCS",
    "lmdb": "holdall.adapters.lmdb:LMDB",
    "mysql": "holdall.adapters.sql.mysql:MySQL",
    "postgresql": "holdall.adapters.sql.postgresql:PostgreSQL",
    "redis": "holdall.adapters.redis:Redis",
    "rediss": "holdall.adapters.redis:Redis",
    "s3": "holdall.adapters.s3:S3",
    "shelve": "holdall.adapters.shelve:Shelve",
    "slatedb+file": "holdall.adapters.slatedb:SlateDB",
    "slatedb+s3": "holdall.adapters.slatedb:SlateDB",
    "sqlite": "holdall.adapters.sqlite:SQLite",
    "sqlitedict": "holdall.adapters.sqlitedict:SqliteDict",
    "zict": "holdall.adapters.zict:Zict",
}
"""The adapter of each scheme, as module:class."""

BRIDGES = {
    "fsspec": "holdall.adapters.fsspec:Fsspec",
    "shove": "holdall.adapters.shove:Shove",
}
"""The adapter of each engine that takes any transport, as in ``fsspec+sftp``."""


class Adapter(Protocol):
    """The Store class, or other object, that opens the addresses of a scheme."""

    def from_address(self, address: Address, /) -> Store[bytes]:
        """Return the store at ``address``. Raises InvalidAddress if the address is not valid."""
        ...


@overload
def open(
    address: str | os.PathLike[str] | Address, /, *, type: "TypeForm[T]", **options: Any
) -> Store[T]: ...
@overload
def open(address: str | os.PathLike[str] | Address, /, **options: Any) -> Store[Any]: ...
def open(address: str | os.PathLike[str] | Address, /, **options: Any) -> Store[Any]:
    """Return the store at ``address``. ``options`` replace parameters of the same name.

    An option of None removes the parameter. The result is a `Store[bytes]`, wrapped in the layers that the
    address names (see `holdall.configuration`). It is best to give ``type``, the type of documents, as an
    option, because type checkers see it there.

    Most stores do no I/O before their first use. Raises InvalidAddress if the address is not valid, and
    MissingExtra if a library that it needs is not installed.

    >>> store = open("memory://")
    >>> store["greeting"] = b"hello"
    >>> store["greeting"]
    b'hello'
    >>> open("memory://?serializer=text&compress=gzip&manifest=off")
    Text(Gzip(Memory()))
    """
    return _open(_address(address).with_options(**options))


def plan(address: str | os.PathLike[str] | Address, /, **options: Any) -> tuple[Stack, Address]:
    """Return the stack of layers that `open` would open, and the address of the store below them.

    >>> stack, below = plan("memory://?serializer=json", serializer="text")
    >>> stack.serializer, below
    ('text', memory://)
    """
    return _plan(_address(address).with_options(**options))


def _plan(address: Address) -> tuple[Stack, Address]:
    if not address.name:
        return Stack.of(address)
    from holdall.configuration.files import find  # late: most stores are opened without a file

    return find(address.name).plan(dict(address.params))


def _open(address: Address, far: Address | None = None, through: tuple[str, ...] = ()) -> Store[Any]:
    """Return the store at ``address``.

    If ``far`` is given, the store will be the near cache of the store at ``far``. ``through`` holds the names
    of the stores that led here.
    """
    stack, below = _plan(address)
    way = (*through, address.name)
    if far:
        _require_near(address, stack, way, is_far=below == far)
    return _put(stack, below, way)


def _put(stack: Stack, below: Address, way: tuple[str, ...]) -> Store[Any]:
    """Return the store at ``below`` with ``stack`` on it. ``way`` holds the names of the stores that led here."""
    below.require_login_in_place()
    return stack.on(
        adapter(below.scheme).from_address(below),
        lambda near: _open(near, below, way),
        lambda replica, plain: _open_replica(replica, Stack() if plain else stack, way),
    )


def _open_replica(address: Address, stack: Stack, way: tuple[str, ...]) -> Store[Any]:
    """Return the store at ``address``, a replica of a store that has the layers ``stack``, or its outbox."""
    own, below = _plan(address)
    if own.replicas is not None or address.name in filter(None, way):
        raise InvalidAddress(f"{address} has replicas itself; name all replicas at the primary")
    inherits = not address.name and not address.layered
    return _put(stack.of_replica() if inherits else own, below, (*way, address.name))


def _require_near(address: Address, stack: Stack, way: tuple[str, ...], *, is_far: bool) -> None:
    if address.name and way.count(address.name) > 1:
        shown = " -> ".join(filter(None, way))
        raise InvalidAddress(f"{address} cannot be near itself ({shown}); name another")
    if stack.above:
        raise InvalidAddress(
            f"{address} is a near store, which holds the bytes of one cache; leave {stack.above[0]} out"
        )
    if is_far:
        raise InvalidAddress(
            f"{address} is both the near and the far store; name another near store, or none for memory"
        )


def _address(given: str | os.PathLike[str] | Address) -> Address:
    if isinstance(given, str):
        return Address.parse(given)
    if isinstance(given, os.PathLike):
        return Address("file", path=os.fspath(given), slashes=False)
    if isinstance(given, Address):
        return given
    kind = type(given).__name__
    raise TypeError(f"an address is a str or a path, not {kind}; is the variable that should hold it set?")


def adapter(scheme: str) -> Adapter:
    """Return the adapter of ``scheme``. If there is none, raises InvalidAddress with the nearest name."""
    engine = scheme.partition("+")[0]
    ours = BUILT_IN.get(scheme) or BRIDGES.get(engine)
    if ours:
        module, _, attribute = ours.partition(":")
        return cast(Adapter, getattr(import_module(module), attribute))
    found = {} if engine in BUILT_IN else _entry_points()
    for name in (scheme, engine):
        if name in found:
            return cast(Adapter, found[name].load())
    raise InvalidAddress(f"no store has the scheme {scheme!r}; {suggest(scheme, schemes())}")


def schemes() -> list[str]:
    """Return every scheme that can be opened, in order."""
    return sorted({*BUILT_IN, *BRIDGES, *_entry_points()})


def _entry_points() -> dict[str, Any]:
    # Late, because this import is rarely needed, and would take half the time of `import holdall`.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}
