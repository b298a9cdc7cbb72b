"""Maps documents for a view, and adds their contributions to a batch of the index."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from holdall.errors import InvalidQuery
from holdall.query.reading import Map, Progress, Reading
from holdall.query.views.groups import Texts
from holdall.query.views.index import Batch


class Pass:
    """A pass of ``map`` over documents, for ``batch``.

    ``documents`` is the number of documents that were mapped, and ``last`` the key of the last one. ``texts``
    has the groups that the map made. If ``ordered``, each value is a pair of its number, from 0, and itself.
    """

    def __init__(self, map: Map[Any, Any], batch: Batch, *, ordered: bool) -> None:
        self.documents = 0
        self.last = ""
        self.texts = Texts()
        self._map = map
        self._batch = batch
        self._ordered = ordered
        # The values of the document that is being mapped, by the text of the group.
        self._values: defaultdict[str, list[Any]] = defaultdict(list)
        self._place = 0

    def run(self, documents: Iterable[tuple[str, Any]], progress: Progress | None = None) -> None:
        """Map ``documents``.

        Raises QueryFailed, which names the document, if the map fails, and InvalidQuery, which names the
        document too, if the index cannot keep a value.
        """
        reading = Reading([self._map], self._replace_each(documents), progress)
        values, texts, group = self._values, self.texts, None
        try:
            for group, value in reading.pairs:
                if self._ordered:
                    value = self._place, value
                    self._place += 1
                values[texts[group]].append(value)
        except MemoryError:
            raise
        except Exception as problem:
            if reading.key is None:  # the store failed, or the index, and their errors say more
                raise
            raise reading.failure(problem, group) from problem

    def _replace_each(self, documents: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """Yield ``documents``. When the next one is requested, all pairs of the one before are known."""
        for key, value in documents:
            self._values.clear()
            self._place = 0
            yield key, value
            self.documents, self.last = self.documents + 1, key
            self._replace(key)

    def _replace(self, document: str) -> None:
        try:
            self._batch.replace(document, self._values)
        except InvalidQuery as problem:
            raise InvalidQuery(f"the values of {document!r}: {problem}", key=document) from None
