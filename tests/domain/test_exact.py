"""Amounts are exact whatever the decimal context of the caller: a narrow one changes nothing."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_UP, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import given

from holdall.domain.allocation import in_proportion, oldest_due_first, oldest_first
from holdall.domain.books import Books
from holdall.domain.model import Invoice
from holdall.domain.receivables import Receivables
from holdall.domain.ubl import read
from holdall.errors import Invalid
from tests.domain.made import invoice, line, paid_books
from tests.domain.ubl_documents import PAYABLE, credit_note, edited

DAY = date(2026, 2, 1)
PRICE = '<cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount>'
BILLED = invoice("7", line("1", c4400="12345.67", c4410="0.01"), line("2", cVAT="-2345.60"))


def same(call: Callable[[], Any]) -> Any:
    """What ``call`` returns, which is the same where no amount of four digits comes through a sum."""
    wide = call()
    with localcontext(prec=3, rounding=ROUND_UP) as narrow:
        narrow.traps[Inexact] = True
        assert call() == wide
    return wide


@pytest.mark.parametrize("policy", [in_proportion, oldest_first])
@pytest.mark.parametrize("amount", ["5000.04", "-5000.04", "10000.08", "0.01"])
def test_a_payment_is_recorded_to_the_cent(policy: Any, amount: str) -> None:
    def recorded() -> Invoice:
        books = Books({})
        books.add(BILLED)
        books.pay("7", Decimal("10000.08"), DAY, id="all")
        to = policy if amount[0] != "-" else {"4400": Decimal(amount)}
        books.pay("7", Decimal(amount), DAY, to, id="bank-17", overpaid=True)
        return books.find("7")

    assert sum(same(recorded).owed().values()) == -Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (
            "12345.68",
            "12345.68 is beyond the 12345.67 owed on '4400'; pay no more than that, or mark the payment as overpaid",
        ),
        ("-1000.01", "-1000.01 takes back more than the 0.00 paid on '4400'"),
    ],
)
def test_what_is_refused_is_named_to_the_cent(amount: str, reason: str) -> None:
    def refusal() -> str:
        books = Books({"invoices/S/7": BILLED})
        with pytest.raises(Invalid) as caught:
            books.pay("7", Decimal(amount), DAY, {"4400": Decimal(amount)})
        return str(caught.value)

    assert reason in same(refusal)


def test_invoices_are_paid_in_turn_to_the_cent() -> None:
    later = invoice("8", line("1", c4400="99999.99"))
    parts = same(lambda: oldest_due_first(Decimal("10123.45"), "EUR", [BILLED, later]))
    assert [part for _, part in parts] == [Decimal("10000.08"), Decimal("123.37")]


@given(paid_books())
def test_every_report_is_to_the_cent(books: dict[str, Invoice]) -> None:
    receivables = Receivables(books)
    same(lambda: list(receivables.billed()))
    same(lambda: list(receivables.paid()))
    same(lambda: list(receivables.outstanding()))
    same(lambda: list(receivables.received()))
    same(lambda: list(receivables.aging(DAY)))
    same(lambda: list(receivables.statement("C")))


@pytest.mark.parametrize("document", [edited, credit_note])
def test_a_document_is_read_to_the_cent(document: Callable[..., bytes]) -> None:
    allowance = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="EUR">23456.78</cbc:Amount></cac:AllowanceCharge>'
    )
    made = same(
        lambda: read(
            document(
                ("100.00</cbc:Line", "123456.78</cbc:Line"),
                ("19.00</cbc:Tax", "19000.01</cbc:Tax"),
                ("<cac:TaxTotal>", allowance + "<cac:TaxTotal>"),
                (PAYABLE, '<cbc:PrepaidAmount currencyID="EUR">9000.02</cbc:PrepaidAmount>' + PAYABLE),
                ("119.00</cbc:Payable", "109999.99</cbc:Payable"),
                (PRICE, PRICE + "<cbc:BaseQuantity>7</cbc:BaseQuantity>"),
            )
        )
    )
    assert abs(made.total) == Decimal("119000.01")
    assert made.lines[0].unit_price == Decimal("3.571428571429")
