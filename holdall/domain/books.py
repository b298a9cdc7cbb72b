"""The books: invoices in a mapping. Each is added once, and payments are recorded one after another."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import date
from decimal import Decimal
from secrets import token_hex
from typing import Any

from holdall.domain.allocation import Policy, in_proportion
from holdall.domain.comparing import require_same
from holdall.domain.create import from_document
from holdall.domain.keys import PREFIX, invoice_key, prefix_of, seller_of, seller_prefix, series_of
from holdall.domain.model import Invoice, Payment
from holdall.domain.recording import find_payment, record
from holdall.domain.schema import check
from holdall.domain.settings import NONE, Settings
from holdall.domain.sound import sound
from holdall.errors import Conflict, Invalid
from holdall.keys import successor
from holdall.redact import brief
from holdall.store import ABSENT, Feature, Store


class Books:
    """Invoices in ``store``, under the keys that `holdall.domain.keys` defines. ``store`` may also be a dict.

    ``settings`` are the defaults for documents that are added as dicts.

    `holdall.domain.schema` checks every invoice and payment before it is written. A refused one raises
    Invalid and changes nothing. Reading an invoice with a damaged amount raises Corrupt.

    On a `Store`, two writers cannot both add the same number, and no payment is lost. This needs SWAP; a
    store without SWAP raises Unsupported. On another mapping, this holds within one thread only.

    >>> from holdall.domain.model import LineItem, Party, Split
    >>> books, one, ten = Books({}), Decimal(1), Decimal(10)
    >>> books.add(Invoice(
    ...     number="7", kind="invoice", seller=Party("S", "Seller"), customer=Party("C", "Customer"),
    ...     issued=date(2026, 1, 1), due=date(2026, 1, 31), currency="EUR", total=ten,
    ...     lines=(LineItem("1", "Rent", one, ten, ten, (Split("4400", ten),)),),
    ... ))
    True
    >>> books.pay("7", Decimal(4), on=date(2026, 2, 1), id="bank-17").allocations
    (Allocation(code='4400', amount=Decimal('4.00')),)
    >>> books.find("7").owed()
    {'4400': Decimal('6.00')}
    """

    def __init__(self, store: MutableMapping[str, Invoice], settings: Settings = NONE) -> None:
        if not isinstance(store, MutableMapping):
            raise TypeError(
                f"Books need a store or a dict, not a {type(store).__name__}; "
                "holdall.open(address, type=Invoice) opens a store at an address"
            )
        self.store = store
        self.settings = settings

    def __iter__(self) -> Iterator[Invoice]:
        """Yield every invoice, by seller and number, in the order of the keys."""
        return self.of("")

    def of(self, seller: str) -> Iterator[Invoice]:
        """Return an iterator over the invoices of the seller with that id, in the order of the keys."""
        prefix = seller_prefix(seller) if seller else PREFIX
        if isinstance(self.store, Store):
            return (sound(key, invoice) for key, invoice in self.store.scan_items(prefix))
        return (self._read(key) for key in sorted(self.store) if key.startswith(prefix))

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

    def add(self, invoice: Invoice | dict[str, Any]) -> bool:
        """Add an invoice or a credit note, and return True. Return False if it is in the books already.

        A dict is a document of which `holdall.domain.create` makes an invoice, with the settings of the books.

        It is in the books already if an invoice there is equal in everything but the payments, and has all of
        its payments. The codes of lines that a mapping filed may differ too, and with them the allocations of
        the payments. Then nothing changes. Raises Conflict, naming the fields that differ, if the seller has a
        different invoice with that number in the same series.
        """
        invoice = from_document(invoice, self.settings) if isinstance(invoice, dict) else check(invoice)
        key = invoice_key(invoice.seller.id, invoice.number)
        kept = self._create(key, invoice)
        if kept is not None and series_of(kept) != series_of(invoice):
            key = invoice_key(invoice.seller.id, invoice.number, series_of(invoice))
            kept = self._create(key, invoice)
        if kept is not None:
            require_same(key, sound(key, kept), invoice)
        return kept is None

    def pay(
        self,
        number: str,
        amount: Decimal,
        on: date,
        to: Policy | Mapping[str, Decimal] = in_proportion,
        *,
        seller: str | None = None,
        series: str | None = None,
        currency: str | None = None,
        id: str | None = None,
        reference: str = "",
        note: str = "",
        overpaid: bool = False,
    ) -> Payment:
        """Record a payment on an invoice, and return it.

        ``to`` is the policy that allocates the payment to accounting codes, or the amount of each code.

        ``id`` is the name that the bank or the payer gives to the payment. Recording the same payment again
        with the same id changes nothing and returns the recorded payment, whose day may be an earlier one.
        Recording a different payment with that id raises Conflict. Without an id, every call records a new
        payment, because two equal payments on one day do happen.

        Raises Invalid if the payment is more than the amount owed and ``overpaid`` is False, if a code is not
        billed, or if ``currency`` is given and is not the currency of the invoice. A policy allocates the
        excess of an overpaid payment to `UNAPPLIED`. Raises KeyError and Invalid also as `find` does.
        """
        payment = Payment(token_hex(8) if id is None else id, on, amount, (), reference, note, overpaid)
        key = self._key(number, seller, series)
        if id is not None and (known := find_payment(self._read(key), payment, to)):
            return known
        changed = self._modify(key, lambda invoice: record(sound(key, invoice), payment, to, currency))
        return next(each for each in changed.payments if each.id == payment.id)

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
        if not isinstance(self.store, Store):
            kept = self.store.setdefault(key, invoice)
            return None if kept is invoice else kept
        store: Store[Invoice] = self.store
        try:
            store.swap(key, invoice, ABSENT)
        except Conflict:
            return store[key]
        return None

    def _modify(self, key: str, function: Callable[[Invoice], Invoice]) -> Invoice:
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
