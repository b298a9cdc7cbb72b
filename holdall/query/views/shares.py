"""Maps documents for a view: which share each document has in each group."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from holdall.errors import InvalidQuery
from holdall.query.collation import Key
from holdall.query.reading import Map, Progress, Reading
from holdall.query.views.index import Share
from holdall.query.views.texts import Texts
from holdall.query.views.upkeep import Upkeep

V = TypeVar("V")
_Pairs: TypeAlias = dict[str, tuple[Key, list[Any], list[int]]]
"""The key, the values and the places of the pairs of one document, by the text of the group."""


def map_documents(
    map: Map[Any, Any], upkeep: Upkeep, documents: Iterable[tuple[str, Any]], progress: Progress | None = None
) -> dict[str, Mapping[str, Share]]:
    """Return the shares of each of ``documents`` by the text of the group.

    Raises QueryFailed, which names the document, if ``map`` fails. Raises InvalidQuery, which names the
    document too, if the reducer or the index refuses a value.
    """
    pairs: dict[str, _Pairs] = {}
    reading = Reading([map], _begin(documents, pairs), progress)
    texts, group, document, place = Texts(), None, "", 0
    try:
        for group, value in reading.pairs:
            if document != reading.key and reading.key:
                document, place = reading.key, 0
            _, values, places = pairs[document].setdefault(texts[group], (group, [], []))
            values.append(value)
            places.append(place)
            place += 1
    except MemoryError:
        raise
    except Exception as problem:
        if reading.key is None:  # the store failed, and its error says more
            raise
        raise reading.failure(problem, group) from problem
    return {document: _shares(document, each, upkeep) for document, each in pairs.items()}


def _begin(documents: Iterable[tuple[str, V]], pairs: dict[str, _Pairs]) -> Iterator[tuple[str, V]]:
    """Yield ``documents``, and begin the pairs of each, because a map may yield none."""
    for key, value in documents:
        pairs[key] = {}
        yield key, value


def _shares(document: str, pairs: _Pairs, upkeep: Upkeep) -> Mapping[str, Share]:
    try:
        return {text: _share(upkeep, *each) for text, each in pairs.items()}
    except InvalidQuery as problem:
        raise InvalidQuery(f"the values of {document!r}: {problem}", key=document) from None


def _share(upkeep: Upkeep, group: Key, values: list[Any], places: list[int]) -> Share:
    item = upkeep.item(values, places)
    return Share(group, item, upkeep.trace(item))
