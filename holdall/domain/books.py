"""The books: invoices in a mapping. Each is added once, and payments are recorded one after another."""

from collections.abc import Callable, Mapping, MutableMapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from secrets import token_hex
from typing import Any

from holdall.domain import settling
from holdall.domain.allocation import Policy, in_proportion
from holdall.domain.closing import Closing, close, read_closing, reopen
from holdall.domain.comparing import require_same
from holdall.domain.create import from_document
from holdall.domain.keys import invoice_key, payment_key, series_of
from holdall.domain.model import Invoice, Payment, PaymentKind
from holdall.domain.payments import Payments
from holdall.domain.recording import find_payment, record
from holdall.domain.schema import check
from holdall.domain.settings import NONE, Settings
from holdall.domain.sound import sound
from holdall.domain.stored_settings import change_stored, read_stored


class Books(Payments):
    """Invoices in ``store``, under the keys that `holdall.domain.keys` defines. ``store`` may also be a dict.

    ``settings`` are the defaults for documents that are added as dicts, if the store has no settings of its own.

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
        super().__init__(store)
        self._defaults = settings

    @cached_property
    def settings(self) -> Settings:
        """The settings in the store, and for each one that is not set there, that of the constructor.

        They are read once. Raises Corrupt if those in the store are not valid.
        """
        return read_stored(self.store).over(self._defaults)

    def change_settings(self, **changes: Any) -> Settings:
        """Set the entries of ``changes`` in the store, and return the settings of the books.

        The entries are ``currency``, ``seller`` and ``codes``, with values as in [books] of holdall.toml. An entry of
        None is removed. Invoices in the books do not change. Raises Invalid with every error, and changes nothing
        then.

        >>> Books({}).change_settings(currency="EUR", seller={"id": "DE123", "name": "Seiler GmbH"}).currency
        'EUR'
        """
        self.settings = change_stored(self.store, changes).over(self._defaults)
        return self.settings

    def add(self, invoice: Invoice | dict[str, Any]) -> bool:
        """Add an invoice, a credit note or a payment document, and return True.

        Return False if it is in the books already.

        A dict is a document of which `holdall.domain.create` makes an invoice, with the settings of the books.

        It is in the books already if an invoice there is equal in everything but the payments, and has all of
        its payments. The codes of lines that a mapping filed may differ too, and with them the allocations of
        the payments. Then nothing changes. Raises Conflict, naming the fields that differ, if the seller has a
        different invoice with that number in the same series.
        """
        invoice = from_document(invoice, self.settings) if isinstance(invoice, dict) else check(invoice)
        seller, is_payment = invoice.seller.id, invoice.kind == "payment"
        key = payment_key(seller, invoice.number) if is_payment else invoice_key(seller, invoice.number)
        kept = self._create(key, invoice)
        if not is_payment and kept is not None and series_of(kept) != series_of(invoice):
            key = invoice_key(seller, invoice.number, series_of(invoice))
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
        return self._settle(key, payment.id, lambda invoice: record(invoice, payment, to, currency))

    def void(
        self,
        number: str,
        id: str,
        on: date,
        reason: str,
        *,
        seller: str | None = None,
        series: str | None = None,
    ) -> Payment:
        """Take back the payment, or another entry, with that ``id``, and return the entry that takes it back.

        The entry that was wrong stays. The new one has the opposite amounts, and ``reason`` as its note. Its day is
        ``on``, so that the reports on earlier days stay as they were. If the entry is voided already, nothing
        changes. Raises KeyError if the invoice has no entry with that id, and KeyError and Invalid also as `find`
        does. Raises Invalid if the entry takes back another one itself, or if ``reason`` is empty.
        """
        key = self._key(number, seller, series)
        return self._settle(key, "", lambda invoice: settling.void(invoice, id, on, reason), voids=id)

    def refund(
        self,
        number: str,
        amount: Decimal,
        on: date,
        to: Mapping[str, Decimal] | None = None,
        *,
        seller: str | None = None,
        series: str | None = None,
        id: str | None = None,
        reference: str = "",
        note: str = "",
    ) -> Payment:
        """Record that ``amount`` was paid back to the customer, and return the entry, whose amount is negative.

        ``to`` has the amount of each code. Without it, the amount is taken off the amount that the customer has in
        credit first, and then off the codes, in proportion to the cash that was received on each. ``id`` makes the
        call safe to repeat, as in `pay`. Raises Invalid if ``amount`` is not positive, or is more than the customer
        has in credit and paid. Raises KeyError and Invalid also as `find` does.
        """
        entry = Payment(token_hex(8) if id is None else id, on, -amount, (), reference, note)
        key = self._key(number, seller, series)
        return self._settle(key, entry.id, lambda invoice: settling.refund(invoice, entry, to))

    def write_off(
        self,
        number: str,
        on: date,
        code: str,
        reason: str,
        amount: Decimal | None = None,
        to: Policy | Mapping[str, Decimal] = in_proportion,
        *,
        exchange: bool = False,
        seller: str | None = None,
        series: str | None = None,
        id: str | None = None,
    ) -> Payment:
        """Settle ``amount`` of an invoice without cash, and return the entry. ``amount`` defaults to all that is owed.

        ``code`` is the accounting code that bears the amount: that of bad debts, of small differences, or of
        discounts for early payment. With ``exchange``, the amount is an exchange difference. ``reason`` becomes the
        note of the entry. ``to`` and ``id`` are as in `pay`.

        Raises Invalid if nothing is owed, if ``amount`` is more than the amount owed, or if ``code`` or ``reason``
        is empty. Raises KeyError and Invalid also as `find` does.
        """
        kind: PaymentKind = "exchange" if exchange else "write-off"
        entry = Payment(
            token_hex(8) if id is None else id,
            on,
            Decimal(0),
            (),
            note=reason,
            kind=kind,
            contra=code,
        )
        key = self._key(number, seller, series)
        return self._settle(key, entry.id, lambda invoice: settling.write_off(invoice, entry, amount, to))

    @property
    def closing(self) -> Closing:
        """The last day of the closed period, and each closing and reopening. It is read each time."""
        return read_closing(self.store)

    def close(self, until: date, *, by: str, reason: str = "", at: datetime | None = None) -> Closing:
        """Close the books until the day ``until``, included, and return the closing.

        From then on, every method raises Invalid instead of adding, changing or removing a document or an entry that
        is dated on or before that day. `holdall.domain.closing.guard` tells how a write races with this. ``by`` is
        the name of the user, and ``at`` defaults to now. Nothing changes if the books are closed until that day.

        Raises Invalid if ``until`` is after today, or before the last day of the closed period.
        """
        closed = close(self.store, until, at=at or _now(), by=by, reason=reason)
        self._guard.period(fresh=True)
        self.finish()  # a payment that another writer has begun is there now, or is taken back
        return closed

    def reopen(self, until: date | None, *, by: str, reason: str, at: datetime | None = None) -> Closing:
        """Reopen the books, so that they are closed only until ``until``, or not at all if it is None.

        The closing that this returns keeps who reopened them, when and why. Raises Invalid if ``reason`` is empty, or
        if the books are not closed until a later day.
        """
        return reopen(self.store, until, at=at or _now(), by=by, reason=reason)

    def require_open(self, day: date, name: str) -> None:
        """Raise Invalid if ``day`` is in the closed period. ``name`` is the name of the thing of that day."""
        self._guard.period(fresh=True).require_day(day, name)

    def _settle(
        self, key: str, id: str, function: Callable[[Invoice], Invoice], *, voids: str | None = None
    ) -> Payment:
        """Change the invoice at ``key`` by ``function``, and return its entry with that ``id``, or that voids one."""
        changed = self._modify(key, lambda invoice: function(sound(key, invoice)))
        return next(
            each for each in changed.payments if (each.id == id if voids is None else each.voids == voids)
        )


def _now() -> datetime:
    return datetime.now().astimezone()
