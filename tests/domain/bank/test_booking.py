"""Booking: an entry becomes one payment, over overlapping statements in any order, and with kills in between."""

from collections import Counter
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Party, Receivables
from holdall.domain.bank.booking import UNKNOWN, book
from holdall.domain.bank.entry import Entry
from holdall.domain.bank.importing import read_proposals, write_proposals
from holdall.domain.bank.matching import match
from holdall.domain.bank.open_items import open_items
from holdall.domain.bank.proposal import BOOKABLE, Proposal, Share
from holdall.domain.money import sum_amounts
from holdall.domain.settlement import unapplied
from holdall.errors import Invalid
from tests.domain.made import invoice, line
from tests.domain.test_payments_unfinished import Killed, die, opened
from tests.soak import SOAK

DAY = date(2026, 2, 1)
ADA, BO = Party("C1", "Ada Byron"), Party("C2", "Bo Linde")


def entry(number, amount, text="", name="", **changes):
    return Entry("DE02", f"b-{number}", DAY, Decimal(amount), "EUR", name, (), text, **changes)


ENTRIES = [
    entry(1, "100.00", "2026-1", "Ada Byron"),  # exact
    entry(2, "150.00", "2026-2 2026-3"),  # exact, two invoices
    entry(3, "7.00", name="Bo Linde"),  # unapplied money of Bo
    entry(4, "8.00"),  # of nobody who is known
    entry(5, "90.00", "2026-4"),  # a proposal
    entry(6, "-5.00"),
    entry(7, "25.00", name="Bo Linde"),  # a proposal, by amount and name
]


def filled(books):
    for number, amount, customer in (
        ("2026-1", "100.00", ADA),
        ("2026-2", "100.00", ADA),
        ("2026-3", "50.00", ADA),
        ("2026-4", "100.00", BO),
        ("2026-5", "25.00", BO),
    ):
        books.add(invoice(number, line("1", c4400=amount), customer=customer))
    return books


@pytest.fixture(params=["dict", "store"])
def books(request):
    return filled(Books({} if request.param == "dict" else Json(Memory(), Invoice)))


def run(books, entries, statuses=frozenset({"exact", "unmatched"})):
    books.finish()
    items = open_items(books)
    return list(book(books, match(entries, items), items, statuses, "S"))


def state(books):
    owed = {each.number: str(sum_amounts(each.owed().values())) for each in books}
    return owed, {each.number: (str(unapplied(each)), each.customer.id) for each in books.payments()}


@pytest.mark.parametrize("amounts", [("60", "40"), ("NaN",)], ids=["twice", "not-an-amount"])
def test_shares_that_a_person_wrote_wrong_are_unclear(books, amounts):
    shares = tuple(Share("2026-4", "S", "2026-invoice", Decimal(each)) for each in amounts)
    proposal = Proposal("proposed", entry(5, "100.00"), "by hand", shares, "S", "C2")
    before = state(books)
    (found,) = book(books, [proposal], open_items(books), BOOKABLE)
    assert (found.status, state(books)) == ("unclear", before)


def test_an_entry_whose_amount_is_not_a_number_is_unclear(books):
    proposal = Proposal("unmatched", entry(5, "NaN"), "by hand", (), "S", "C2")
    assert [each.status for each in book(books, [proposal], open_items(books), BOOKABLE)] == ["unclear"]


def test_each_entry_is_booked_once(books):
    assert [each.status for each in run(books, ENTRIES)] == [
        "booked",
        "booked",
        "booked",
        "booked",
        "proposed",
        "passed over",
        "proposed",
    ]
    expected = (
        {"2026-1": "0.00", "2026-2": "0.00", "2026-3": "0.00", "2026-4": "100.00", "2026-5": "25.00"},
        {
            "DE02/b-1": ("0.00", "C1"),
            "DE02/b-2": ("0.00", "C1"),
            "DE02/b-3": ("7.00", "C2"),
            "DE02/b-4": ("8.00", "unknown"),
        },
    )
    assert state(books) == expected
    again = run(books, ENTRIES)
    assert Counter(each.status for each in again) == {"there": 4, "proposed": 2, "passed over": 1}
    assert state(books) == expected
    (received,) = Receivables(books.store).received()
    assert received.amount == Decimal("265.00")


def test_a_payment_keeps_what_the_bank_told(books):
    run(books, [entry(1, "100.00", "2026-1", "Ada", value=DAY)])
    kept = books.payment("DE02/b-1").payments[0]
    assert (kept.note, kept.on) == ("Ada: 2026-1", DAY)


def test_money_of_nobody_who_is_known_can_be_applied_later(books):
    run(books, [entry(4, "8.00")])
    assert books.payment("DE02/b-4").customer == UNKNOWN
    books.apply("DE02/b-4", ["2026-1"], DAY)
    assert state(books)[0]["2026-1"] == "92.00"


def test_money_that_waits_is_applied_when_its_invoice_is_there(books):
    late = entry(8, "30.00", "2026-6", "Eve")
    run(books, [late])
    assert state(books)[1]["DE02/b-8"] == ("30.00", "unknown")
    assert [each.status for each in run(books, [late])] == ["there"]
    books.add(invoice("2026-6", line("1", c4400="30.00"), customer=Party("C3", "Eve Ott")))
    (found,) = run(books, [late])
    assert (found.status, found.reason) == (
        "booked",
        "number '2026-6' in the text; the money is unapplied until now",
    )
    assert (state(books)[0]["2026-6"], state(books)[1]["DE02/b-8"]) == ("0.00", ("0.00", "unknown"))
    assert [each.status for each in run(books, [late])] == ["there"]


