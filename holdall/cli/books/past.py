"""The books as they were recorded at an earlier time, and the time at which their history begins."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from holdall.address import Address
from holdall.domain.keys import PREFIX
from holdall.domain.model import Invoice
from holdall.errors import Mismatch, Unsupported
from holdall.middleware.manifest import read_manifest
from holdall.middleware.versions import Versions
from holdall.middleware.versions.names import ROOT
from holdall.store import Feature, Store

_ADOPTED: Final = datetime.fromtimestamp(0, UTC)  # the time of values that are older than their history


def read_past(
    books: Store[Invoice], time: datetime, address: Address
) -> tuple[Store[Invoice], datetime | None]:
    """Return the books as they were at ``time``, and the time at which their history begins, if it begins later.

    Raises Unsupported if the store never kept a history, because today's books would be shown as those of another
    time. Raises Mismatch if the store records a history that ``address`` does not name.
    """
    _require_history(books, address)
    versions = books if isinstance(books, Versions) else Versions(books)
    past = versions.as_of(time)
    return past, _beginning_after(versions, past, time)


def _beginning_after(books: Store[Invoice], past: Store[Invoice], time: datetime) -> datetime | None:
    """Return when the history of ``books`` begins, or None if it begins until ``time``.

    If it does, the first invoice of ``past`` shows it. Otherwise this reads the history of every invoice.
    """
    for key in past.scan(PREFIX):
        if any(each <= time for each in _times(books, key)):
            return None
    return min((each for key in books.scan(PREFIX) for each in _times(books, key)), default=None)


def _times(books: Store[Invoice], key: str) -> Iterator[datetime]:
    """Yield the times of the revisions of ``key``, except that of a value that is older than its history."""
    return (revision.time for revision in books.history(key) if revision.time > _ADOPTED)


def _require_history(books: Store[Invoice], address: Address) -> None:
    if Feature.HISTORY in books.features or books.raw(ROOT):
        return
    manifest = read_manifest(books)
    if manifest and "history" in manifest.layers:
        raise Mismatch(
            f"{address} is recorded as written with {manifest}; name these layers in its address to read its history"
        )
    raise Unsupported(
        f"{address} keeps no history, so the books of that time are not known; "
        "to keep a history from now on, run `holdall manifest --record 'URI?serializer=json&history=on'`"
    )
