"""Amounts in the store that can be none: every answer they would spoil names the invoice instead."""

from datetime import date
from decimal import Decimal

import pytest

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables
from holdall.errors import Corrupt, QueryFailed
from tests.domain.made import invoice

KEY = "invoices/S/7"
DAMAGED = ["sNaN", "NaN", "-Infinity", "1E+999999", "1E+40", "1E-999999", "9" * 5000]
TOTAL, SPLIT, PAID, ALLOCATED = (
    '"total":"100.00"',
    '"code":"4400","amount":"60.00"',
    '"on":"2026-02-01","amount":"10"',
    '"code":"4400","amount":"6.00"',
)
REPORTS = {
    "billed": lambda asked: asked.billed(),
    "paid": lambda asked: asked.paid(),
    "outstanding": lambda asked: asked.outstanding(),
    "received": lambda asked: asked.received(),
    "aging": lambda asked: asked.aging(date(2026, 9, 30)),
    "statement": lambda asked: asked.statement("C"),
}
SPOILED = [
    ("aging", TOTAL),
    ("statement", TOTAL),
    ("billed", SPLIT),
    ("outstanding", SPLIT),
    ("aging", PAID),
    ("received", PAID),
    ("statement", PAID),
    ("paid", ALLOCATED),
    ("outstanding", ALLOCATED),
]
# A payment too small to write, taken from a total, leaves the total: that answer is not spoiled.
CASES = [(*spoiled, amount) for spoiled in SPOILED for amount in DAMAGED]
CASES = [case for case in CASES if (case[0], case[2]) != ("aging", "1E-999999")]


@pytest.fixture
def raw() -> Memory:
    """Two invoices, a payment on the one at KEY."""
    store = Memory()
    books = Books(Json(store, type=Invoice))
    books.add(invoice("6"))
    books.add(invoice("7"))
    books.pay("7", Decimal(10), on=date(2026, 2, 1))
    return store


def damage(raw: Memory, field: str, amount: str) -> Json[Invoice]:
    whole = raw[KEY].decode()
    assert whole.count(field) == 1
    name, _, _ = field.rpartition(":")
    raw[KEY] = whole.replace(field, f'{name}:"{amount}"').encode()
    return Json(raw, type=Invoice)


@pytest.mark.parametrize(("report", "field", "amount"), CASES)
def test_a_report_that_a_damaged_amount_would_spoil_names_the_invoice(raw, report, field, amount):
    store = damage(raw, field, amount)
    with pytest.raises(Corrupt, match=KEY) as caught:
        REPORTS[report](Receivables(store))
    assert caught.value.key == KEY


@pytest.mark.parametrize("amount", DAMAGED)
@pytest.mark.parametrize("field", [TOTAL, SPLIT, PAID, ALLOCATED])
def test_books_with_a_damaged_amount_name_the_invoice_and_keep_the_others(raw, field, amount):
    books = Books(damage(raw, field, amount))
    before = raw[KEY]
    for read in (
        lambda: books.find("7"),
        lambda: list(books),
        lambda: books.add(invoice("7")),
        lambda: books.pay("7", Decimal(1), on=date(2026, 3, 1)),
        lambda: books.pay("7", Decimal(1), on=date(2026, 3, 1), id="bank-1"),
    ):
        with pytest.raises(Corrupt, match=KEY) as caught:
            read()
        assert caught.value.key == KEY
        assert len(str(caught.value)) < 200
    assert raw[KEY] == before
    assert books.find("6") == invoice("6")


def test_sums_beyond_what_an_amount_can_be_are_no_damage():
    most = Decimal("999999999999999.99")
    line = invoice().lines[0]
    split = line.splits[0]
    rich = type(line)("1", "Things", Decimal(1), most, most, (type(split)("4400", most),))
    books = Books(Json(Memory(), type=Invoice))
    books.add(invoice("6", rich))
    books.add(invoice("7", rich))
    assert Receivables(books.store).billed()[0].amount == 2 * most


def test_decimals_that_its_currency_has_not_are_no_damage_and_not_lost(raw):
    store = damage(raw, SPLIT, "60.001")
    assert Receivables(store).billed().records()[0]["amount"] == "120.001"
    assert Books(store).find("7").billed()["4400"] == Decimal("60.001")


def test_a_report_that_fails_for_another_reason_says_that_one():
    store = {KEY: invoice(), "invoices/S/8": "no invoice"}
    with pytest.raises(QueryFailed, match="no attribute"):
        Receivables(store).billed()
