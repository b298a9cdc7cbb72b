"""Maps documents for a view, and adds their contributions to a batch of the index."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from holdall.errors import InvalidQuery
from holdall.query.reading import Map, Progress, Reading
from holdall.query.views.groups import Texts
from holdall.query.views.index import Batch


class Pass:
    """A pass over documents of several maps, each for the batch with its number.

    ``documents`` is the number of documents that were mapped, and ``last`` the key of the last one. ``texts``
    has the groups that the maps made.
    """

    def __init__(self, maps: Sequence[Map[Any, Any]], batches: Sequence[Batch]) -> None:
        self.documents = 0
        self.last = ""
        self.texts = Texts()
        self._maps = maps
        self._batches = batches
        self._ordered = [batch.ordered for batch in batches]
        # Of the document that is being mapped, for each map: the values by the text of their group.
        self._values: list[defaultdict[str, list[Any]]] = [defaultdict(list) for _ in maps]
        self._places: list[int] = []

    def run(self, documents: Iterable[tuple[str, Any]], progress: Progress | None = None) -> None:
        """Map ``documents``.

        Raises QueryFailed, which names the document, if the map fails, and InvalidQuery, which names the
        document too, if the index cannot keep a value.
        """
        reading = Reading(self._maps, self._replace_each(documents), progress)
        values, ordered, texts, group = self._values, self._ordered, self.texts, None
        try:
            for group, value in reading.pairs:
                number = reading.map
                if ordered[number]:
                    value = self._places[number], value
                    self._places[number] += 1
                values[number][texts[group]].append(value)
        except MemoryError:
            raise
        except Exception as problem:
            if reading.key is None:  # the store failed, or the index, and their errors say more
                raise
            raise reading.failure(problem, group) from problem

    def _replace_each(self, documents: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """Yield ``documents``. When the next one is requested, all pairs of the one before are known."""
        for key, value in documents:
            for values in self._values:
                values.clear()
            self._places = [0] * len(self._maps)
            yield key, value
            self.documents, self.last = self.documents + 1, key
            self._replace(key)

    def _replace(self, document: str) -> None:
        try:
            for batch, values in zip(self._batches, self._values, strict=True):
                batch.replace(document, values)
        except InvalidQuery as problem:
            raise InvalidQuery(f"the values of {document!r}: {problem}", key=document) from None
