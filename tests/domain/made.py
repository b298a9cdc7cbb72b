"""Invoices to test with: one by hand, any by hypothesis."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from holdall.domain.books import Books
from holdall.domain.model import Invoice, LineItem, Party, Split
from holdall.domain.money import major, minor

SELLER = Party("S", "Seller GmbH")
CURRENCIES = ("EUR", "JPY", "BHD")


def line(id: str, **codes: str) -> LineItem:
    """A line of one piece, split over codes named c4400 and so on."""
    splits = tuple(Split(code.removeprefix("c"), Decimal(text)) for code, text in codes.items())
    amount = sum((split.amount for split in splits), Decimal(0))
    return LineItem(id, "Things", Decimal(1), amount, amount, splits)


def invoice(number: str = "7", *lines: LineItem, **changes: Any) -> Invoice:
    """An invoice of the given lines, or of 100.00 on 4400 (60) and 4410 (40)."""
    lines = lines or (line("1", c4400="60.00", c4410="40.00"),)
    fields: dict[str, Any] = {
        "kind": "invoice",
        "seller": SELLER,
        "customer": Party("C", "Customer"),
        "issued": date(2026, 1, 1),
        "due": date(2026, 1, 31),
        "currency": "EUR",
        "total": sum((each.amount for each in lines), Decimal(0)),
    }
    return Invoice(number=number, lines=lines, **(fields | changes))


codes = st.sampled_from(["4400", "4410", "VAT", "uncoded", "rounding"])
days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
units = st.integers(0, 10**7)


@st.composite
def splits(draw: st.DrawFn, currency: str, sign: int) -> tuple[Split, ...]:
    parts = draw(st.dictionaries(codes, units, min_size=1, max_size=3))
    return tuple(Split(code, major(sign * amount, currency)) for code, amount in parts.items())


@st.composite
def invoices(draw: st.DrawFn, number: str | None = None) -> Invoice:
    """Invoices of positive and credit notes of negative lines, in currencies of 0, 2 and 3 decimals."""
    currency = draw(st.sampled_from(CURRENCIES))
    kind = draw(st.sampled_from(["invoice", "invoice", "credit-note"]))
    sign = -1 if kind == "credit-note" else 1
    parts = draw(st.lists(splits(currency, sign), min_size=1, max_size=3))
    lines = []
    for index, each in enumerate(parts):
        amount = sum((split.amount for split in each), Decimal(0))
        lines.append(LineItem(str(index), "Things", Decimal(1), amount, amount, each))
    issued = draw(days)
    due = draw(st.none() | st.integers(0, 90).map(lambda late: issued + timedelta(late)))
    customer = draw(st.sampled_from(["C", "D"]))
    return invoice(
        number or draw(st.text("0123456789-", min_size=1, max_size=6)),
        *lines,
        kind=kind,
        currency=currency,
        customer=Party(customer, f"Customer {customer}"),
        issued=issued,
        due=due,
    )


@st.composite
def books(draw: st.DrawFn) -> list[Invoice]:
    """Some invoices, numbered from 0."""
    count = draw(st.integers(0, 6))
    return [draw(invoices(str(number))) for number in range(count)]


@st.composite
def debts(draw: st.DrawFn) -> list[int]:
    """What is owed per code in minor units: mostly one way, some the other, never 0 in all."""
    some = st.lists(st.integers(-(10**6), 10**9), min_size=1, max_size=6)
    return draw(some.filter(lambda owed: sum(owed) != 0))


@st.composite
def paid_books(draw: st.DrawFn) -> dict[str, Invoice]:
    """Some invoices in a dict of books, with payments in part, in full, or over what is owed."""
    store: dict[str, Invoice] = {}
    kept = Books(store)
    for each in draw(books()):
        kept.add(each)
        for share in draw(st.lists(st.integers(0, 100), max_size=2)):
            owed = sum(kept.find(each.number).owed().values(), Decimal(0))
            amount = major(minor(owed, each.currency) * share // 100, each.currency)
            over = owed > 0 and draw(st.booleans())
            if amount or over:
                kept.pay(each.number, amount + over, draw(days), overpaid=over)
    return store
