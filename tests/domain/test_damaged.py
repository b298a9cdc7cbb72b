"""Amounts in the store that can be none: every answer they would spoil names the invoice instead."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from holdall import Json, Memory, PassThrough
from holdall.domain import Books, Invoice, Receivables
from holdall.domain.sound import Sound, names
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
    def refusing(count):
        raise QueryFailed("no progress")

    with pytest.raises(QueryFailed, match="no progress"):
        Receivables({KEY: invoice()}, progress=refusing).billed()


def test_a_value_of_a_dict_that_is_not_an_invoice_is_named():
    store = {KEY: invoice(), "invoices/S/8": "no invoice", "letters/1": "no invoice"}
    with pytest.raises(Corrupt, match=r"^the value of 'invoices/S/8' is not an Invoice: 'no invoice'$"):
        Receivables(store).billed()


STRAY = ['{"note": "a letter"}', "not JSON", "[]", '{"number": "7"}', ""]


@pytest.fixture
def stray(raw: Memory) -> Memory:
    """The two invoices, documents of other shapes before, between and after them, and a damaged amount."""
    for number, text in zip(("0", "61", "62", "8", "9"), STRAY, strict=True):
        raw[f"invoices/S/{number}"] = text.encode()
    raw["invoices/S/5"] = raw["invoices/S/6"].replace(b'"60.00"', b'"NaN"', 1)
    raw["letters/1"] = b"a letter"
    return raw


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("type", [Invoice, Any])
def test_a_report_names_every_document_that_is_not_an_invoice(stray, report, type):
    with pytest.raises(Corrupt) as caught:
        REPORTS[report](Receivables(Json(stray, type)))
    message = str(caught.value)
    assert message.startswith(
        "6 documents are not invoices: 'invoices/S/0', 'invoices/S/5', 'invoices/S/61', "
    )
    assert "letters" not in message
    assert caught.value.key == "invoices/S/0"


def test_of_many_documents_that_are_not_invoices_ten_are_named():
    store = Json(Memory())
    store.update({f"invoices/S/{number:02}": {} for number in range(12)})
    with pytest.raises(
        Corrupt, match=r"12 documents are not invoices: .*'invoices/S/09' and 2 more\. The first: "
    ):
        Receivables(store).billed()


@pytest.mark.parametrize(
    ("count", "end"), [(1, "'0'"), (10, "'9'"), (11, "'9' and 1 more"), (2010, " and 2,000 more")]
)
def test_ten_names_are_shown(count, end):
    shown = names([str(number) for number in range(count)])
    assert shown.endswith(end)
    assert shown.count("'") == 2 * min(count, 10)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("type", [Invoice, Any])
def test_sound_leaves_out_what_is_not_an_invoice_and_every_report_answers(raw, stray, report, type):
    store = Sound(Json(stray, type))
    answer = REPORTS[report](Receivables(store)).records()
    for key in store.left_out:
        del stray[key]
    assert answer == REPORTS[report](Receivables(Json(stray))).records() != []
    assert len(store.left_out) == 6


def test_sound_shows_the_invoices_of_a_range(stray):
    store = Sound(Json(stray))
    assert [key for key, _ in store.scan_items("invoices/", start="invoices/S/61", stop="invoices/S/8")] == [
        KEY
    ]
    assert sorted(store.left_out) == ["invoices/S/61", "invoices/S/62"]


def test_sound_reads_again_what_was_mended_and_passes_over_what_was_deleted_in_the_meantime():
    class Changing(PassThrough[Invoice]):
        """Fails at the first document, which another writer then mends, and deletes the second."""

        def scan_items(self, prefix="", *, start="", stop=None):
            if start < "b":
                raise Corrupt("torn")
            return self._inner.scan_items(prefix, start=start, stop=stop)

        def scan(self, prefix="", *, start="", stop=None):
            return iter([key for key in ("a", "aa", "c") if key >= start])

        def typed(self, type):
            return self

    below = Json(Memory(), type=Invoice)
    below["a"], below["c"] = invoice("1"), invoice("3")
    store = Sound(Changing(below))
    assert [key for key, _ in store.scan_items()] == ["a", "c"]
    assert store.left_out == {}


def test_damage_that_is_of_no_document_is_not_left_out():
    class Torn(PassThrough[Invoice]):
        def scan_items(self, prefix="", *, start="", stop=None):
            raise Corrupt("the listing is torn")

        def typed(self, type):
            return self

    with pytest.raises(Corrupt, match="the listing is torn"):
        list(Sound(Torn(Json(Memory(), type=Invoice))).scan_items())
