"""Invoices, their lines split over accounting codes, and the payments recorded against each code.

All amounts follow one sign rule: an amount is positive if the customer owes it. An invoice of 100 has the
total 100. A credit note of 100 has the total -100, and its lines and splits are negative too. A payment
received is positive, and a refund is negative. The balance of a customer is the sum of the totals less the
sum of the payments.

Every part of the total is a line, and its ``kind`` tells which: tax, allowances and charges on the whole
document, and the rounding of the payable amount, are lines too. So the amounts billed per code add up to the
total. A line of the kind ``withholding`` subtracts tax that the customer pays to the tax office, because the
customer never owes this tax to the seller.

Each entry in ``payments`` settles a part of the total, and its ``kind`` tells how. Only a ``receipt`` is cash: money
received, or paid back if it is negative. A ``transfer`` moves cash that was received before from one document to
another, and the two entries add up to zero. A ``prepayment`` is an amount that an earlier invoice billed already: the
customer owes and pays it there. The other kinds settle an amount without cash: a ``credit`` that is applied, a
``write-off``, and an ``exchange`` difference.

A document of the kind ``payment`` is money on account. It has no lines. Its receipt is the whole amount received, on
the code `UNAPPLIED`, and a transfer out of it is the amount that pays invoices. Its `Settlement` names these invoices.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from holdall.domain.money import EXACT, sum_by_name
from holdall.extras import needs

with needs("domain"):
    from msgspec import UNSET, Struct, UnsetType

if TYPE_CHECKING:
    from holdall.domain.settings import Settings

UNCODED = "uncoded"
"""The code of a line whose source names no accounting code."""

TAX = "VAT"
"""The code of tax, unless its source names another."""

ROUNDING = "rounding"
"""The code of the amount that rounding the payable amount (EN 16931 BT-114) adds or subtracts."""

UNAPPLIED = "unapplied"
"""The code of money that no invoice has taken: a credit of the customer, which is on no billed code."""

InvoiceKind = Literal["invoice", "credit-note", "payment"]
BILLING: Final = ("invoice", "credit-note")
"""The kinds of documents that bill an amount."""

SettlementState = Literal["open", "done", "taken-back"]
LineKind = Literal["item", "allowance", "charge", "tax", "withholding", "rounding"]
PaymentKind = Literal["receipt", "prepayment", "credit", "write-off", "exchange", "transfer"]
CASH: Final = ("receipt", "transfer")
"""The kinds of entries that pay a document with cash. Only a receipt is new cash."""


class Party(Struct, frozen=True, forbid_unknown_fields=True):
    """A seller or a customer. ``id`` identifies the party; ``name`` is for people to read.

    >>> Party("DE123456789", "Seiler GmbH").name
    'Seiler GmbH'
    """

    id: str
    name: str


class Split(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The part of a line's amount that belongs to one accounting code.

    >>> Split("4400", Decimal("70.00")).code
    '4400'
    """

    code: str
    amount: Decimal


