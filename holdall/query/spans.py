"""Cuts the keys of a store into spans that hold equally many documents."""

from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Final, NamedTuple

_FINE: Final = 32  # keys that are kept for each span: its size is right within a thirty-second


class Span(NamedTuple):
    """The keys from ``start`` on and before ``stop``.

    >>> print(Span("a", "b"), Span("b", None), sep="; ")
    from 'a' to before 'b'; from 'b' to the end
    """

    start: str
    stop: str | None

    def __str__(self) -> str:
        return f"from {self.start!r} " + ("to the end" if self.stop is None else f"to before {self.stop!r}")


def cut(span: Span, keys: Iterable[str], size: int) -> Iterator[Span]:
    """Yield spans with ``size`` of ``keys`` each, while the keys come. Together they are ``span``.

    The last span may have fewer keys. Keys that are written in the meantime belong to one of the spans, too.

    >>> list(cut(Span("", None), "abcde", 2))
    [Span(start='', stop='c'), Span(start='c', stop='e'), Span(start='e', stop=None)]
    """
    listed, start, skip = iter(keys), span.start, size
    while (key := next(islice(listed, skip, None), None)) is not None:
        yield Span(start, str(key))
        start, skip = str(key), size - 1
    yield Span(start, span.stop)


def cut_evenly(span: Span, keys: Iterable[str], parts: int) -> list[Span]:
    """Return at most ``parts`` spans that have about equally many of ``keys``. Together they are ``span``.

    Memory does not grow with the number of keys.

    >>> cut_evenly(Span("", None), "abcde", 2)
    [Span(start='', stop='c'), Span(start='c', stop=None)]
    """
    kept = thin(keys, _FINE * parts)
    bounds = sorted({kept[len(kept) * part // parts] for part in range(1, parts) if kept} - {span.start})
    starts, stops = [span.start, *bounds], [*bounds, span.stop]
    return [Span(start, stop) for start, stop in zip(starts, stops, strict=True)]


def thin(keys: Iterable[str], most: int, step: int = 1) -> list[str]:
    """Return every n-th key, where n is ``step``, doubled until fewer than twice ``most`` keys are kept.

    >>> "".join(thin("abcdefgh", 2)), "".join(thin("abcdefgh", 2, 3))
    ('ae', 'adg')
    """
    kept: list[str] = []
    for number, key in zip(count(), keys, strict=False):
        if number % step == 0:
            kept.append(str(key))
            if len(kept) >= 2 * most:
                kept, step = kept[::2], 2 * step
    return kept
