"""Finds stored documents that are not sound invoices: they have another shape, or a damaged amount."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from reprlib import repr as brief
from typing import Any, Final

from holdall.domain.keys import PREFIX
from holdall.domain.model import Invoice
from holdall.domain.money import is_possible
from holdall.errors import Corrupt
from holdall.middleware.passthrough import PassThrough
from holdall.query.documents import readable
from holdall.store import Store

SHOWN: Final = 10  # keys in a message


def _amounts(invoice: Invoice) -> Iterator[Decimal]:
    yield invoice.total
    for line in invoice.lines:
        yield line.amount
        yield from (split.amount for split in line.splits)
    for payment in invoice.payments:
        yield payment.amount
        yield from (each.amount for each in payment.allocations)


def sound(key: str, invoice: Invoice) -> Invoice:
    """Return ``invoice``, which is stored under ``key``. Raises Corrupt if an amount in it is damaged."""
    for amount in _amounts(invoice):
        if not is_possible(amount):
            raise _corrupt(key, amount)
    return invoice


def _corrupt(key: str, amount: Decimal) -> Corrupt:
    """Return the error for a damaged ``amount`` in the invoice under ``key``."""
    return Corrupt(
        f"the invoice at {key!r} has {brief(str(amount))} for an amount, which is not valid; "
        "restore it from a backup or its history, or import it again into other books",
        key=key,
    )


class Sound(PassThrough[Any]):
    """The sound invoices of ``store``, for scans.

    ``left_out`` has the error of each document that is not a sound invoice, by key.

    >>> from holdall import Json, Memory
    >>> store = Json(Memory())
    >>> store["invoices/S/7"] = {"note": "not an invoice"}
    >>> kept = Sound(store)
    >>> list(kept.scan_items()), list(kept.left_out)
    ([], ['invoices/S/7'])
    """

    def __init__(self, store: Store[Any]) -> None:
        super().__init__(store.typed(Invoice))
        self.left_out: dict[str, Corrupt] = {}

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Invoice]]:
        for key, invoice in readable(self._inner, prefix, start, stop, self.left_out.__setitem__):
            try:
                checked = sound(key, invoice)
            except Corrupt as error:
                self.left_out[key] = error
            else:
                yield key, checked

    def typed(self, type: Any, /) -> Store[Any]:
        """Return this view.

        A report may read only a part of each document. A damaged document is left out even if that part can
        be read, so that all reports agree.
        """
        return self


def require_sound(store: Mapping[str, Any], prefix: str = PREFIX) -> None:
    """Raise Corrupt if a document under ``prefix`` is not a sound invoice.

    The error counts these documents and names the first ten.
    """
    found = _unsound(store, prefix)
    if len(found) == 1:
        raise next(iter(found.values()))
    if found:
        first, error = next(iter(found.items()))
        raise Corrupt(f"{count_of(found)} are not invoices: {names(found)}. The first: {error}", key=first)


def _unsound(store: Mapping[str, Any], prefix: str) -> dict[str, Corrupt]:
    if isinstance(store, Store):
        view = Sound(store)
        for _ in view.scan_items(prefix):
            pass
        return view.left_out
    found: dict[str, Corrupt] = {}
    for key in sorted(key for key in store if key.startswith(prefix)):
        value = store[key]
        try:
            if not isinstance(value, Invoice):
                raise Corrupt(f"the value of {key!r} is not an Invoice: {brief(value)}", key=key)
            sound(key, value)
        except Corrupt as error:
            found[key] = error
    return found


def count_of(documents: Collection[object]) -> str:
    """Return the number of ``documents`` in words.

    >>> count_of(["a"]), count_of(["a"] * 1000)
    ('1 document', '1,000 documents')
    """
    return f"{len(documents):,} document{'' if len(documents) == 1 else 's'}"


def names(keys: Collection[str]) -> str:
    """Return the first ten of ``keys`` for a message, and the number of the others.

    >>> names(["a", "b"])
    "'a', 'b'"
    """
    listed = ", ".join(map(repr, islice(keys, SHOWN)))
    return f"{listed} and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else listed
