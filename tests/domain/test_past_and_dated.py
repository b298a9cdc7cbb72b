"""Every report at a business date, on the books as recorded at a time, against sums made by hand."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Json, Memory, Versions
from holdall.domain import Books, Invoice, Party, Payment, Receivables
from holdall.domain.money import major, minor
from holdall.errors import Invalid
from holdall.middleware.versions import stamp
from tests.domain.made import invoice, invoices

Sums = dict[tuple[Any, ...], Decimal]
START = datetime(2026, 1, 1, tzinfo=UTC)
near = st.dates(date(2026, 1, 30), date(2026, 2, 2))  # so close that many are the day that is asked about
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), invoices(), near),
        st.tuples(st.just("pay"), st.integers(1, 120), near),
        st.tuples(st.just("write off"), st.just(0), near),
        st.tuples(st.just("void"), st.just(0), near),
        st.tuples(st.just("receive"), st.integers(1, 9), near),
    ),
    min_size=3,
    max_size=8,
)


def record(store: Any, steps: Iterable[Any]) -> list[tuple[Invoice, Payment | None]]:
    """Do each step an hour after the one before, and return what it recorded: an invoice, or an entry on one."""
    books, done = Books(store), []
    for hour, (name, what, *on) in enumerate(steps):
        stamp.time.time_ns.return_value = int((START + timedelta(hours=hour)).timestamp()) * 10**9
        every = list(books)
        last = every[-1] if every else None
        made: tuple[Invoice, Payment | None] | None = None
        if name == "add":
            number = str(len(every))
            made = (invoice(number, *what.lines, **_facts(what), issued=on[0]), None)
            books.add(made[0])
        elif name == "receive":
            paid = books.receive(
                Decimal(what), *on, customer=Party("C", "Customer C"), seller="S", currency="EUR"
            )
            made = (paid, paid.payments[0])
        elif last and (entry := _enter(books, last, name, what, *on)):
            made = (last, entry)
        done.append(made)
    return done


def _facts(what: Invoice) -> dict[str, Any]:
    return {name: getattr(what, name) for name in ("kind", "currency", "customer", "due")}


def _enter(books: Books, last: Invoice, name: str, share: int, on: date) -> Payment | None:
    owed = sum(last.owed().values(), Decimal(0))
    if name == "pay" and (amount := major(minor(owed, last.currency) * share // 100, last.currency)):
        return books.pay(last.number, amount, on, overpaid=True)
    if name == "write off" and owed:
        return books.write_off(last.number, on, "6930", "insolvent")
    if name == "void" and last.payments and not last.payments[-1].voids:
        before = len(last.payments)
        entry = books.void(last.number, last.payments[-1].id, on, "wrong")
        return entry if len(books.find(last.number).payments) > before else None
    return None


def summed(pairs: Iterable[tuple[tuple[Any, ...], Decimal]]) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for group, amount in pairs:
        sums[group] += amount
    return {group: amount for group, amount in sums.items() if amount}


def by_hand(done: list[Any], since: date | None, until: date) -> dict[str, Sums]:
    """The sums of what is dated on these days, by plain Python."""

    def within(day: date) -> bool:
        return (since is None or since <= day) and day <= until

    bills = [each for each, entry in filter(None, done) if entry is None and within(each.issued)]
    entries = [(each, entry) for each, entry in filter(None, done) if entry and within(entry.on)]
    cash = [(each, entry) for each, entry in entries if entry.kind == "receipt"]
    billed = [((each.currency, code), amount) for each in bills for code, amount in each.billed().items()]
    shares = [
        ((each.currency, part.code), part.amount) for each, entry in entries for part in entry.allocations
    ]
    totals = [((each.customer.id, each.currency), each.total) for each in bills]
    settled = [((each.customer.id, each.currency), entry.amount) for each, entry in entries]
    return {
        "billed": summed(billed),
        "paid": summed(
            ((e.currency, part.code), part.amount) for e, entry in cash for part in entry.allocations
        ),
        "outstanding": summed([*billed, *((group, -amount) for group, amount in shares)]),
        "received": summed(((f"{entry.on:%Y-%m}", e.currency), entry.amount) for e, entry in cash),
        "balances": summed([*totals, *((group, -amount) for group, amount in settled)]),
        "sold": summed(((each.currency,), each.total) for each in bills),
    }


def asked(reports: Receivables, until: date) -> dict[str, Sums]:
    """The same sums from the reports, which must agree with each other."""
    found = {
        name: {(row.currency, row.code): row.amount for row in getattr(reports, name)()}
        for name in ("billed", "paid", "outstanding")
    }
    found["received"] = {(row.month, row.currency): row.amount for row in reports.received() if row.amount}
    found["balances"] = {(row.customer, row.currency): row.owed for row in reports.customers()}
    aged = {(row.customer, row.currency): row.total for row in reports.aging(until)}
    assert {group: total for group, total in aged.items() if total} == found["balances"]
    assert {(row.currency, row.code): row.owed for row in reports.by_code() if row.owed} == found[
        "outstanding"
    ]
    overview = reports.overview(until)
    assert list(overview.by_code) == list(reports.by_code())
    assert list(overview.aging) == list(reports.aging(until))
    return found


@settings(max_examples=15)
@given(steps=steps, hour=st.integers(1, 7), until=near, length=st.integers(1, 9))
def test_the_time_of_recording_and_the_date_combine(steps, hour, until, length):
    store = Versions(Json(Memory(), Invoice))
    with mock.patch.object(stamp.time, "time_ns"):
        done = record(store, steps)[: hour + 1]
    past = store.as_of(START + timedelta(hours=hour, minutes=1))
    expected = by_hand(done, None, until)
    del expected["sold"]
    assert asked(Receivables(past, until=until), until) == expected
    statement = Receivables(past, until=until).statement("C")
    last = {("C", row.currency): row.balance for row in statement}
    assert {group: sum for group, sum in last.items() if sum} == {
        group: sum for group, sum in expected["balances"].items() if group[0] == "C"
    }
    since = until - timedelta(length - 1)
    flows = by_hand(done, since, until)
    within = Receivables(past, since=since, until=until)
    for name in ("billed", "paid"):
        assert {(row.currency, row.code): row.amount for row in getattr(within, name)()} == flows[name]
    owed = summed(((currency,), amount) for (_, currency), amount in expected["balances"].items())
    for row in Receivables(past, until=until).dso(until, length):
        assert (row.owed, row.billed) == (owed.get((row.currency,), 0), flows["sold"].get((row.currency,), 0))
        if row.dso:
            assert abs(Decimal(row.dso) - row.owed * length / row.billed) <= Decimal("0.05")
        assert bool(row.dso) == (row.billed > 0)


@pytest.fixture
def books():
    books = Books({})
    books.add(invoice("1"))
    books.add(invoice("2", customer=Party("D", "Delta"), issued=date(2026, 3, 1)))
    books.pay("1", Decimal(30), date(2026, 3, 5))
    return books


def test_days_sales_outstanding_are_the_balance_by_the_billing_of_a_day(books):
    (row,) = Receivables(books.store).dso(date(2026, 3, 31), 90)
    assert (row.owed, row.billed, row.dso) == (170, 200, "76.5")
    (row,) = Receivables(books.store).dso(date(2026, 3, 31), 31)
    assert (row.owed, row.billed, row.dso) == (170, 100, "52.7")
    (row,) = Receivables(books.store).dso(date(2026, 6, 30), 30)
    assert (row.owed, row.billed, row.dso) == (170, 0, "")
    assert list(Receivables(books.store).dso(date(2025, 12, 31))) == []
    with pytest.raises(Invalid, match="a period of 0 days is not possible"):
        Receivables(books.store).dso(date(2026, 3, 31), 0)


def test_the_largest_customers_come_first(books):
    receivables = Receivables(books.store)
    assert [(row.customer, row.owed) for row in receivables.customers()] == [("D", 100), ("C", 70)]
    assert [row.customer for row in receivables.customers("billed")] == ["C", "D"]
    assert [row.customer for row in receivables.customers("paid", 1)] == ["C"]
    books.add(invoice("3", currency="CHF"))
    assert [(row.currency, row.customer) for row in receivables.customers(most=1)] == [
        ("CHF", "C"),
        ("EUR", "D"),
    ]
    with pytest.raises(Invalid, match="'total' is not an amount of a customer; choose one of billed, paid"):
        receivables.customers("total")
    with pytest.raises(Invalid, match="ask for at least 1"):
        receivables.customers(most=0)
