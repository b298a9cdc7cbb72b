"""Maps the documents of a store one by one, and keeps the position of this pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from reprlib import repr as brief
from typing import Any, Generic, TypeAlias, TypeVar

from holdall.errors import HoldallError, InvalidQuery, QueryFailed
from holdall.query.collation import Key, collate
from holdall.store import Store

V = TypeVar("V")
W = TypeVar("W")
T = TypeVar("T")

Map: TypeAlias = Callable[[str, V], Iterable[tuple[Key, W]]]
Progress: TypeAlias = Callable[[int], None]

STEP = 256  # documents between two calls of progress


class Reading(Generic[V]):
    """One pass over ``documents``. ``pairs`` are the pairs that ``map`` yields for them, in their order.

    ``key`` is the key of the document that is being mapped, or None while the store is being read. ``done``
    is true if there are no more documents. ``progress`` is called with the number of documents mapped so far,
    after every 256 documents and at the end.

    >>> reading = Reading(lambda key, text: [(key, len(text))], [("a", "one"), ("b", "three")])
    >>> list(reading.pairs), reading.done
    ([('a', 3), ('b', 5)], True)
    """

    def __init__(
        self, map: Map[V, Any], documents: Iterable[tuple[str, V]], progress: Progress | None = None
    ) -> None:
        self.map = map
        self.key: str | None = None
        self.done = False
        if progress:
            documents = _count(documents, progress)
        self.pairs = chain.from_iterable(self._map(documents))

    def _map(self, documents: Iterable[tuple[str, V]]) -> Iterator[Iterable[tuple[Key, Any]]]:
        map = self.map
        for self.key, value in documents:
            pairs = map(self.key, value)
            if isinstance(pairs, _DOUBTED):
                _require_pairs(pairs)
            yield pairs
            self.key = None
        self.done = True

    def failure(self, problem: Exception, key: object) -> QueryFailed:
        """Return the error that names the document, for a ``problem`` at or after its pair of ``key``.

        If ``key`` is not hashable, ``problem`` is a TypeError, and the collation has a better error for it.
        If no code of ``map`` raised ``problem``, the result of ``map`` is wrong, and the error adds the
        remedy.
        """
        at_fault = "" if problem.__traceback__ and problem.__traceback__.tb_next else f"; {_REMEDY}"
        try:
            collate(key)
        except InvalidQuery as better:
            problem, at_fault = better, ""
        return QueryFailed(f"map failed at {self.key!r}: {reason(problem)}{at_fault}", key=self.key)


_DOUBTED = (tuple, dict, type(None))
_REMEDY = "map must yield (group, value) pairs, or return a list of them"


def _require_pairs(mapped: object) -> None:
    """Raise InvalidQuery if ``map`` returned something other than pairs.

    If it returned one pair of two short texts, each text would otherwise be taken as a pair.
    """
    if not isinstance(mapped, tuple) or any(not isinstance(pair, tuple | list) for pair in mapped):
        raise InvalidQuery(f"it returned {brief(mapped)}; {_REMEDY}")


def _count(documents: Iterable[T], progress: Progress) -> Iterator[T]:
    """Yield ``documents``. A document counts when the next one is requested."""
    count = 0
    for count, document in enumerate(documents, 1):
        yield document
        if not count % STEP:
            progress(count)
    if count % STEP or not count:
        progress(count)


def reason(problem: Exception) -> str:
    """Return a description of ``problem`` that can be understood without a traceback."""
    return str(problem) if isinstance(problem, HoldallError) else repr(problem)


def documents(
    store: Mapping[str, Any], prefix: str, start: str, stop: str | None, type: type[Any] | None
) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of a range of ``store`` in the order of the keys, read as ``type`` if given.

    If the mapping is not a Store, its keys are sorted first, and its values are not converted. Raises
    TypeError if ``store`` is not a mapping.
    """
    if not isinstance(store, Mapping):
        raise TypeError(
            f"a query needs a store or a dict, not a {store.__class__.__name__}; "
            "holdall.open opens a store at an address"
        )
    if isinstance(store, Store):
        source = store if type is None else store.typed(type)
        return source.scan_items(prefix, start=start, stop=stop)
    keys = (key for key in store if key.startswith(prefix) and key >= start)
    return ((key, store[key]) for key in sorted(keys) if stop is None or key < stop)
