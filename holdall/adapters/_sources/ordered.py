"""The base of the sources that list their keys in order, a page at a time."""

import heapq
import itertools
from abc import abstractmethod
from collections.abc import Iterable, Iterator

from holdall.adapters._sources.source import Source
from holdall.batches import read_pages
from holdall.keys import Foreign, Span, to_name


class Ordered(Source):
    """A source of which a scan holds a page of the keys that are texts in memory, and all other names."""

    @abstractmethod
    def _page(self, low: bytes, high: bytes | None, most: int) -> list[bytes]:
        """Return the first ``most`` keys that are texts, from ``low`` on and before ``high``, in the order of bytes."""

    @abstractmethod
    def _others(self) -> Iterable[str]:
        """Return the names of the keys that are not texts, each a `Foreign` unless it is a valid key."""

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        if span.empty:
            return iter(())
        texts = (name for name in self._texts(span) if type(name) is not Foreign)
        others = sorted(name for name in self._others() if type(name) is not Foreign and name in span)
        return heapq.merge(texts, others)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        if span.empty:
            return iter(())
        # The name of a key that is not in UTF-8 has another place among the names than its bytes among the keys.
        names = itertools.chain(self._texts(Span.of()), self._others())
        foreign = sorted(name for name in names if type(name) is Foreign and name in span)
        return heapq.merge(self.scan(prefix, start=start, stop=stop), foreign)

    def _texts(self, span: Span) -> Iterator[str]:
        """Yield the names of the keys that are texts, in the order of their bytes."""
        high = None if span.high is None else _bytes(span.high)

        def read(low: bytes, size: int) -> tuple[list[bytes], bytes | None]:
            page = self._page(low, high, size)
            return page, page[-1] + b"\0" if len(page) == size else None

        for page in read_pages(read, None if span.empty else _bytes(span.low)):
            yield from (name for name in map(to_name, page) if span.shows(name))


def _bytes(bound: str) -> bytes:
    return bound.encode(errors="surrogatepass")
