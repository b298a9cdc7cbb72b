"""Receivables from views: after each change of the books, every report equals the report that reads them."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Feature, Json, Memory, Unsupported
from holdall.domain import Books, Invoice, Party, Receivables, ViewedReceivables
from holdall.domain.keys import invoice_key
from holdall.domain.money import major, minor
from holdall.errors import Corrupt
from holdall.middleware.passthrough import PassThrough
from tests.domain.made import SELLER, days, invoice, invoices

OTHER = Party("T", "Other seller")


def reports(receivables: Receivables) -> dict[str, str]:
    """Every report, with each digit of each amount."""
    asked: dict[str, Callable[[], Any]] = {
        "billed": receivables.billed,
        "paid": receivables.paid,
        "adjusted": receivables.adjusted,
        "written off": receivables.written_off,
        "outstanding": receivables.outstanding,
        "received": receivables.received,
        "by code": receivables.by_code,
        "customers": receivables.customers,
        "top": lambda: receivables.customers("billed", 1),
        "dso": lambda: receivables.dso(date(2026, 6, 1)),
        "statement": lambda: receivables.statement("C"),
        "aging": lambda: receivables.aging(date(2026, 6, 1)),
        "aged": lambda: receivables.overview(date(2026, 3, 1), (0, 7)).aging,
        "overview": lambda: receivables.overview(date(2026, 3, 1)).by_code,
    }
    return {name: repr(list(ask())) for name, ask in asked.items()}


def pay(books: Books, number: str, share: int, on: date) -> None:
    owed = sum(books.find(number).owed().values(), Decimal(0))
    currency = books.find(number).currency
    if amount := major(minor(owed, currency) * share // 100, currency):
        books.pay(number, amount, on)


steps = st.one_of(
    st.tuples(st.just("add"), invoices()),
    st.tuples(st.just("pay"), st.integers(1, 100), days),
    st.tuples(st.just("delete")),
)


@settings(max_examples=6)
@given(st.lists(st.lists(steps, max_size=4), max_size=2), st.sampled_from([None, SELLER.id]))
def test_every_report_equals_the_one_that_reads_the_books(rounds, seller):
    store, index = Json(Memory(), Invoice), Memory()
    books, numbers = Books(store), []
    books.add(invoice("of another seller", seller=OTHER))
    for step, *options in chain([["report"]], *([*each, ["report"]] for each in rounds)):
        if step == "add":
            numbers.append(f"{len(numbers)}")
            books.add(msgspec.structs.replace(options[0], number=numbers[-1]))
        elif step == "pay" and numbers:
            pay(books, numbers[-1], *options)
        elif step == "delete" and numbers:
            del store[invoice_key(SELLER.id, numbers.pop())]
        elif step == "report":
            viewed = ViewedReceivables(store, index, seller)
            assert reports(viewed) == reports(Receivables(store, seller))


class Counting(PassThrough[Any]):
    """Counts the documents that are read."""

    count = 0

    def typed(self, type: Any, /) -> "Counting":
        made = Counting(self._inner.typed(type))
        made.owner = getattr(self, "owner", self)
        return made

    def _counted(self, items: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        for item in items:
            self.owner.count += 1
            yield item

    def scan_items(self, prefix="", *, start="", stop=None):
        return self._counted(super().scan_items(prefix, start=start, stop=stop))

    def get_many(self, keys, /):
        return self._counted(super().get_many(keys))


@pytest.fixture
def books() -> Books:
    books = Books(Json(Memory(), Invoice))
    for number in range(20):
        books.add(invoice(str(number)))
    return books


def test_a_report_reads_only_the_invoices_that_changed(books):
    counting = Counting(books.store)
    assert ViewedReceivables(counting).outstanding().records()[0]["amount"] == "1200.00"
    assert counting.count == 20
    books.pay("7", Decimal("100.00"), date(2026, 3, 1))
    assert ViewedReceivables(counting).outstanding().records()[0]["amount"] == "1140.00"
    assert counting.count == 21


def test_a_stale_report_is_that_of_its_last_refresh(books):
    viewed = ViewedReceivables(books.store)
    assert viewed.refreshed is None
    before = viewed.outstanding()
    books.pay("7", Decimal("100.00"), date(2026, 3, 1))
    stale = ViewedReceivables(books.store, stale=True)
    assert list(stale.outstanding()) == list(before)
    assert stale.refreshed == viewed.refreshed is not None
    assert list(viewed.outstanding()) != list(before)
    assert list(stale.statement("C")) == list(viewed.statement("C"))  # its view was not built before


def test_damaged_books_are_refused_as_without_views(books):
    viewed = ViewedReceivables(books.store)
    viewed.outstanding()
    books.store.raw("invoices/S/")["8"] = b"{}"
    with pytest.raises(Corrupt) as without:
        Receivables(books.store).outstanding()
    with pytest.raises(Corrupt) as with_views:
        viewed.outstanding()
    assert str(with_views.value) == str(without.value)


def test_books_without_a_feed_are_refused():
    with pytest.raises(Unsupported, match="SnapshotFeed"):
        ViewedReceivables(Json(NoFeed(), Invoice)).outstanding()


class NoFeed(Memory):
    @property
    def features(self):
        return super().features & ~Feature.CHANGES


def test_aging_follows_the_day_and_reads_no_invoice(books):
    counting = Counting(books.store)
    ViewedReceivables(counting).outstanding()
    for on in (date(2026, 1, 1), date(2026, 12, 31)):
        viewed = ViewedReceivables(counting, stale=True)
        assert list(viewed.aging(on)) == list(Receivables(books.store).aging(on))
    assert counting.count == 20


def test_every_report_but_the_statement_reads_one_view(books):
    def kept():
        return {key.partition("/")[0] for key in books.store.raw(".holdall/views/")}

    viewed = ViewedReceivables(books.store)
    for ask in (viewed.by_code, viewed.received, lambda: viewed.overview(date(2026, 3, 1))):
        ask()
    assert kept() == {"receivables"}
    viewed.statement("C")
    assert kept() == {"receivables", "statements"}
