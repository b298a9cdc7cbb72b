"""Reads the documents of a range of keys, of a store or a dict."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from holdall.errors import Corrupt
from holdall.query.reading import Leave
from holdall.store import Store

V = TypeVar("V")


def documents(
    store: Mapping[str, Any],
    prefix: str,
    start: str,
    stop: str | None,
    type: type[Any] | None,
    leave: Leave | None = None,
) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of a range of ``store`` in the order of the keys, read as ``type`` if given.

    If the mapping is not a Store, its keys are sorted first, and its values are not converted. With
    ``leave``, a document that cannot be decoded is left out. Raises TypeError if ``store`` is not a mapping.
    """
    require_mapping(store)
    if isinstance(store, Store):
        source = store if type is None else store.typed(type)
        if leave:
            return readable(source, prefix, start, stop, leave)
        return source.scan_items(prefix, start=start, stop=stop)
    return ((key, store[key]) for key in keys(store, prefix, start, stop))


def require_mapping(store: object) -> None:
    """Raise TypeError if ``store`` is not a mapping."""
    if not isinstance(store, Mapping):
        raise TypeError(
            f"a query needs a store or a dict, not a {store.__class__.__name__}; "
            "holdall.open opens a store at an address"
        )


def keys(store: Mapping[str, Any], prefix: str, start: str, stop: str | None) -> Iterable[str]:
    """Return the keys of a range of ``store`` in order."""
    if isinstance(store, Store):
        return store.scan(prefix, start=start, stop=stop)
    every = (key for key in store if key.startswith(prefix) and key >= start)
    return [key for key in sorted(every) if stop is None or key < stop]


def readable(
    store: Store[V], prefix: str, start: str, stop: str | None, leave: Callable[[str, Corrupt], object]
) -> Iterator[tuple[str, V]]:
    """Yield the documents that can be decoded. ``leave`` is called for each of the others.

    A scan ends at a document that cannot be decoded. Then a new scan begins after that document.
    """
    while True:
        try:
            for key, value in store.scan_items(prefix, start=start, stop=stop):
                start = f"{key}\0"
                yield key, value
        except Corrupt:
            found = next(store.scan(prefix, start=start, stop=stop), None)
            if found is None:  # no document is at fault, so none can be left out
                raise
            start = f"{found}\0"
            yield from _read_again(store, found, leave)
        else:
            return


def _read_again(
    store: Store[V], key: str, leave: Callable[[str, Corrupt], object]
) -> Iterator[tuple[str, V]]:
    try:
        yield from store.get_many([key])  # without the key, if it was deleted in the meantime
    except Corrupt as error:
        leave(key, error)
