"""Read the names in a dbm file for a scan, one page at a time."""

from holdall.adapters.dbm.flavors import Handle
from holdall.keys import Span, past_reserved, to_name

_PAGE = 1024  # keys


def page(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """Return the next names of ``span``, with foreign ones, and the start of the next page (None: the last).

    If the file keeps keys in no order, the first page holds all names.
    """
    return _next(span, handle) if handle.ordered else (_all(span, handle), None)


def _all(span: Span, handle: Handle) -> list[str]:
    return sorted(name for stored in handle.keys(b"") if (name := to_name(stored)) in span)


def _next(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """Do the same as `page`, for keys in order.

    The page ends before keys that are hidden, and the next page begins after them.
    """
    names: list[str] = []
    high = None if span.high is None else span.high.encode()
    for stored in handle.keys(span.low.encode(errors="surrogateescape")):
        if high is not None and stored >= high:
            break
        name = to_name(stored)
        if not span.shows(name):
            return names, past_reserved(name)
        names.append(name)
        if len(names) == _PAGE:
            return names, name + "\0"
    return names, None