class Item(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The facts by which a mapping files a line under accounting codes (see `holdall.domain.codes`).

    ``ids`` are the seller's, the buyer's and the standard id of the item (BT-155, BT-156, BT-157), and
    ``classifications`` its classes (BT-158). ``tax_category`` and ``tax_rate`` are BT-151 and BT-152.
    ``reference`` is the accounting code that the buyer asked for (BT-133, or BT-19 for the whole document).

    >>> Item(ids=("RENT-1",), tax_rate=Decimal(19)).classifications
    ()
    """

    ids: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    tax_category: str = ""
    tax_rate: Decimal | None = None
    reference: str = ""


class LineItem(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of an invoice. ``amount`` is net of the line's own allowances, and may be negative.

    ``amount`` may differ from ``quantity * unit_price``, because prices have base quantities (BT-149) and
    lines have allowances (BG-27). A line has at least one split, no two splits have the same code, and the
    splits sum to ``amount``. ``filed`` is True if nobody gave the codes: the reader or a mapping found them,
    by the facts in ``item``, and another mapping may change them.

    >>> splits = (Split("4400", Decimal(60)), Split("4410", Decimal(40)))
    >>> LineItem("1", "Rent", Decimal(2), Decimal(50), Decimal(100), splits).kind
    'item'
    """

    id: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    splits: tuple[Split, ...]
    kind: LineKind = "item"
    item: Item | None = None
    filed: bool = False


class Allocation(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The part of a payment that settles one accounting code.

    >>> Allocation("4400", Decimal("35.00")).amount
    Decimal('35.00')
    """

    code: str
    amount: Decimal


class Payment(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An entry that settles ``amount`` of an invoice on a day, in the currency of the invoice.

    Money received is positive, and money paid back is negative. If ``kind`` is not receipt, the entry is not cash.
    The allocations sum to ``amount``. ``id`` is unique within the invoice, so that recording the same payment
    twice records it once. ``overpaid`` is True if the payment is meant to be more than the amount owed.

    ``voids`` is the id of an earlier entry that this one takes back, with the opposite amounts. ``contra`` is the
    accounting code that bears a write-off or an exchange difference. ``part_of`` is the id of the payment document of
    whose `Settlement` this entry is a part.

    >>> allocations = (Allocation("4400", Decimal(35)),)
    >>> Payment("bank-17", date(2026, 3, 1), Decimal(35), allocations).overpaid
    False
    """

    id: str
    on: date
    amount: Decimal
    allocations: tuple[Allocation, ...]
    reference: str = ""
    note: str = ""
    overpaid: bool = False
    kind: PaymentKind = "receipt"
    voids: str = ""
    contra: str = ""
    part_of: str = ""

    @property
    def name(self) -> str:
        """The name of the entry for people: payment, refund, void, or else its kind."""
        return entry_name(self.kind, self.amount, self.voids)


def entry_name(kind: PaymentKind, amount: Decimal, voids: str) -> str:
    """Return the name of an entry for people.

    >>> entry_name("receipt", Decimal(-7), ""), entry_name("credit", Decimal(-7), "")
    ('refund', 'credit')
    """
    if voids:
        return "void"
    if kind == "receipt":
        return "refund" if amount < 0 else "payment"
    return kind


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """The entry that one document takes in a settlement. ``document`` is the key of the document.

    >>> Part("invoices/S/7", Payment("a", date(2026, 2, 1), Decimal(40), ())).document
    'invoices/S/7'
    """

    document: str
    entry: Payment


class Settlement(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The parts of a payment document that settle other documents, all or none of them.

    ``state`` is open while the documents take their parts, one after another. If one of them cannot take its part, the
    settlement is taken back for the given ``reason``, and no document has its part. ``attempt`` counts the settlements
    that were tried under this id.

    >>> Settlement(()).state
    'done'
    """

    parts: tuple[Part, ...]
    state: SettlementState = "done"
    attempt: int = 1
    reason: str = ""


class Invoice(Struct, frozen=True, forbid_unknown_fields=True):
    """An invoice, a credit note or a payment document, with the payments recorded so far, in the order of recording.

    ``number`` (BT-1) is unique within a seller. ``currency`` is the ISO 4217 code (BT-5) of every amount.
    ``due`` (BT-9) is None if the document names no due day. ``total`` includes tax and does not subtract
    payments; the lines sum to it. ``references`` are the numbers of the invoices of the same seller that this
    document corrects (BT-25). ``payment_reference`` is the text that the payer should write on the payment (BT-83).
    Only a payment document has a ``settlement``.

    >>> one, net, tax = Decimal(1), Decimal(100), Decimal(19)
    >>> rent = LineItem("1", "Rent", one, net, net, (Split("4400", net),))
    >>> vat = LineItem("2", "VAT 19%", one, tax, tax, (Split(TAX, tax),), kind="tax")
    >>> paid = Payment("a", date(2026, 2, 1), Decimal(40), (Allocation("4400", Decimal(40)),))
    >>> invoice = Invoice(
    ...     number="7", kind="invoice", seller=Party("S", "Seller"), customer=Party("C", "Customer"),
    ...     issued=date(2026, 1, 1), due=date(2026, 1, 31), currency="EUR", total=net + tax,
    ...     lines=(rent, vat), payments=(paid,),
    ... )
    >>> invoice.owed()
    {'4400': Decimal('60'), 'VAT': Decimal('19')}
    """

    types_by_prefix: ClassVar[Mapping[str, str]] = {
        "books/closed": "holdall.domain.closing.record:Closing",
        "books/settings": "holdall.domain.stored_settings:StoredSettings",
    }
    """The types of the other documents in the store of the books, by the prefixes of their keys."""

    number: str
    kind: InvoiceKind
    seller: Party
    customer: Party
    issued: date
    due: date | None
    currency: str
    total: Decimal
    lines: tuple[LineItem, ...]
    payments: tuple[Payment, ...] = ()
    references: tuple[str, ...] = ()
    payment_reference: str = ""
    settlement: Settlement | UnsetType = UNSET

    @classmethod
    def from_json(
        cls, data: bytes | str, settings: "Settings | None" = None, today: date | None = None
    ) -> "Invoice":
        """Return the invoice in a small JSON document. See `holdall.domain.create` for its fields and defaults.

        ``settings`` give the seller, the currency and the codes of lines that name none. ``today`` is the day
        of issue of a document that names none. Raises `holdall.errors.Invalid` with every error, by its path.

        >>> Invoice.from_json(
        ...     '{"number": "7", "seller": "Bo", "customer": "Ada", "currency": "EUR", "lines": [{"amount": 7.50}]}'
        ... ).total
        Decimal('7.50')
        """
        from holdall.domain.create import from_json  # late: it imports this module, and FormEncode

        return from_json(data, settings, today) if settings else from_json(data, today=today)

    def billed(self) -> dict[str, Decimal]:
        """Return the amounts billed by accounting code. The codes are in the order of the lines."""
        return sum_by_name((split.code, split.amount) for line in self.lines for split in line.splits)

    def paid(self) -> dict[str, Decimal]:
        """Return the cash by accounting code, less the cash paid back or moved to another document.

        The codes are in the order of the payments.
        """
        return _by_code(each for each in self.payments if each.kind in CASH)

    def settled(self) -> dict[str, Decimal]:
        """Return the amounts settled by accounting code, in cash or without. The order is that of the payments."""
        return _by_code(self.payments)

    def owed(self) -> dict[str, Decimal]:
        """Return the amounts billed less the amounts settled, by accounting code.

        A settled code is included with the amount zero.
        """
        owed = self.billed()
        for code, amount in self.settled().items():
            owed[code] = EXACT.subtract(owed.get(code, Decimal(0)), amount)
        return owed


def _by_code(payments: Iterable[Payment]) -> dict[str, Decimal]:
    return sum_by_name((part.code, part.amount) for each in payments for part in each.allocations)
