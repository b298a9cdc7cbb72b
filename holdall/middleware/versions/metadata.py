"""The notes of revisions, read many at once when they are needed."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Generic, TypeVar

from holdall.history import UNKNOWN, Note

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_PAGE = 64  # the most notes that are read together


class Notes(Generic[K]):
    """The notes by revision that ``read`` returns; it is called when the first note is asked for.

    >>> Notes(lambda: {2: Note("Ann")}).of(1)
    Note(author='unknown', message='')
    """

    def __init__(self, read: Callable[[], Mapping[K, Note]]) -> None:
        self._read = read
        self._found: Mapping[K, Note] | None = None  # not a cached_property: in 3.11 that locks threads

    def of(self, revision: K) -> Note:
        """The note of ``revision``; if there is none, a note by UNKNOWN."""
        if self._found is None:
            self._found = self._read()
        return self._found.get(revision, Note(UNKNOWN))


def pages(revisions: Iterable[T]) -> Iterator[list[T]]:
    """Yield ``revisions`` lazily in pages that grow.

    So a caller that asks for the newest note reads one record, and one that asks for all reads many at once.

    >>> [len(page) for page in pages(range(10))]
    [1, 2, 4, 3]
    """
    revisions = iter(revisions)
    size = 1
    while page := list(islice(revisions, size)):
        yield page
        size = min(2 * size, _PAGE)
