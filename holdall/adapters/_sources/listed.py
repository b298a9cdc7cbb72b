"""The base of the sources that cannot list their keys in order."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from holdall.adapters._sources.source import Source
from holdall.keys import Foreign, Span


class Listed(Source):
    """A source of which a scan first lists all keys, and sorts them in memory."""

    @abstractmethod
    def _names(self) -> Iterable[str]:
        """Return every name, in any order. A name that is not a valid key is a `Foreign`."""

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        names = self.scan_names(prefix, start=start, stop=stop)
        return (name for name in names if type(name) is not Foreign)

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        span = Span.of(prefix, start, stop)
        return iter(()) if span.empty else iter(sorted(name for name in self._names() if name in span))
