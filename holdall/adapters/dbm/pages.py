"""Read the names in a dbm file for a scan, one page at a time."""

from itertools import takewhile

from holdall.adapters.dbm.flavors import Handle
from holdall.batches import take_page
from holdall.keys import Span, to_name

_PAGE = 1024  # keys


def page(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """Return the next names of ``span``, with foreign ones, and the start of the next page (None: the last).

    If the file keeps keys in no order, the first page holds all names.
    """
    return _next(span, handle) if handle.ordered else (_all(span, handle), None)


def _all(span: Span, handle: Handle) -> list[str]:
    return sorted(name for stored in handle.keys(b"") if (name := to_name(stored)) in span)


def _next(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """Do the same as `page`, for keys in order."""
    high = None if span.high is None else span.high.encode()
    rest = handle.keys(span.low.encode(errors="surrogateescape"))
    within = rest if high is None else takewhile(lambda key: key < high, rest)
    rows, low = take_page(((to_name(key),) for key in within), _PAGE, hides=span.hides)
    return [name for (name,) in rows], low
