"""The open items of books: each invoice with the amount that is still owed, and an index of all by their names."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from holdall.domain.bank.names import NameIndex
from holdall.domain.bank.references import compact, forms
from holdall.domain.bank.words import Names
from holdall.domain.books import Books
from holdall.domain.keys import series_of
from holdall.domain.model import Invoice, Party
from holdall.domain.money import EXACT, sum_amounts
from holdall.domain.settlement import received, unapplied


class Recorded(NamedTuple):
    """The day, the amount and the currency of a payment in the books."""

    on: date
    amount: Decimal
    currency: str


@dataclass
class OpenItem:
    """An invoice or a credit note, and ``owed``, which becomes less as entries are matched with it."""

    number: str
    seller: str
    series: str
    customer: Party
    currency: str
    issued: date
    due: date | None
    owed: Decimal
    reference: str

    @property
    def parties(self) -> tuple[str, str]:
        """The ids of the seller and the customer."""
        return self.seller, self.customer.id


def item_of(invoice: Invoice) -> OpenItem:
    """Return the open item of ``invoice``."""
    return OpenItem(
        invoice.number,
        invoice.seller.id,
        series_of(invoice),
        invoice.customer,
        invoice.currency,
        invoice.issued,
        invoice.due,
        sum_amounts(invoice.owed().values()),
        invoice.payment_reference,
    )


@dataclass
class OpenItems:
    """All items, found by their payment reference, their number, or their customer and amount.

    ``customers`` has the seller and the customer of each item by the name of the customer, and ``parties`` the customer
    by both ids. ``payments`` has the payments that the books have already, by their ids. Of the payment documents,
    ``standing`` has the ids of those that are not void, and ``waiting`` the amount of those that are wholly unapplied.
    """

    by_reference: dict[str, list[OpenItem]] = field(default_factory=dict)
    by_number: dict[str, list[OpenItem]] = field(default_factory=dict)
    named: Names[OpenItem] = field(default_factory=Names)
    by_amount: dict[tuple[str, Decimal], list[OpenItem]] = field(default_factory=dict)
    customers: NameIndex[tuple[str, str]] = field(default_factory=NameIndex)
    parties: dict[tuple[str, str], Party] = field(default_factory=dict)
    payments: dict[str, Recorded] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    waiting: dict[str, Decimal] = field(default_factory=dict)

    @cached_property
    def batches(self) -> frozenset[str]:
        """The ids of entries of which the books may have the payments one by one."""
        return frozenset(each.rpartition("/")[0] for each in self.standing)

    def add(self, item: OpenItem) -> None:
        """Add ``item`` to the index."""
        self.by_number.setdefault(compact(item.number), []).append(item)
        self.named.add(item.number, item)
        if item.reference:
            for form in forms(item.reference):
                self.by_reference.setdefault(form, []).append(item)
            if compact(item.reference) != compact(item.number):
                self.named.add(item.reference, item)
        if item.owed > 0:
            self.by_amount.setdefault((item.currency, item.owed), []).append(item)
        self.parties.setdefault(item.parties, item.customer)
        self.customers.add(item.customer.name, item.parties)

    def add_payment(self, id: str, payment: Recorded) -> None:
        """Add a payment of the books. One that is recorded on several invoices is their sum."""
        known = self.payments.get(id)
        amount = EXACT.add(known.amount, payment.amount) if known else payment.amount
        self.payments[id] = payment._replace(amount=amount)

    def of_reference(self, reference: str) -> list[OpenItem]:
        """Return the items whose payment reference, or else whose number, is in ``reference``."""
        for index in (self.by_reference, self.by_number):
            for form in forms(reference):
                if form and (found := index.get(form)):
                    return found
        return []


def open_items(books: Books, seller: str | None = None) -> OpenItems:
    """Return the items of ``books``, or only those of one seller. All documents are read once.

    >>> open_items(Books({})).payments
    {}
    """
    items = OpenItems()
    for invoice in books.of(seller or ""):
        items.add(item_of(invoice))
        for each in invoice.payments:
            if not each.part_of:
                items.add_payment(each.id, Recorded(each.on, each.amount, invoice.currency))
    for payment in books.payment_documents():
        if amount := received(payment):  # one that was taken back, because it did not fit, received nothing
            items.add_payment(payment.number, Recorded(payment.issued, amount, payment.currency))
            if not any(each.voids == payment.number for each in payment.payments):
                items.standing.add(payment.number)
            if unapplied(payment) == amount:
                items.waiting[payment.number] = amount
    return items
