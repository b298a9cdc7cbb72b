"""The queries over the books, against sums made by hand and against each other."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, Memory
from holdall.domain.books import Books
from holdall.domain.model import Invoice, Party
from holdall.domain.receivables import Receivables
from holdall.errors import Invalid
from tests.domain.made import days, invoice, line, paid_books

Sums = dict[tuple[str, str], Decimal]


def by_code(rows: Any) -> Sums:
    return {(row.currency, row.code): row.amount for row in rows}


def summed(pairs: Any) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for key, amount in pairs:
        sums[key] += amount
    return {key: amount for key, amount in sums.items() if amount}


def kept(books: Mapping[str, Invoice], kind: str) -> Mapping[str, Any]:
    """The same books as a dict, as a store of Structs, and as one of plain documents."""
    if kind == "dict":
        return books
    store: Any = Json(Memory(), Invoice) if kind == "typed" else Json(Memory())
    store.update(books if kind == "typed" else msgspec.json.decode(msgspec.json.encode(books)))
    return store


@pytest.mark.parametrize("kind", ["dict", "typed", "untyped"])
@given(books=paid_books(), on=days)
def test_the_queries_agree_with_sums_by_hand(kind: str, books: dict[str, Invoice], on: date) -> None:
    queries = Receivables(kept(books, kind))
    all_of = list(books.values())
    billed = summed(((i.currency, c), a) for i in all_of for c, a in i.billed().items())
    paid = summed(((i.currency, c), a) for i in all_of for c, a in i.paid().items())
    assert by_code(queries.billed()) == billed
    assert by_code(queries.paid()) == paid
    assert by_code(queries.outstanding()) == summed(
        [*billed.items(), *((key, -amount) for key, amount in paid.items())]
    )
    months = summed(((f"{p.on:%Y-%m}", i.currency), p.amount) for i in all_of for p in i.payments)
    assert {(r.month, r.currency): r.amount for r in queries.received() if r.amount} == months
    balances = summed(((i.customer.id, i.currency), sum(i.owed().values())) for i in all_of)
    aged = {(r.customer, r.currency): r.total for r in queries.aging(on)}
    assert {key: total for key, total in aged.items() if total} == balances


@given(books=paid_books(), on=days, bounds=st.sampled_from([(0,), (0, 30, 60, 90), (0, 7, 365)]))
def test_aging_totals_are_what_is_outstanding(
    books: dict[str, Invoice], on: date, bounds: tuple[int, ...]
) -> None:
    queries = Receivables(books)
    rows = queries.aging(on, bounds)
    assert all(sum(row.buckets) == row.total for row in rows)
    owed = summed(((r.currency, ""), r.amount) for r in queries.outstanding())
    assert summed(((r.currency, ""), r.total) for r in rows) == owed


@given(books=paid_books())
def test_a_statement_ends_at_what_the_customer_owes(books: dict[str, Invoice]) -> None:
    queries = Receivables(books)
    for customer in ("C", "D"):
        rows = list(queries.statement(customer))
        mine = [each for each in books.values() if each.customer.id == customer]
        owed = summed(((i.currency, ""), sum(i.owed().values())) for i in mine)
        last = {(row.currency, ""): row.balance for row in rows}
        assert {key: balance for key, balance in last.items() if balance} == owed
        assert len(rows) == sum(1 + len(each.payments) for each in mine)
        assert rows == sorted(rows, key=lambda row: (row.currency, row.on))


@given(books=paid_books())
def test_rows_are_sorted_and_one_a_group(books: dict[str, Invoice]) -> None:
    queries = Receivables(books)
    for report in (queries.billed(), queries.paid(), queries.outstanding()):
        keys = [(row.currency, row.code) for row in report]
        assert keys == sorted(set(keys))
    months = [(row.month, row.currency) for row in queries.received()]
    assert months == sorted(set(months))


@pytest.fixture
def books() -> Books:
    books = Books({})
    books.add(invoice("1", due=date(2026, 1, 31)))
    books.add(invoice("2", due=None, issued=date(2026, 1, 31)))
    books.add(invoice("3", customer=Party("D", "Other"), currency="JPY", due=date(2026, 3, 1)))
    books.add(
        invoice(
            "4",
            line("1", c4400="-30.00"),
            kind="credit-note",
            issued=date(2026, 2, 10),
            due=None,
            references=("1",),
        )
    )
    books.pay("1", Decimal(40), date(2026, 2, 10), reference="RF1")
    return books


@pytest.mark.parametrize(
    ("on", "bucket"),
    [
        (date(2025, 1, 1), "current"),
        (date(2026, 1, 31), "current"),
        (date(2026, 2, 1), "1-30"),
        (date(2026, 3, 2), "1-30"),
        (date(2026, 3, 3), "31-60"),
        (date(2026, 4, 1), "31-60"),
        (date(2026, 4, 2), "61-90"),
        (date(2026, 5, 1), "61-90"),
        (date(2026, 5, 2), "over 90"),
        (date(2030, 1, 1), "over 90"),
    ],
)
def test_a_balance_ages_by_the_day(on: date, bucket: str) -> None:
    report = Receivables({"invoices/S/1": invoice("1", due=date(2026, 1, 31))}).aging(on)
    (record,) = report.records()
    assert record[bucket] == record["total"] == "100.00"


def test_aging_is_by_customer_and_currency(books: Books) -> None:
    report = Receivables(books.store).aging(date(2026, 2, 15))
    assert report.columns == (
        *("customer", "name", "currency", "current", "1-30", "31-60", "61-90", "over 90", "total"),
    )
    assert list(report.cells()) == [
        ("C", "Customer", "EUR", "0.00", "130.00", "0.00", "0.00", "0.00", "130.00"),
        ("D", "Other", "JPY", "100", "0", "0", "0", "0", "100"),
    ]


def test_a_settled_customer_is_not_aged(books: Books) -> None:
    books.pay("3", Decimal(100), date(2026, 2, 10))
    assert [row.customer for row in Receivables(books.store).aging(date(2026, 2, 15))] == ["C"]


def test_a_customer_with_two_names_is_one_row() -> None:
    store = {
        "invoices/S/1": invoice("1", customer=Party("C", "Zeta")),
        "invoices/S/2": invoice("2", customer=Party("C", "Alpha")),
    }
    (row,) = Receivables(store).aging(date(2026, 1, 1))
    assert (row.name, row.total) == ("Alpha", 200)


@pytest.mark.parametrize("bounds", [(), (30, 60), (0, 60, 30), (0, 0), (-1, 30)])
def test_bounds_that_do_not_rise_from_nothing_are_refused(bounds: tuple[int, ...]) -> None:
    with pytest.raises(Invalid, match="rising numbers of days from 0"):
        Receivables({}).aging(date(2026, 1, 1), bounds)


def test_a_statement_runs_in_order_of_days(books: Books) -> None:
    report = Receivables(books.store).statement("C")
    assert [tuple(record.values()) for record in report.records()] == [
        ("2026-01-01", "invoice", "1", "", "EUR", "100.00", "100.00"),
        ("2026-01-31", "invoice", "2", "", "EUR", "100.00", "200.00"),
        ("2026-02-10", "credit-note", "4", "1", "EUR", "-30.00", "170.00"),
        ("2026-02-10", "payment", "1", "RF1", "EUR", "-40.00", "130.00"),
    ]


def test_of_one_day_invoices_come_before_credit_notes_before_payments() -> None:
    day = date(2026, 1, 1)
    books = Books({})
    books.add(invoice("1", line("1", c4400="-30.00"), kind="credit-note", issued=day))
    books.add(invoice("2", issued=day))
    books.pay("2", Decimal(1), day)
    rows = Receivables(books.store).statement("C")
    assert [row.kind for row in rows] == ["invoice", "credit-note", "payment"]


def test_balances_that_cancel_out_in_every_bucket_are_left_out(books: Books) -> None:
    books.add(
        invoice(
            "5",
            line("1", c4400="-100"),
            kind="credit-note",
            currency="JPY",
            customer=Party("D", "Other"),
            due=date(2026, 3, 1),
        )
    )
    rows = Receivables(books.store).aging(date(2026, 2, 15))
    assert [row.customer for row in rows] == ["C"]


def test_balances_of_two_names_that_cancel_out_are_left_out() -> None:
    store = {
        "invoices/S/1": invoice("1", customer=Party("C", "Zeta")),
        "invoices/S/2": invoice("2", line("1", c4400="-100"), customer=Party("C", "Alpha")),
    }
    assert Receivables(store).aging(date(2026, 9, 30)).records() == []


def test_settled_codes_are_not_outstanding(books: Books) -> None:
    books.pay("3", Decimal(60), date(2026, 2, 10), {"4400": Decimal(60)})
    assert by_code(Receivables(books.store).outstanding()) == {
        ("EUR", "4400"): 66,
        ("EUR", "4410"): 64,
        ("JPY", "4410"): 40,
    }


def test_one_seller_s_books_alone(books: Books) -> None:
    books.add(invoice("9", line("1", c8="5.00"), seller=Party("S2", "Second")))
    books.store["notes/1"] = invoice("10")
    assert by_code(Receivables(books.store, "S2").billed()) == {("EUR", "8"): 5}
    assert by_code(Receivables(books.store).billed())[("EUR", "8")] == 5
    assert not Receivables(books.store, "S3").billed()


def test_an_empty_answer_still_has_columns() -> None:
    queries = Receivables({})
    assert queries.statement("C").columns[-1] == "balance"
    assert queries.received().columns == ("month", "currency", "amount")
    assert queries.aging(date(2026, 1, 1)).records() == []


def test_progress_is_told_how_many_invoices_were_read(books: Books) -> None:
    seen: list[int] = []
    Receivables(books.store, progress=seen.append).billed()
    assert seen[-1] == 4


def test_sums_are_exact_whatever_their_length() -> None:
    cents = invoice("1", line("1", c1="999999999999999.99"))
    store = {f"invoices/S/{number}": cents for number in range(10_001)}
    (row,) = Receivables(store).billed()
    assert str(row.amount) == "10000999999999999899.99"


@given(books=paid_books(), on=days)
def test_the_overview_has_the_amounts_of_its_reports(books: dict[str, Invoice], on: date) -> None:
    queries = Receivables(kept(books, "untyped"))
    overview = queries.overview(on)
    assert list(overview.by_code) == list(queries.by_code())
    assert list(overview.received) == list(queries.received())
    assert list(overview.aging) == list(queries.aging(on))
    for column, report in (
        ("billed", queries.billed()),
        ("paid", queries.paid()),
        ("adjusted", queries.adjusted()),
        ("owed", queries.outstanding()),
    ):
        amounts = {(row.currency, row.code): getattr(row, column) for row in overview.by_code}
        assert {key: amount for key, amount in amounts.items() if amount} == by_code(report)


class Once(Json):
    """A store that can be scanned once."""

    def typed(self, type: Any) -> Any:
        assert not vars(self).setdefault("scans", []), "read a second time"
        self.scans.append(type)
        return super().typed(type)


def test_the_overview_reads_the_books_once(books: Books) -> None:
    def copied() -> Once:
        store = Once(Memory(), type=Invoice)
        store.update(books.store)
        return store

    first, *_ = Receivables(copied()).overview(date(2026, 2, 15)).by_code.records()
    assert first == {
        "currency": "EUR",
        "code": "4400",
        "billed": "90.00",
        "paid": "24.00",
        "adjusted": "0.00",
        "owed": "66.00",
    }
    assert len(Receivables(copied()).by_code()) == 4
