"""Cash: only a receipt is new cash, and money that is stated on two invoices counts once."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdall import Json, Memory
from holdall.domain import Books, Receivables, ViewedReceivables
from holdall.domain.codes import codes_of
from holdall.domain.doubts import doubts
from holdall.domain.model import Allocation, Invoice, Payment
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.made import invoice, line
from tests.domain.test_viewed import reports
from tests.domain.ubl_documents import PAYABLE, TYPE, credit_note, edited

DAY = date(2026, 2, 1)


def settled(kind, amount="10.00", code="4400"):
    return Payment(kind, DAY, Decimal(amount), (Allocation(code, Decimal(amount)),), kind=kind)


KINDS = ["credit", "write-off", "exchange", "transfer"]


@pytest.fixture
def books():
    books = Books(Json(Memory(), Invoice))
    entries = [settled("receipt", "5.00"), *map(settled, KINDS)]
    books.add(invoice(payments=tuple(entries)))
    return books


def amounts(report):
    return [str(row.amount) for row in report]


def test_only_a_receipt_is_new_cash_and_a_transfer_pays_with_cash(books):
    asked = Receivables(books.store)
    assert amounts(asked.received()) == ["5.00"]
    assert amounts(asked.paid()) == ["15.00"]
    assert amounts(asked.adjusted()) == ["30.00"]
    first, _ = asked.by_code().records()
    assert first == {
        "currency": "EUR",
        "code": "4400",
        "billed": "60.00",
        "paid": "15.00",
        "adjusted": "30.00",
        "owed": "15.00",
    }
    assert [row.kind for row in asked.statement("C")] == ["invoice", "payment", *KINDS]
    assert [row.total for row in asked.aging(DAY)] == [Decimal("55.00")]


def test_views_count_the_same_cash(books):
    assert reports(ViewedReceivables(books.store)) == reports(Receivables(books.store))


def test_an_invoice_tells_cash_from_the_rest(books):
    kept = books.find("7")
    assert kept.paid() == {"4400": Decimal("15.00")}
    assert kept.settled() == {"4400": Decimal("45.00")}


def test_another_kind_is_refused(books):
    with pytest.raises(Invalid, match="write one of receipt, prepayment, credit, write-off"):
        books.add(invoice("8", payments=(settled("gift"),)))


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        (date(2026, 1, 1), ""),
        (date(2026, 3, 4), ""),
        (date(2025, 12, 31), "2025-12-31 is before 2026-01-01, when invoice '7' was issued"),
        (date(2026, 3, 5), "2026-03-05 is 32 days after today"),
    ],
)
def test_a_day_that_is_probably_a_mistake(on, reason):
    assert "".join(doubts(invoice(), on, today=DAY)) == reason


REFERENCE = (
    "<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>D-1</cbc:ID>"
    "</cac:InvoiceDocumentReference></cac:BillingReference><cac:AccountingSupplierParty>"
)


def final(prepaid="59.50", payable="59.50", *, number="R-7"):
    """A final invoice of 119.00, which refers to the invoice D-1."""
    stated = f'<cbc:PrepaidAmount currencyID="EUR">{prepaid}</cbc:PrepaidAmount>'
    total = PAYABLE.replace("119.00", payable)
    return read(
        edited(
            ("<cac:AccountingSupplierParty>", REFERENCE),
            (PAYABLE, stated + total),
            (">R-7<", f">{number}<"),
        )
    )


def down_payment(kind):
    """The invoice D-1 of 59.50."""
    changes = [(">R-7<", ">D-1<"), (TYPE, f"InvoiceTypeCode>{kind}"), (">119.00<", ">59.50<")]
    changes += [(">100.00<", ">50.00<"), (">19.00<", ">9.50<")]
    return read(edited(*changes))


@pytest.mark.parametrize("kind", ["386", "380"])
@pytest.mark.parametrize("final_first", [False, True])
def test_a_down_payment_counts_once(kind, final_first):
    books = Books({})
    documents = [down_payment(kind), final()]
    for each in reversed(documents) if final_first else documents:
        books.add(each)
    for each in documents:
        books.pay(each.number, Decimal("59.50"), DAY)
    asked = Receivables(books.store)
    assert amounts(asked.received()) == ["119.00"]
    assert amounts(asked.billed()) == amounts(asked.paid()) == ["19.00", "100.00"]
    assert not asked.outstanding()


def test_the_down_payment_that_is_not_paid_yet_is_owed_once():
    books = Books({})
    assert [books.add(down_payment("386")), books.add(final())] == [True] * 2
    assert amounts(Receivables(books.store).outstanding()) == ["19.00", "100.00"]


def test_its_total_stays_that_of_the_document():
    made = final("30.00", "89.00")
    (entry,) = made.payments
    assert (made.total, entry.amount, entry.kind) == (Decimal("119.00"), Decimal("30.00"), "prepayment")
    assert sum(made.owed().values()) == Decimal("89.00")


def test_books_that_have_it_as_a_receipt_are_not_refused():
    made = final()
    (entry,) = made.payments
    books = Books({})
    assert books.add(replace(made, payments=(replace(entry, kind="receipt"),)))
    assert not books.add(made)


def test_a_mapping_moves_it_to_the_new_codes():
    codes = {"default": "8400", "rules": [{"kind": "tax", "code": "1776"}]}
    assert codes_of(codes).file(final()).owed() == {"8400": Decimal("50.00"), "1776": Decimal("9.50")}


def test_a_credit_note_that_was_paid_back_refers_to_its_invoice_too():
    stated = '<cbc:PrepaidAmount currencyID="EUR">119.00</cbc:PrepaidAmount>'
    reference = ("<cac:AccountingSupplierParty>", REFERENCE)
    note = read(credit_note(reference, (PAYABLE, stated + PAYABLE.replace("119.00", "0.00"))))
    assert [(each.kind, each.amount) for each in note.payments] == [("receipt", Decimal("-119.00"))]


@given(
    owed=st.lists(st.integers(-5000, 10000).filter(bool), min_size=1, max_size=5).filter(
        lambda all: sum(all) > 0
    ),
    shares=st.lists(st.integers(1, 100), max_size=4),
)
def test_with_negative_lines_no_payment_is_beyond_what_a_code_owes(owed, shares):
    lines = [line(str(n), **{f"c{n}": f"{cents / 100:.2f}"}) for n, cents in enumerate(owed)]
    books = Books({})
    books.add(invoice("7", *lines))
    for share in shares:
        before = books.find("7").owed()
        left = sum(before.values())
        if part := (left * share / 100).quantize(Decimal("0.01")):
            books.pay("7", part, DAY)
        after = books.find("7").owed()
        assert all(min(0, before[code]) <= after[code] <= max(0, before[code]) for code in before)
