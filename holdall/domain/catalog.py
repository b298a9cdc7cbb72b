"""The invoices in a mapping, found by their number, and changed one at a time."""

from collections.abc import Callable, Iterator, MutableMapping

from holdall.domain.closing.guard import Guard
from holdall.domain.keys import PREFIX, invoice_key, prefix_of, seller_of, seller_prefix, series_of
from holdall.domain.model import Invoice
from holdall.domain.schema import check
from holdall.domain.sound import sound
from holdall.errors import Invalid
from holdall.keys import successor
from holdall.redact import brief
from holdall.store import Feature, Store


class Catalog:
    """Invoices in ``store``, under the keys that `holdall.domain.keys` defines.

    Reading an invoice with a damaged amount raises Corrupt.

    >>> list(Catalog({}))
    []
    """

    def __init__(self, store: MutableMapping[str, Invoice]) -> None:
        if not isinstance(store, MutableMapping):
            raise TypeError(
                f"Books need a store or a dict, not a {type(store).__name__}; "
                "holdall.open(address, type=Invoice) opens a store at an address"
            )
        self.store = store
        self._guard = Guard(store)

    def __iter__(self) -> Iterator[Invoice]:
        """Yield every invoice and credit note, by seller and number, in the order of the keys."""
        return self.of("")

    def of(self, seller: str) -> Iterator[Invoice]:
        """Return an iterator over the invoices and credit notes of a seller, in the order of the keys.

        ``seller`` is the id.
        """
        found = self._scan(seller_prefix(seller) if seller else PREFIX)
        return (document for _, document in found if document.kind != "payment")

    def _scan(self, prefix: str) -> Iterator[tuple[str, Invoice]]:
        """Yield the keys and documents under ``prefix``, in order."""
        if isinstance(self.store, Store):
            return ((key, sound(key, document)) for key, document in self.store.scan_items(prefix))
        return ((key, self._read(key)) for key in sorted(self.store) if key.startswith(prefix))

    def sellers(self) -> Iterator[str]:
        """Return an iterator over the ids of the sellers that have an invoice, in the order of the keys."""
        if isinstance(self.store, Store) and Feature.SEEK in self.store.features:
            return _skipping(self.store)
        keys = (key for key in self.store if key.startswith(PREFIX))
        return iter(dict.fromkeys(map(seller_of, sorted(keys))))

    def find(self, number: str, seller: str | None = None, series: str | None = None) -> Invoice:
        """Return the invoice with that number. Raises KeyError if it is missing.

        A number is unique only within a seller and a series (see `series_of`). If several sellers have the
        number and the id ``seller`` is not given, this raises Invalid, and the error names the sellers. If the
        seller has it in several series and ``series`` is not given, the error names the series.
        """
        return self._read(self._key(number, seller, series))

    def change(self, invoice: Invoice, function: Callable[[Invoice], Invoice]) -> Invoice:
        """Replace ``invoice`` in the books by the result of ``function``, and return the result.

        ``function`` gets the invoice as the books have it now, and may be called again if another writer
        changes it in the meantime. Raises Invalid if the result may not be stored, and KeyError if the books
        do not have the invoice.
        """
        key = self._key(invoice.number, invoice.seller.id, series_of(invoice))
        return self._modify(key, lambda kept: check(function(sound(key, kept))))

    def _read(self, key: str) -> Invoice:
        return sound(key, self.store[key])

    def _key(self, number: str, seller: str | None, series: str | None) -> str:
        sellers = self.sellers() if seller is None else (seller,)
        found = {each: keys for each in dict.fromkeys(sellers) if (keys := self._keys(number, each))}
        if not found:
            raise KeyError(f"no invoice {brief(number)}" + (f" of seller {brief(seller)}" if seller else ""))
        if len(found) > 1:
            names = ", ".join(map(repr, sorted(found)))
            raise Invalid(f"number {number!r} is used by the sellers {names}; name the seller")
        (keys,) = found.values()
        return keys[0] if series is None and len(keys) == 1 else self._of_series(number, keys, series)

    def _keys(self, number: str, seller: str) -> list[str]:
        """Return the keys of the seller's documents with that number, one for each series."""
        key = invoice_key(seller, number)
        first, others = ([key] if key in self.store else []), f"{key}/"
        if isinstance(self.store, Store):
            return [*first, *self.store.scan(others)]
        return [*first, *sorted(each for each in self.store if each.startswith(others))]

    def _of_series(self, number: str, keys: list[str], series: str | None) -> str:
        found = {series_of(self._read(key)): key for key in keys}
        names = ", ".join(sorted(found))
        if series is None:
            raise Invalid(f"number {number!r} is used in the series {names}; name the series")
        if series not in found:
            raise KeyError(f"no invoice {brief(number)} in the series {brief(series)}, only in {names}")
        return found[series]

    def _create(self, key: str, invoice: Invoice) -> Invoice | None:
        """Store ``invoice`` if ``key`` is free, and return None. Otherwise return the invoice at ``key``."""
        return self._guard.create(key, invoice)

    def _modify(self, key: str, function: Callable[[Invoice], Invoice]) -> Invoice:
        return self._guard.modify(key, function)

    def _rewrite(self, key: str, function: Callable[[Invoice], Invoice]) -> Invoice:
        """Change the document at ``key``, also in a closed period, because another document decides on the change."""
        if not isinstance(self.store, Store):
            changed = self.store[key] = function(self.store[key])
            return changed
        store: Store[Invoice] = self.store
        return store.modify(key, function)


def _skipping(store: Store[Invoice]) -> Iterator[str]:
    """Yield the sellers. Each takes one look-up, which starts after the last key of the seller before."""
    start: str | None = PREFIX
    while start and (key := next(store.scan(PREFIX, start=start), None)):
        yield seller_of(key)
        start = successor(prefix_of(key))
