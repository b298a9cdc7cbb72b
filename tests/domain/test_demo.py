"""The demo's invoices and payments are sound, and show what a demo should."""

import tomllib
from collections import Counter
from datetime import date
from decimal import Decimal
from importlib.resources import files as resources

import pytest

from holdall.domain.allocation import in_proportion, oldest_first
from holdall.domain.books import Books
from holdall.domain.model import UNAPPLIED, UNCODED
from holdall.domain.ubl import read
from tools.demo.documents import documents
from tools.demo.ubl import files

DEMO = resources("holdall") / "demo"
POLICIES = {"in-proportion": in_proportion, "oldest-first": oldest_first}


def invoices():
    entries = sorted((DEMO / "invoices").iterdir(), key=lambda entry: entry.name)
    return [read(entry.read_bytes()) for entry in entries if entry.name.endswith(".xml")]


def payments():
    return tomllib.loads((DEMO / "payments.toml").read_text("utf-8"))


def pay(books, payment):
    arguments = dict(payment)
    named = {code: Decimal(amount) for code, amount in arguments.pop("to", {}).items()}
    policy = POLICIES[arguments.pop("policy", "in-proportion")]
    amount = Decimal(arguments.pop("amount"))
    return books.pay(arguments.pop("number"), amount, to=named or policy, **arguments)


@pytest.fixture(scope="module")
def books():
    books = Books({})
    for invoice in invoices():
        assert books.add(invoice)
    for payment in payments()["payments"]:
        pay(books, payment)
    return books


def test_the_invoices_are_what_their_description_makes():
    committed = {entry.name: entry.read_bytes() for entry in (DEMO / "invoices").iterdir()}
    assert committed == files(documents())


def test_a_demo_has_some_of_everything():
    found = invoices()
    assert len(found) == 30
    assert Counter(invoice.kind for invoice in found) == {"invoice": 27, "credit-note": 3}
    assert {invoice.currency for invoice in found} == {"CHF", "EUR", "GBP", "JPY", "NOK"}
    assert len({invoice.seller.id for invoice in found}) == 2
    assert len({invoice.customer.id for invoice in found}) == 5
    lines = [line for invoice in found for line in invoice.lines]
    assert {line.kind for line in lines} == {"item", "allowance", "charge", "tax", "rounding"}
    assert any(len(line.splits) == 3 for line in lines)
    assert any(split.code == UNCODED for line in lines for split in line.splits)
    assert any(invoice.payments for invoice in found)


def test_credit_notes_refer_to_an_invoice_of_the_demo():
    found = invoices()
    numbers = {invoice.number for invoice in found if invoice.kind == "invoice"}
    references = [invoice.references for invoice in found if invoice.kind == "credit-note"]
    assert all(len(each) == 1 and numbers.issuperset(each) for each in references)


def test_payments_are_in_the_order_of_their_days_and_before_the_day_of_the_demo():
    source = payments()
    days = [payment["on"] for payment in source["payments"]]
    assert days == sorted(days)
    assert max(days) <= source["as_of"] == date(2026, 9, 30)


def test_recording_the_payments_again_changes_nothing(books):
    before = list(books)
    for payment in payments()["payments"]:
        pay(books, payment)
    assert list(books) == before


def test_a_demo_leaves_debts_of_every_age_and_some_settled(books):
    as_of = payments()["as_of"]
    open_, settled = Counter(), 0
    for invoice in books:
        owed = sum(invoice.owed().values())
        if invoice.kind == "invoice" and owed > 0:
            open_[min(max((as_of - invoice.due).days + 29, 0) // 30, 4)] += 1
        settled += not owed
    assert set(open_) == {0, 1, 2, 3, 4}
    assert settled >= 5


def test_one_customer_has_paid_too_much(books):
    over = [invoice.owed()[UNAPPLIED] for invoice in books if UNAPPLIED in invoice.owed()]
    assert over == [Decimal("-15.00")]
