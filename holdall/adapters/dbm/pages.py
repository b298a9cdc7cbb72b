"""The keys of a dbm file that a scan asks for, a page at a time."""

from holdall.adapters.dbm.flavors import Handle
from holdall.keys import Span, fits, past_reserved

_PAGE = 1024  # keys


def page(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """The next keys of ``span``, and where to go on (None: those were the last).

    Of a file without order, the first page holds all keys.
    """
    return _next(span, handle) if handle.ordered else (_all(span, handle), None)


def _all(span: Span, handle: Handle) -> list[str]:
    return sorted(key for found in handle.keys(b"") if (key := _key(found)) and key in span)


def _next(span: Span, handle: Handle) -> tuple[list[str], str | None]:
    """As `page`. It ends before a part that is hidden, and the next begins after it."""
    keys: list[str] = []
    for found in handle.keys(span.low.encode()):
        key = _key(found)
        if key is None:
            continue
        if span.high is not None and key >= span.high:
            break
        if not span.shows(key):
            return keys, past_reserved(key)
        keys.append(key)
        if len(keys) == _PAGE:
            return keys, key + "\0"
    return keys, None


def _key(found: bytes) -> str | None:
    """``found`` as a key; None where another program has written what no key may be."""
    try:
        key = found.decode()
    except UnicodeDecodeError:
        return None
    return key if fits(key) else None
