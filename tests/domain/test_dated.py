"""Reports by business date: they equal the reports on books that have only what is dated on those days."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables
from holdall.domain.sound import Sound
from holdall.errors import Corrupt
from tests.domain.made import days, invoice, paid_books
from tests.domain.test_viewed import reports
from tests.examples import share

KINDS = ["dict", "typed", "untyped", "sound"]
JANUARY, APRIL = date(2026, 1, 31), date(2026, 4, 30)


def kept(books, kind):
    if kind == "dict":
        return dict(books)
    store = Json(Memory()) if kind == "untyped" else Json(Memory(), Invoice)
    store.update(msgspec.json.decode(msgspec.json.encode(books)) if kind == "untyped" else books)
    return Sound(store) if kind == "sound" else store


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=share(3))
@given(books=paid_books(), day=days)
def test_balances_at_a_day_ignore_what_is_dated_later(kind, books, day):
    books = {key: each for key, each in books.items() if each.issued <= day or not each.payments}
    then = {
        key: replace(each, payments=tuple(paid for paid in each.payments if paid.on <= day))
        for key, each in books.items()
        if each.issued <= day
    }
    assert reports(Receivables(kept(books, kind), until=day)) == reports(Receivables(then))


@given(books=paid_books(), first=days, last=days)
def test_flows_of_periods_add_up(books, first, last):
    first, last = sorted([first, last])
    periods = [(None, date.fromordinal(first.toordinal() - 1)), (first, last)]
    periods.append((date.fromordinal(last.toordinal() + 1), None))
    for name in ("billed", "paid", "received", "adjusted", "written_off"):
        sums = {}
        for since, until in periods:
            for row in getattr(Receivables(books, since=since, until=until), name)().records():
                amount = Decimal(row.pop("amount"))
                group = tuple(row.values())
                sums[group] = sums.get(group, Decimal(0)) + amount
        whole = {
            tuple(row.values())[:2]: Decimal(row["amount"])
            for row in getattr(Receivables(books), name)().records()
        }
        assert {group: sum for group, sum in sums.items() if sum} == {g: s for g, s in whole.items() if s}


@pytest.fixture
def books():
    books = Books({})
    books.add(invoice("1"))
    books.add(invoice("2", issued=date(2026, 4, 1), due=date(2026, 4, 15)))
    books.pay("1", Decimal(30), date(2026, 1, 20))
    books.pay("1", Decimal(70), date(2026, 2, 3))
    return books


def test_an_invoice_of_april_is_not_in_the_aging_of_january(books):
    (row,) = Receivables(books.store, until=JANUARY).aging(JANUARY)
    assert (row.total, row.buckets[0]) == (70, 70)
    (row,) = Receivables(books.store, until=APRIL).aging(APRIL)
    assert row.total == 100


def test_what_is_recorded_later_does_not_change_an_earlier_day(books):
    before = reports(Receivables(books.store, until=JANUARY))
    books.add(invoice("3", issued=date(2026, 2, 1)))
    books.write_off("2", date(2026, 5, 1), "6930", "insolvent")
    assert reports(Receivables(books.store, until=JANUARY)) == before


def test_money_that_came_before_the_invoice_is_a_credit_until_then(books):
    books.pay("2", Decimal(10), date(2026, 1, 25))
    asked = Receivables(books.store, until=JANUARY)
    assert [row.total for row in asked.aging(JANUARY)] == [60]
    assert [str(row.amount) for row in asked.received()] == ["40"]
    assert [(row.kind, row.number) for row in asked.statement("C")] == [
        ("invoice", "1"), ("payment", "1"), ("payment", "2")
    ]  # fmt: skip


def test_damage_is_found_whatever_the_days():
    store = Json(Memory())
    store["invoices/S/7"] = {"note": "not an invoice"}
    with pytest.raises(Corrupt, match="invoices/S/7"):
        Receivables(store, until=JANUARY).outstanding()


@given(books=paid_books(), day=st.just(date.max))
def test_at_the_end_of_time_nothing_is_left_out(books, day):
    assert reports(Receivables(books, until=day)) == reports(Receivables(books))