def test_a_credit_note_that_is_named_too_is_settled(books):
    books.add(invoice("GS-2026-1", line("1", c4400="-20.00"), kind="credit-note", customer=ADA))
    (found,) = run(books, [entry(1, "80.00", "2026-1 abzgl. GS-2026-1")])
    assert found.status == "booked"
    assert [state(books)[0][each] for each in ("2026-1", "GS-2026-1")] == ["0.00", "0.00"]


def test_a_proposal_that_no_longer_fits_is_told_and_the_others_are_booked(books):
    items = open_items(books)
    proposals = list(match(ENTRIES, items))
    books.pay("2026-1", Decimal(50), DAY)
    found = list(book(books, proposals, items, BOOKABLE, "S"))
    assert [each.status for each in found] == ["unclear", *["booked"] * 4, "passed over", "booked"]
    assert "50.00" in found[0].reason


def test_an_entry_that_was_taken_back_is_not_there():
    """Another writer pays one of two invoices in between, on a store without transactions."""
    before = Memory()
    filled(opened(before))

    def pay(below):
        with suppress(Invalid):
            opened(below).pay("2026-3", Decimal(1), DAY)

    taken_back = 0
    for request in range(21, 37, 3):
        below = Memory()
        below.update(dict(before))
        (first,) = run(opened(below, {request: partial(pay, below)}), ENTRIES[1:2])
        (again,) = run(opened(below), ENTRIES[1:2])
        assert (first.status, again.status) in (("booked", "there"), ("unclear", "proposed"))
        taken_back += any(not each.payments for each in opened(below).payment_documents())
    assert taken_back


def test_an_entry_of_a_closed_period_is_told(books):
    books.close(DAY, by="Ann")
    found = run(books, ENTRIES[:1])
    assert found[0].status == "unclear"
    assert "payment 'DE02/b-1' is dated 2026-02-01, but the books are closed" in found[0].reason


def test_the_seller_must_be_known():
    books = Books({})
    for seller in ("S", "T"):
        books.add(invoice(seller=Party(seller, seller)))
    items = open_items(books)
    (found,) = book(books, match([entry(4, "8.00")], items), items, BOOKABLE)
    assert (found.status, "name the seller" in found.reason) == ("unclear", True)
    (found,) = match([entry(4, "100.00", "7")], items)
    assert (found.status, found.reason) == (
        "unmatched",
        "number '7' in the text, of several sellers: name the seller",
    )
    (found,) = match([entry(4, "100.00", "7", "Customer")], open_items(books, "S"))
    assert found.status == "exact"


def test_a_file_of_proposals_is_edited_and_booked(books, tmp_path):
    items, file = open_items(books), tmp_path / "proposals.json"
    write_proposals(file, match(ENTRIES, items))
    with pytest.raises(FileExistsError):
        write_proposals(file, [])
    text = file.read_text()
    assert '"amount": "90.00"' in text
    head, mark, rest = text.partition('"invoice": "2026-4"')
    file.write_text(head + mark.replace("2026-4", "2026-5") + rest.replace('"90.00"', '"25.00"', 1))
    found = list(book(books, read_proposals(file), items, BOOKABLE, "S"))
    assert [each.status for each in found] == [*["booked"] * 5, "unclear"]
    owed, payments = state(books)
    assert (owed["2026-4"], owed["2026-5"]) == ("100.00", "0.00")
    assert payments["DE02/b-5"] == ("65.00", "C2")
    assert {each.status for each in book(books, read_proposals(file), open_items(books), BOOKABLE, "S")} == {
        "there",
        "unclear",
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[]", r"Expected `object`, got `array`"),
        (
            '{"kind": "holdall-bank-proposals", "proposals": [{"status": "exact"}]}',
            r"missing required field `entry`",
        ),
        ('{"kind": "other", "proposals": []}', "its kind is 'other'"),
        ("", "truncated"),
    ],
)
def test_another_file_is_not_one_of_proposals(tmp_path, content, problem):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(Invalid, match=rf"a.json: it is not a file of proposals \(.*{problem}"):
        read_proposals(tmp_path / "a.json")


@settings(max_examples=300 if SOAK else 10)
@given(st.data())
def test_no_entry_is_lost_or_booked_twice_over_overlapping_statements_with_kills(data):
    """Statements of any entries in any order are imported, killed before any request, and imported again."""
    below = Memory()
    filled(opened(below))
    runs = st.lists(st.sampled_from(ENTRIES), unique_by=lambda each: each.id, max_size=6)
    for entries in data.draw(st.lists(runs, min_size=1, max_size=3)):
        kill = data.draw(st.integers(0, 120))
        with suppress(Killed):
            run(opened(below, {kill: die}), entries)
    run(opened(below), data.draw(st.permutations(ENTRIES)))
    books = opened(below)
    assert state(books)[0]["2026-4"] == "100.00"
    assert sorted(state(books)[1].items()) == [
        ("DE02/b-1", ("0.00", "C1")),
        ("DE02/b-2", ("0.00", "C1")),
        ("DE02/b-3", ("7.00", "C2")),
        ("DE02/b-4", ("8.00", "unknown")),
    ]
    (received,) = Receivables(books.store).received()
    assert received.amount == Decimal("265.00")
    assert sum_amounts(row.amount for row in Receivables(books.store).outstanding()) == Decimal("110.00")
