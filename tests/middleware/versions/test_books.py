"""An accountant's session: corrected, compared, reverted, brought back; and last month's report again."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from holdall import Json, SQLite, Versions
from holdall.domain import Books, Receivables
from holdall.domain.keys import invoice_key
from holdall.domain.model import Invoice
from tests.domain.made import invoice


@pytest.fixture
def store(tmp_path):
    with Versions(Json(SQLite(tmp_path / "books.db"), type=Invoice), author="import") as store:
        yield store


def reports(store):
    asked = Receivables(store)
    made = (
        asked.billed(),
        asked.paid(),
        asked.outstanding(),
        asked.received(),
        asked.aging(date(2026, 9, 30)),
    )
    return [(report.columns, list(report.cells())) for report in made]


def test_receivables_as_of_last_month_are_what_was_printed(store):
    books = Books(store)
    for number in range(1, 6):
        books.add(invoice(number=str(number)))
    books.pay("1", Decimal(10), on=date(2026, 9, 3))
    printed, month_end = reports(store), datetime.now(UTC)
    with store.note(author="Ann", message="paid late"):
        books.pay("2", Decimal(5), on=date(2026, 9, 30))
    books.add(invoice(number="6"))
    first = next(iter(books))
    del store[invoice_key(first.seller.id, first.number)]
    assert reports(store) != printed
    assert reports(store.as_of(month_end)) == printed
    key = invoice_key(first.seller.id, "2")
    assert [(one.author, one.message) for one in store.history(key)] == [("Ann", "paid late"), ("import", "")]
    assert [op["path"].split("/")[1] for op in store.diff(key, 1, 2)] == ["payments"]


def test_a_deleted_invoice_comes_back(store):
    books = Books(store)
    books.add(invoice(number="1"))
    kept = books.find("1")
    key = invoice_key(kept.seller.id, "1")
    del store[key]
    with pytest.raises(KeyError):
        books.find("1")
    store.undelete(key)
    assert books.find("1") == kept
