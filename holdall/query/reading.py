"""Maps the documents of a store one by one, for one query or several, and keeps the position of this pass."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from reprlib import repr as brief
from typing import Any, Generic, TypeAlias, TypeVar

from holdall.errors import HoldallError, InvalidQuery, QueryFailed
from holdall.query.collation import Key, collate

V = TypeVar("V")
W = TypeVar("W")
T = TypeVar("T")

Map: TypeAlias = Callable[[str, V], Iterable[tuple[Key, W]]]
Progress: TypeAlias = Callable[[int], None]
Leave: TypeAlias = Callable[[str, HoldallError], None]
"""Takes the key of a document that is left out, and the error."""

STEP = 256  # documents between two calls of progress


class Reading(Generic[V]):
    """One pass over ``documents``. ``pairs`` are the pairs that each of ``maps`` yields for each document.

    The pairs are in the order of the documents, and for one document in the order of the maps. ``map`` is the
    number, from 0, of the map that yields the current pair. ``key`` is the key of the document that is being
    mapped, or None while the store is being read. ``done`` is true if there are no more documents.
    ``progress`` is called with the number of documents mapped so far, after every 256 documents and at the
    end.

    With ``leave``, a document for which a map fails is left out by all maps: no pair of it is yielded, and
    ``leave`` is called. This needs memory for all pairs of one document.

    >>> reading = Reading([lambda key, text: [(key, len(text))]], [("a", "one"), ("b", "three")])
    >>> list(reading.pairs), reading.done
    ([('a', 3), ('b', 5)], True)
    """

    def __init__(
        self,
        maps: Sequence[Map[V, Any]],
        documents: Iterable[tuple[str, V]],
        progress: Progress | None = None,
        leave: Leave | None = None,
    ) -> None:
        self.maps = maps
        self.map = 0
        self.key: str | None = None
        self.done = False
        if progress:
            documents = _count(documents, progress)
        mapped = self._map_whole(documents, leave) if leave else self._map(documents)
        self.pairs = chain.from_iterable(mapped)

    def _map(self, documents: Iterable[tuple[str, V]]) -> Iterator[Iterable[tuple[Key, Any]]]:
        maps = tuple(enumerate(self.maps))
        for self.key, value in documents:
            for self.map, map in maps:
                pairs = map(self.key, value)
                if isinstance(pairs, _DOUBTED):
                    _require_pairs(pairs)
                yield pairs
            self.key = None
        self.done = True

    def _map_whole(
        self, documents: Iterable[tuple[str, V]], leave: Leave
    ) -> Iterator[Iterable[tuple[Key, Any]]]:
        for key, value in documents:
            self.key = key
            try:
                mapped = [self._checked(number, key, value) for number in range(len(self.maps))]
            except QueryFailed as error:
                leave(key, error)
            else:
                for self.map, pairs in enumerate(mapped):
                    yield pairs
            self.key = None
        self.done = True

    def _checked(self, number: int, document: str, value: V) -> list[tuple[Key, Any]]:
        """Return the pairs of the map of that number for one document. Raises QueryFailed if it fails."""
        self.map, key, checked = number, None, []
        try:
            pairs = self.maps[number](document, value)
            if isinstance(pairs, _DOUBTED):
                _require_pairs(pairs)
            for key, each in pairs:
                collate(key)
                checked.append((key, each))
        except MemoryError:
            raise
        except Exception as problem:
            raise self.failure(problem, key) from problem
        return checked

    def failure(self, problem: Exception, key: object) -> QueryFailed:
        """Return the error that names the document, for a ``problem`` at or after its pair of ``key``.

        If ``key`` is not hashable, ``problem`` is a TypeError, and the collation has a better error for it.
        If no code of the map raised ``problem``, the result of the map is wrong, and the error adds the
        remedy. If there are several maps, the error names the map by its number.
        """
        at_fault = "" if problem.__traceback__ and problem.__traceback__.tb_next else f"; {_REMEDY}"
        try:
            collate(key)
        except InvalidQuery as better:
            problem, at_fault = better, ""
        which = f"map of query {self.map + 1}" if len(self.maps) > 1 else "map"
        return QueryFailed(f"{which} failed at {self.key!r}: {reason(problem)}{at_fault}", key=self.key)


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
