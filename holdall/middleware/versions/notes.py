"""The notes of revisions, read many at once, as they are asked for."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Generic, TypeVar

from holdall.history import UNKNOWN, Note

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_PAGE = 64  # revisions at most whose notes are read at once


class Notes(Generic[K]):
    """The notes that ``read`` returns by revision; it is called when the first of them is asked for.

    >>> Notes(lambda: {2: Note("Ann")}).of(1)
    Note(author='unknown', message='')
    """

    def __init__(self, read: Callable[[], Mapping[K, Note]]) -> None:
        self._read = read
        self._found: Mapping[K, Note] | None = None  # not cached_property: in 3.11 it locks all threads

    def of(self, revision: K) -> Note:
        """The note of ``revision``; by UNKNOWN where there is none."""
        if self._found is None:
            self._found = self._read()
        return self._found.get(revision, Note(UNKNOWN))


def pages(revisions: Iterable[T]) -> Iterator[list[T]]:
    """``revisions`` in pages that grow, lazily.

    So who asks for the newest note reads one record, and who asks for all reads many at once.

    >>> [len(page) for page in pages(range(10))]
    [1, 2, 4, 3]
    """
    revisions = iter(revisions)
    size = 1
    while page := list(islice(revisions, size)):
        yield page
        size = min(2 * size, _PAGE)
