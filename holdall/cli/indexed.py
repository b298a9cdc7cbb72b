"""Opens a store together with the store that keeps its views, and declared views."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import platformdirs

from holdall.address import Address
from holdall.configuration import files
from holdall.configuration.values import import_object
from holdall.errors import InvalidQuery
from holdall.layer import layers
from holdall.middleware.snapshots import SnapshotFeed
from holdall.query import MapReduce, Together, View, Views
from holdall.registry import open as open_store
from holdall.store import Feature, Store


@contextmanager
def open_indexed(
    uri: str | Address, index: str | Address | None, **options: Any
) -> Iterator[tuple[Store[Any], Store[bytes] | None]]:
    """Open the store at ``uri``, and the store at ``index``, which keeps its views.

    Without ``index``, the store itself keeps its views, and the second store is None, if it has transactions
    and a change feed. Otherwise a database in the user's cache folder keeps them, see `local`. If the store
    has no feed, the index also remembers its listing, as `SnapshotFeed` does.
    """
    with ExitStack() as opened:
        store: Store[Any] = opened.enter_context(open_store(uri, **options))
        has_feed = Feature.CHANGES in store.features
        if index is None and has_feed and Feature.ATOMIC in store.features:
            yield store, None
            return
        kept: Store[bytes] = opened.enter_context(open_store(index or local(store)))
        yield store if has_feed else SnapshotFeed(store, kept), kept


@contextmanager
def open_view(name: str) -> Iterator[View[Any] | Views[Any]]:
    """Open the declared view ``name``. Raises InvalidQuery if its query is not a MapReduce or several."""
    declared = files.find_view(name)
    query = import_object(declared.query)
    if not isinstance(query, MapReduce | Together):
        raise InvalidQuery(
            f"view.{name}: {declared.query} is neither a MapReduce nor several together; name one of these in "
            f"{declared.file}"
        )
    with open_indexed(declared.store, declared.index) as (store, apart):
        if isinstance(query, Together):
            yield Views(store, query, apart, name=name, prefix=declared.prefix)
        else:
            yield View(store, query, apart, name=name, prefix=declared.prefix)


def local(store: Store[Any]) -> str:
    """Return the address of the database that keeps the views of ``store`` on this machine."""
    *_, lowest = layers(store)
    digest = blake2b(repr(lowest).encode(errors="backslashreplace"), digest_size=16).hexdigest()
    folder = platformdirs.user_cache_path("holdall") / "views"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{quote(str(folder / digest))}.db"
