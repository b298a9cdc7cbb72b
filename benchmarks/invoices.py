"""Generated invoices to measure with, of about a kilobyte of JSON each. They are the same on every run."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from msgspec.structs import replace

from holdall.domain.model import TAX, Allocation, Invoice, LineItem, Party, Payment, Split

CODES = ("4400", "4410", "4420", "4430", "4440", "4450", "4460", "4470")
SELLER = Party("DE811569869", "Seiler & Co. Büroausstattung GmbH")
GOODS = (
    "Standing desk",
    "Desk lamp",
    "Monitor arm",
    "Acoustic panel",
    "Filing cabinet",
    "Whiteboard",
)
FIRST = date(2026, 1, 1)


def invoices(count: int, seed: int = 7) -> Iterator[tuple[str, Invoice]]:
    """Yield ``count`` invoices with their numbers, ordered by number. All pass the domain's schema."""
    random = Random(seed)
    for index in range(count):
        number = f"2026-{index:06}"
        yield number, _invoice(random, number)


def cent(place: int) -> Payment:
    """A payment of one cent, for an invoice that has ``place`` payments."""
    amount = Decimal("0.01")
    return Payment(f"bank-{place}", FIRST, amount, (Allocation(CODES[0], amount),), "standing order")


def paid(invoice: Invoice) -> Invoice:
    """``invoice`` with one more payment."""
    return replace(invoice, payments=(*invoice.payments, cent(len(invoice.payments))))


def _invoice(random: Random, number: str) -> Invoice:
    issued = FIRST + timedelta(random.randrange(300))
    customer = random.randrange(500)
    items = [_item(random, str(place)) for place in range(random.choice((2, 2, 3)))]
    net = sum((item.amount for item in items), Decimal(0))
    tax = (net * 19 / 100).quantize(Decimal("0.01"))
    vat = LineItem("VAT", "VAT 19%", Decimal(1), tax, tax, (Split(TAX, tax),), kind="tax")
    return Invoice(
        number=number,
        kind="invoice",
        seller=SELLER,
        customer=Party(f"C-{customer:05}", f"Customer {customer} Handelsgesellschaft mbH"),
        issued=issued,
        due=issued + timedelta(30),
        currency="EUR",
        total=net + tax,
        lines=(*items, vat),
        payments=(_payment(random, items[0], issued),),
    )


def _item(random: Random, id: str) -> LineItem:
    quantity, price = random.randint(1, 9), Decimal(random.randint(1000, 99999)) / 100
    amount = quantity * price
    part = (amount / 2).quantize(Decimal("0.01"))
    one, other = random.sample(CODES, 2)
    splits = (Split(one, part), Split(other, amount - part))
    return LineItem(id, random.choice(GOODS), Decimal(quantity), price, amount, splits)


def _payment(random: Random, item: LineItem, issued: date) -> Payment:
    first = item.splits[0]
    on = issued + timedelta(random.randint(1, 60))
    parts = (Allocation(first.code, first.amount),)
    return Payment("bank-0", on, first.amount, parts, reference=f"SEPA {random.randrange(10**9):09}")
