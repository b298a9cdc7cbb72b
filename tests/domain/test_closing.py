"""A closed period: what is dated in it is refused, and a write that races with a close is refused or taken back."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, Memory
from holdall.domain import Books
from holdall.domain.closing import Guard, Period, read_closing
from holdall.domain.codes import codes_of
from holdall.domain.model import Invoice
from holdall.domain.recoding import recode
from holdall.errors import Conflict, Corrupt, Invalid
from holdall.middleware.passthrough import PassThrough
from holdall.store import MISSING, Feature
from tests.domain.made import invoice

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 1)
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
TEN = Decimal("10.00")


class SwapOnly(PassThrough[Invoice]):
    """A store with compare-and-swap and without transactions, as S3 is. ``after`` runs after some of the swaps."""

    without = Feature.ATOMIC
    after = None
    swaps = 1

    @property
    def features(self):
        return super().features & ~self.without

    def swap(self, key, value, /, expected):
        new = super().swap(key, value, expected)
        self._tell(key)
        return new

    def modify(self, key, function, /, default=MISSING):
        changed = super().modify(key, function, default)
        self._tell(key)
        return changed

    def _tell(self, key):
        if self.after and key != "books/closed":
            self.swaps -= 1
            if self.swaps == 0:
                self.after()


def stores():
    return {"dict": {}, "atomic": Json(Memory(), Invoice), "swap": SwapOnly(Json(Memory(), Invoice))}


@pytest.fixture(params=["dict", "atomic", "swap"])
def books(request):
    """Books with an invoice of September that is paid in part, and closed until the end of that month."""
    books = Books(stores()[request.param])
    books.add(invoice(issued=date(2026, 9, 1)))
    books.add(invoice("8", issued=OCTOBER))
    books.pay("7", TEN, SEPTEMBER, id="a")
    closed(books)
    return books


def closed(books, until=SEPTEMBER):
    return books.close(until, by="Ann", at=NOW)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda books: books.add(invoice("9", issued=SEPTEMBER)), "invoice '9'"),
        (lambda books: books.pay("7", TEN, SEPTEMBER), "payment '"),
        (lambda books: books.void("7", "a", SEPTEMBER, "wrong"), "void 'void-a' on invoice '7'"),
        (lambda books: books.refund("7", TEN, SEPTEMBER), "refund '"),
        (lambda books: books.write_off("7", SEPTEMBER, "6930", "lost"), "write-off '"),
        (lambda books: books.receive(TEN, SEPTEMBER, ["7"], id="b"), "payment 'b' is dated"),
        (lambda books: books.move("7", ["8"], SEPTEMBER, id="b"), "payment 'b' is dated"),
        (lambda books: books.change(books.find("7"), lambda _: invoice(issued=OCTOBER)), " '"),
    ],
)
def test_what_is_dated_in_it_is_refused_and_changes_nothing(books, change, name):
    before = list(books)
    with pytest.raises(Invalid) as caught:
        change(books)
    assert name in str(caught.value)
    assert "but the books are closed until 2026-09-30; give a later day, or reopen them with" in str(
        caught.value
    )
    assert list(books) == before


def test_what_is_dated_later_is_recorded(books):
    assert books.add(invoice("9", issued=OCTOBER))
    books.receive(TEN, OCTOBER, ["9"], id="c")
    books.pay("7", TEN, OCTOBER, id="b")
    books.void("7", "a", OCTOBER, "returned")
    assert [each.id for each in books.find("7").payments] == ["a", "b", "void-a"]


def test_what_is_there_already_is_not_refused(books):
    assert not books.add(invoice(issued=date(2026, 9, 1)))
    assert books.pay("7", TEN, SEPTEMBER, id="a").on == SEPTEMBER


def test_recode_leaves_the_invoices_of_a_closed_period(books):
    uncoded = {"customer": "Ada", "seller": "Bo", "currency": "EUR", "lines": [{"amount": "5.00"}]}
    books.add({"number": "10", "issued": str(OCTOBER), **uncoded})
    books.reopen(None, by="Ann", at=NOW, reason="test")
    books.add({"number": "9", "issued": str(SEPTEMBER), **uncoded})
    closed(books)
    changed = recode(books, codes_of({"default": "8400"}), "new chart")
    assert [after.number for _, after in changed] == ["10"]


def test_each_closing_and_reopening_leaves_a_trace(books):
    reopened = books.reopen(date(2026, 8, 31), by="Bo", at=NOW, reason="a late invoice")
    books.pay("7", TEN, SEPTEMBER, id="b")
    closed(books)
    assert closed(books) == books.closing
    assert [(each.until, each.by, each.reason) for each in books.closing.changes] == [
        (SEPTEMBER, "Ann", ""),
        (date(2026, 8, 31), "Bo", "a late invoice"),
        (SEPTEMBER, "Ann", ""),
    ]
    assert reopened.changes[-1].at == NOW


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda books: closed(books, date(2026, 10, 16)),
            "2026-10-16 is after today, 2026-10-15; close a period",
        ),
        (
            lambda books: closed(books, date(2026, 9, 1)),
            "closed until 2026-09-30, which is after 2026-09-01; to reopen",
        ),
        (
            lambda books: books.reopen(None, by="Bo", reason=" "),
            "the reason to reopen the books is empty; write why",
        ),
        (
            lambda books: books.reopen(SEPTEMBER, by="Bo", reason="r"),
            "closed until 2026-09-30, so there is nothing to",
        ),
        (
            lambda books: books.reopen(None, by="Bo", reason="r" * 501),
            "the reason has 501 characters; write at most",
        ),
    ],
)
def test_a_change_of_the_period_that_cannot_be_is_refused(books, change, problem):
    with pytest.raises(Invalid, match=problem):
        change(books)
    assert books.closing.until == SEPTEMBER


def test_books_that_are_not_closed_cannot_be_reopened():
    with pytest.raises(Invalid, match="the books are not closed, so there is nothing to reopen"):
        Books({}).reopen(None, by="Bo", reason="r")


def test_a_record_that_is_something_else_is_corrupt():
    with pytest.raises(Corrupt, match="the value of 'books/closed' is not the closing of books"):
        read_closing({"books/closed": 7})


def late(kind):
    """Books that were read as open, and are closed by another process since."""
    store = stores()[kind]
    books = Books(store)
    books.add(invoice(issued=date(2026, 9, 1)))
    closed(Books(store))
    return books


@pytest.mark.parametrize("kind", ["atomic", "swap"])
def test_a_writer_that_did_not_see_the_close_is_refused(kind):
    books = late(kind)
    before = dict(books.store.items())
    for change in (
        lambda: books.pay("7", TEN, SEPTEMBER),
        lambda: books.add(invoice("8", issued=SEPTEMBER)),
    ):
        books._guard._known = Period(None)
        with pytest.raises(Invalid, match="the books are closed until 2026-09-30"):
            change()
        assert dict(books.store.items()) == before


def test_a_write_between_the_swap_and_a_close_is_taken_back():
    books = Books(store := SwapOnly(Json(Memory(), Invoice)))
    books.add(invoice(issued=date(2026, 9, 1)))
    store.after = lambda: closed(Books(store._inner))
    with pytest.raises(Invalid, match="closed until 2026-09-30"):
        books.pay("7", TEN, SEPTEMBER)
    assert books.find("7").payments == ()


def test_it_is_taken_back_below_the_entry_of_another_writer():
    books = Books(store := SwapOnly(Json(Memory(), Invoice)))
    books.add(invoice(issued=date(2026, 9, 1)))
    other = Books(store._inner)

    def meanwhile():
        other.pay("7", TEN, OCTOBER, id="other")
        closed(other)

    store.after = meanwhile
    with pytest.raises(Invalid, match="closed until 2026-09-30"):
        books.pay("7", TEN, SEPTEMBER)
    assert [each.id for each in books.find("7").payments] == ["other"]


# mark, claim, take, take, conclude
@pytest.mark.parametrize("swaps", [1, 2, 3, 4, 5])
def test_a_payment_of_two_invoices_that_races_with_a_close_is_whole_or_not_there(swaps):
    store = SwapOnly(Json(Memory(), Invoice))
    books = Books(store)
    for number in ("7", "8"):
        books.add(invoice(number, issued=date(2026, 9, 1)))
    store.swaps, store.after = swaps, lambda: closed(Books(store._inner))
    if swaps < 5:
        with pytest.raises(Invalid, match="the books are closed until 2026-09-30"):
            books.receive(Decimal(200), SEPTEMBER, ["7", "8"], id="b")
    else:
        books.receive(Decimal(200), SEPTEMBER, ["7", "8"], id="b")
    assert sum(sum(each.settled().values()) for each in books) == (0 if swaps < 5 else 200)
    assert books.finish() == []
    assert books.closing.until == SEPTEMBER


def test_what_cannot_be_taken_back_is_named():
    store = SwapOnly(Json(Memory(), Invoice))
    store.without |= Feature.REMOVE
    store.after = lambda: closed(Books(store._inner))
    with pytest.raises(Invalid, match="it was written while somebody closed the books: check 'invoices/S/7'"):
        Books(store).add(invoice(issued=SEPTEMBER))


def test_a_reopened_period_is_seen_at_once():
    books = late("atomic")
    with pytest.raises(Invalid):
        books.pay("7", TEN, SEPTEMBER)
    Books(books.store).reopen(None, by="Bo", at=NOW, reason="test")
    assert books.pay("7", TEN, SEPTEMBER).amount == TEN


def test_another_writer_is_told_from_a_close():
    store = Json(Memory(), Invoice)
    guard, seven = Guard(store), invoice()
    store["k"] = seven
    _, tag = store.get_tagged("k")
    store["k"] = invoice("8")
    with pytest.raises(Conflict):
        guard.replace("k", seven, tag, invoice("9"))


days = st.dates(date(2026, 9, 1), date(2026, 10, 31))
moves = st.one_of(
    st.tuples(st.just("pay"), days),
    st.tuples(st.just("close"), days),
    st.tuples(st.just("reopen"), days),
)


@given(st.sampled_from(["dict", "atomic", "swap"]), st.lists(moves, max_size=12))
def test_no_entry_lands_in_a_closed_period_whoever_closes_it(kind, moves):
    store = stores()[kind]
    writer, closer = Books(store), Books(store)
    writer.add(invoice(issued=date(2026, 8, 1), total=Decimal(100)))
    until, expected = None, []
    for move, day in moves:
        try:
            if move == "pay":
                expected.append(writer.pay("7", Decimal(1), day))
            elif move == "close":
                until = closer.close(day, by="Ann", at=datetime(2026, 12, 1, tzinfo=UTC)).until
            else:
                until = closer.reopen(day, by="Ann", reason="r", at=NOW).until
        except Invalid:
            assert move != "pay" or (until is not None and day <= until)
        else:
            assert move != "pay" or until is None or day > until
    assert list(writer.find("7").payments) == expected
    assert read_closing(store).until == until
