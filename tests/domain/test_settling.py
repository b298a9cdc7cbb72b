"""Void, refund and write-off: each changes everything or nothing, and counts in the right report."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables, ViewedReceivables
from holdall.domain.money import sum_amounts
from holdall.errors import Conflict, Invalid
from tests.domain.made import invoice, line, paid_books
from tests.domain.test_viewed import reports

DAY, LATER = date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture(params=["dict", "store"])
def books(request):
    books = Books({} if request.param == "dict" else Json(Memory(), Invoice))
    books.add(invoice())
    return books


def owed(books, number="7"):
    return {code: str(amount) for code, amount in books.find(number).owed().items()}


def cash(books):
    return {row.month: str(row.amount) for row in Receivables(books.store).received()}


def parts(entry):
    return {each.code: str(each.amount) for each in entry.allocations}


class TestVoid:
    def test_it_takes_the_payment_back_on_its_own_day(self, books):
        books.pay("7", Decimal(50), DAY, id="a", reference="RF1")
        entry = books.void("7", "a", LATER, "returned")
        assert (entry.id, entry.amount, entry.on, entry.note) == ("void-a", Decimal(-50), LATER, "returned")
        assert (entry.reference, entry.voids) == ("RF1", "a")
        assert owed(books) == {"4400": "60.00", "4410": "40.00"}
        assert cash(books) == {"2026-02": "50", "2026-03": "-50"}
        assert [row.kind for row in Receivables(books.store).statement("C")] == ["invoice", "payment", "void"]

    def test_twice_is_once(self, books):
        books.pay("7", Decimal(50), DAY, id="a")
        first = books.void("7", "a", LATER, "returned")
        before = books.find("7")
        assert books.void("7", "a", date(2026, 4, 1), "again") == first
        assert books.find("7") == before

    def test_a_void_payment_is_not_recorded_again_by_a_retry(self, books):
        books.pay("7", Decimal(50), DAY, id="a")
        books.void("7", "a", LATER, "returned")
        with pytest.raises(Conflict, match="'a' on invoice '7' was voided on 2026-03-01: returned"):
            books.pay("7", Decimal(50), DAY, id="a")

    def test_an_overpaid_one_leaves_no_credit(self, books):
        books.pay("7", Decimal(130), DAY, id="a", overpaid=True)
        books.void("7", "a", LATER, "returned")
        assert owed(books) == {"4400": "60.00", "4410": "40.00", "unapplied": "0.00"}

    def test_a_payment_that_was_refunded_in_part_is_owed_with_the_refund(self, books):
        books.pay("7", Decimal(100), DAY, id="a")
        books.refund("7", Decimal(40), DAY)
        books.void("7", "a", LATER, "returned")
        assert owed(books) == {"4400": "84.00", "4410": "56.00"}

    @pytest.mark.parametrize(
        ("id", "reason", "problem", "told"),
        [
            ("b", "returned", KeyError, "no payment 'b' on invoice '7', whose payments are 'a'"),
            ("a", " ", Invalid, "void of payment 'a': the reason is empty; write why"),
        ],
    )
    def test_what_cannot_be_changes_nothing(self, books, id, reason, problem, told):
        books.pay("7", Decimal(50), DAY, id="a")
        before = books.find("7")
        with pytest.raises(problem, match=told):
            books.void("7", id, LATER, reason)
        assert books.find("7") == before

    def test_a_void_cannot_be_void(self, books):
        books.pay("7", Decimal(50), DAY, id="a")
        books.void("7", "a", LATER, "returned")
        before = books.find("7")
        with pytest.raises(Invalid, match="'void-a' is not an earlier entry with the opposite amounts"):
            books.void("7", "void-a", LATER, "a mistake")
        assert books.find("7") == before


class TestRefund:
    def test_it_comes_from_the_credit_first(self, books):
        books.pay("7", Decimal(110), DAY, overpaid=True)
        entry = books.refund("7", Decimal(20), LATER, id="r", note="goodwill")
        assert parts(entry) == {"unapplied": "-10.00", "4400": "-6.00", "4410": "-4.00"}
        assert (owed(books), entry.note) == (
            {"4400": "6.00", "4410": "4.00", "unapplied": "0.00"},
            "goodwill",
        )
        assert cash(books) == {"2026-02": "110", "2026-03": "-20"}
        assert [row.kind for row in Receivables(books.store).statement("C")] == [
            "invoice",
            "payment",
            "refund",
        ]

    def test_the_same_again_is_recorded_once(self, books):
        books.pay("7", Decimal(100), DAY)
        first = books.refund("7", Decimal(20), DAY, id="r")
        assert books.refund("7", Decimal(20), LATER, id="r") == first
        assert owed(books) == {"4400": "12.00", "4410": "8.00"}

    def test_the_codes_may_be_named(self, books):
        books.pay("7", Decimal(100), DAY)
        assert parts(books.refund("7", Decimal(5), DAY, {"4410": Decimal(-5)})) == {"4410": "-5"}

    def test_a_credit_note_is_paid_out(self, books):
        books.add(invoice("8", line("1", c4400="-30.00"), kind="credit-note"))
        assert parts(books.refund("8", Decimal(30), DAY)) == {"4400": "-30.00"}
        assert owed(books, "8") == {"4400": "0.00"}

    @pytest.mark.parametrize(
        ("amount", "told"),
        [
            ("50.01", r"refund of 50\.01 EUR on invoice '7' is beyond the 50\.00 that the customer has"),
            ("0", "the amount must be positive"),
            ("-1", "the amount must be positive"),
            ("0.001", "not a valid amount in EUR"),
        ],
    )
    def test_beyond_what_was_received_is_refused_and_changes_nothing(self, books, amount, told):
        books.pay("7", Decimal(50), DAY)
        books.write_off("7", DAY, "6930", "insolvent")
        before = books.find("7")
        with pytest.raises(Invalid, match=told):
            books.refund("7", Decimal(amount), LATER)
        assert books.find("7") == before

    @given(books=paid_books(), share=st.integers(1, 130))
    def test_no_refund_takes_more_from_a_code_than_it_has(self, books, share):
        kept = Books(books)
        for each in list(kept):
            cash, credit = sum_amounts(each.paid().values()), -sum_amounts(each.owed().values())
            most = max(credit, cash, Decimal(0))
            amount = (most * share / 100).quantize(Decimal(1))
            if not 0 < amount <= most:
                continue
            entry = kept.refund(each.number, amount, DAY)
            assert sum_amounts(part.amount for part in entry.allocations) == -amount
            owed = each.owed()
            bound = {code: max(paid, -owed[code]) for code, paid in each.settled().items()} | {
                code: -left for code, left in owed.items() if left < 0
            }
            assert all(-part.amount <= max(bound.get(part.code, 0), 0) for part in entry.allocations)


class TestWriteOff:
    def test_it_settles_all_that_is_owed_without_cash(self, books):
        books.pay("7", Decimal(50), DAY)
        entry = books.write_off("7", LATER, "6930", "insolvent")
        assert (entry.amount, entry.contra, entry.kind, entry.note) == (
            Decimal("50.00"), "6930", "write-off", "insolvent"
        )  # fmt: skip
        asked = Receivables(books.store)
        assert (cash(books), owed(books)) == ({"2026-02": "50"}, {"4400": "0.00", "4410": "0.00"})
        assert asked.written_off().records() == [{"currency": "EUR", "code": "6930", "amount": "50.00"}]
        assert sum_amounts(row.amount for row in asked.adjusted()) == 50
        assert sum_amounts(row.amount for row in asked.paid()) == 50
        assert not asked.outstanding()

    def test_a_part_and_an_exchange_difference(self, books):
        entry = books.write_off(
            "7", LATER, "2660", "rate", Decimal("0.40"), {"4410": Decimal("0.40")}, exchange=True
        )
        assert (entry.kind, parts(entry)) == ("exchange", {"4410": "0.40"})

    def test_a_credit_that_nobody_claims(self, books):
        books.pay("7", Decimal("100.02"), DAY, overpaid=True)
        assert parts(books.write_off("7", LATER, "7900", "too small to pay back")) == {"unapplied": "-0.02"}
        assert not Receivables(books.store).outstanding()

    def test_the_same_again_is_recorded_once(self, books):
        first = books.write_off("7", DAY, "6930", "insolvent", id="w")
        assert books.write_off("7", LATER, "6930", "insolvent", id="w") == first
        with pytest.raises(Conflict, match="differs in contra"):
            books.write_off("7", LATER, "6931", "insolvent", id="w")

    def test_a_void_takes_it_back_from_its_code(self, books):
        books.write_off("7", DAY, "6930", "insolvent", id="w")
        books.void("7", "w", LATER, "they paid")
        assert not Receivables(books.store).written_off()
        assert owed(books) == {"4400": "60.00", "4410": "40.00"}

    @pytest.mark.parametrize(
        ("code", "reason", "amount", "told"),
        [
            ("", "insolvent", None, "the code that bears the amount is empty"),
            ("6930", "", None, "the reason is empty"),
            ("6930", "insolvent", "0", "the amount of a payment must not be 0"),
            ("6930", "insolvent", "100.01", r"beyond the 100\.00 that is owed"),
        ],
    )
    def test_what_cannot_be_changes_nothing(self, books, code, reason, amount, told):
        before = books.find("7")
        with pytest.raises(Invalid, match=told):
            books.write_off("7", DAY, code, reason, amount and Decimal(amount))
        assert books.find("7") == before

    def test_nothing_owed_is_nothing_to_write_off(self, books):
        books.pay("7", Decimal(100), DAY)
        with pytest.raises(Invalid, match="nothing is owed on it"):
            books.write_off("7", DAY, "6930", "insolvent")


def test_views_have_all_of_it():
    books = Books(Json(Memory(), Invoice))
    books.add(invoice())
    books.pay("7", Decimal(50), DAY, id="a")
    books.void("7", "a", LATER, "returned")
    books.pay("7", Decimal(80), DAY)
    books.refund("7", Decimal(10), DAY)
    books.write_off("7", LATER, "6930", "insolvent")
    assert reports(ViewedReceivables(books.store)) == reports(Receivables(books.store))
