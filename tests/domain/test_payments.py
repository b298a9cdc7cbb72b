"""Payments over several documents: each is recorded whole or not at all, and cash counts once, on every store."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables, ViewedReceivables
from holdall.domain.keys import invoice_key
from holdall.domain.model import Allocation, Part, Party, Payment, Settlement
from holdall.domain.settlement import payment_document, unapplied
from holdall.errors import Conflict, Corrupt, Invalid, Unsupported
from holdall.store import Feature, Store
from tests.domain.made import SELLER, invoice, line
from tests.domain.test_viewed import reports
from tests.replication.mortal import Without

DAY, LATER = date(2026, 2, 1), date(2026, 3, 1)
STORES = {
    "atomic": lambda: Json(Memory(), Invoice),
    "swap": lambda: Json(Without(Memory(), Feature.ATOMIC), Invoice),
}


def fill(books: Books) -> Books:
    """Invoices A of 100, due first, and B of 200, a credit note N of 50, and D of another customer."""
    books.add(invoice("A"))
    books.add(invoice("B", line("1", c4400="150.00", c4410="50.00"), due=date(2026, 2, 15)))
    books.add(invoice("N", line("1", c4400="-50.00"), kind="credit-note"))
    books.add(invoice("D", customer=Party("D", "Dora")))
    return books


@pytest.fixture(params=list(STORES))
def books(request):
    return fill(Books(STORES[request.param]()))


def owed(books: Books, *numbers: str) -> list[str]:
    return [str(sum(books.find(number).owed().values())) for number in numbers]


def cash(books: Books) -> dict[str, str]:
    return {row.month: str(row.amount) for row in Receivables(books.store).received()}


def left(books: Books, id: str) -> str:
    return str(unapplied(books.payment(id)))


class TestReceive:
    def test_named_amounts_and_the_rest_stays_unapplied(self, books):
        parts = {"A": Decimal("60.00"), "B": Decimal("50.00")}
        paid = books.receive(Decimal("150.00"), DAY, parts, id="bank-17", reference="RF1")
        assert (paid.number, paid.kind, paid.customer.id, paid.issued) == ("bank-17", "payment", "C", DAY)
        assert (owed(books, "A", "B"), left(books, "bank-17")) == (["40.00", "150.00"], "40.00")
        assert cash(books) == {"2026-02": "150.00"}
        (entry,) = books.find("A").payments
        assert (entry.id, entry.kind, entry.part_of, entry.reference) == (
            "bank-17",
            "transfer",
            "bank-17",
            "RF1",
        )
        assert {each.code: str(each.amount) for each in entry.allocations} == {
            "4400": "36.00",
            "4410": "24.00",
        }

    def test_without_amounts_the_document_that_is_due_first_is_paid_first(self, books):
        books.receive(Decimal("150.00"), DAY, ["B", "A"], id="p")
        assert (owed(books, "A", "B"), left(books, "p")) == (["0.00", "150.00"], "0.00")

    def test_no_document_takes_more_than_is_owed_on_it(self, books):
        books.receive(Decimal("500.00"), DAY, ["A", "B"], id="p")
        assert (owed(books, "A", "B"), left(books, "p")) == (["0.00", "0.00"], "200.00")

    def test_a_credit_note_among_the_documents_is_settled_too(self, books):
        books.receive(Decimal("250.00"), DAY, ["A", "B", "N"], id="p")
        assert (owed(books, "A", "B", "N"), left(books, "p")) == (["0.00"] * 3, "0.00")

    def test_without_documents_all_is_unapplied(self, books):
        paid = books.receive(Decimal(70), DAY, customer="C")
        assert (paid.currency, unapplied(paid), len(paid.number)) == ("EUR", Decimal(70), 16)
        assert not paid.settlement.parts

    def test_reports_show_it_as_a_credit_of_the_customer(self, books):
        books.receive(Decimal("150.00"), DAY, {"A": Decimal("60.00")}, id="p")
        asked = Receivables(books.store)
        (row,) = [each for each in asked.outstanding() if each.code == "unapplied"]
        assert row.amount == Decimal("-90.00")
        assert {each.customer: str(each.total) for each in asked.aging(DAY)} == {"C": "100.00", "D": "100.00"}
        assert sum(each.amount for each in asked.paid()) == Decimal("150.00")
        assert not asked.adjusted()

    @pytest.mark.parametrize(
        ("amount", "to", "options", "reason"),
        [
            ("0", ["A"], {}, "the amount must be positive"),
            ("-1", ["A"], {}, "the amount must be positive"),
            ("10", {"A": Decimal(4), "B": Decimal(7)}, {}, "add up to 11.00, but the amount is 10.00 EUR"),
            (
                "500",
                {"A": Decimal(101)},
                {},
                "the part 101.00 of invoice 'A' is beyond the 100.00 EUR that is owed",
            ),
            ("10", {"A": Decimal(0)}, {}, "the part 0.00 of invoice 'A' is zero; leave the document out"),
            ("10", ["A", "A"], {}, "number 'A' is named twice"),
            ("10", ["A", "D"], {}, "the customers of the documents are 'C', 'D'; name the customer who paid"),
            ("10", [], {}, "the customers of the documents are none"),
            ("10", [], {"customer": "X"}, "customer 'X' has no document; name another, or give its Party"),
            ("10", ["A"], {"currency": "CHF"}, "the currencies of the payment are CHF, EUR"),
            ("10", ["A"], {"id": ""}, "has 0 characters"),
            ("10", ["A"], {"id": "a" * 151}, "has 151 characters"),
            ("0.001", ["A"], {}, "0.001"),
        ],
    )
    def test_a_refused_payment_changes_nothing(self, books, amount, to, options, reason):
        before = dict(books.store)
        with pytest.raises(Invalid, match=reason):
            books.receive(Decimal(amount), DAY, to, **options)
        assert dict(books.store) == before

    def test_a_missing_number_changes_nothing(self, books):
        before = dict(books.store)
        with pytest.raises(KeyError):
            books.receive(Decimal(10), DAY, ["A", "X"])
        assert dict(books.store) == before

    def test_the_same_id_on_another_day_changes_nothing(self, books):
        parts = {"A": Decimal(60), "B": Decimal(50)}
        paid = books.receive(Decimal(150), DAY, parts, id="p")
        before = dict(books.store)
        assert books.receive(Decimal(150), LATER, parts, id="p") == paid
        assert books.receive(Decimal(150), LATER, ["A", "B"], id="p") == paid
        assert dict(books.store) == before

    @pytest.mark.parametrize(
        ("amount", "to", "options", "differing"),
        [
            ("151", {"A": Decimal(60)}, {}, "amount"),
            ("150", {"A": Decimal(61)}, {}, "documents"),
            ("150", {"A": Decimal(60)}, {"customer": "D"}, "customer"),
            ("150", {"A": Decimal(60)}, {"reference": "RF2"}, "reference"),
            ("151", {"A": Decimal(60), "B": Decimal(1)}, {}, "amount, documents"),
        ],
    )
    def test_the_same_id_with_another_content_names_the_difference(
        self, books, amount, to, options, differing
    ):
        books.receive(Decimal(150), DAY, {"A": Decimal(60)}, id="p")
        before = dict(books.store)
        with pytest.raises(Conflict, match=f"recorded on 2026-02-01, of 150 EUR .* differs in {differing};"):
            books.receive(Decimal(amount), DAY, to, id="p", **options)
        assert dict(books.store) == before

    def test_the_same_id_for_other_documents_is_refused(self, books):
        books.receive(Decimal(100), DAY, ["A"], id="p")
        for to in (["B"], ()):
            with pytest.raises(Conflict, match="differs in documents;"):
                books.receive(Decimal(100), DAY, to, id="p", customer="C")

    def test_an_id_of_voids_is_refused(self, books):
        with pytest.raises(Invalid, match="the id 'void-p' begins with 'void-', as the ids of voids do"):
            books.receive(Decimal(1), DAY, customer="C", id="void-p")

    def test_a_document_that_has_a_payment_of_that_id_is_not_paid_twice(self, books):
        books.pay("A", Decimal(10), DAY, id="p")
        before = dict(books.store)
        with pytest.raises(
            Invalid, match="payment 'p' is already recorded on invoice 'A', on 2026-02-01, of 10"
        ):
            books.receive(Decimal(150), DAY, ["A", "B"], id="p")
        assert dict(books.store) == before

    def test_two_sellers_may_use_one_id(self, books):
        books.add(invoice("A", seller=Party("S2", "Second")))
        for seller in ("S", "S2"):
            books.receive(Decimal(10), DAY, ["A"], seller=seller, id="p")
        with pytest.raises(Invalid, match="payment 'p' is used by the sellers 'S', 'S2'; name the seller"):
            books.payment("p")
        assert books.payment("p", "S2").seller.id == "S2"

    @pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
    def test_a_number_that_is_not_an_amount_is_refused(self, books, amount):
        books.receive(Decimal(10), DAY, customer="C", id="p")
        for call in (
            lambda: books.receive(Decimal(amount), DAY, customer="C"),
            lambda: books.receive(Decimal(10), DAY, {"A": Decimal(amount)}),
            lambda: books.apply("p", ["A"], DAY, Decimal(amount)),
            lambda: books.refund_payment("p", Decimal(amount), DAY),
        ):
            with pytest.raises(Invalid):
                call()


class TestApply:
    @pytest.fixture(autouse=True)
    def paid(self, books):
        books.receive(Decimal(150), DAY, {"A": Decimal(30)}, id="p")

    def test_unapplied_money_is_applied_later(self, books):
        made = books.apply("p", ["A", "B"], LATER, id="x")
        assert (owed(books, "A", "B"), left(books, "p")) == (["0.00", "150.00"], "0.00")
        assert (made.number, made.payments, cash(books)) == ("x", (), {"2026-02": "150"})
        assert books.apply("p", ["A", "B"], LATER, id="x") == made

    def test_in_part(self, books):
        books.apply("p", ["B"], LATER, Decimal(20))
        books.apply("p", {"A": Decimal(5), "B": Decimal(6)}, LATER)
        assert (owed(books, "A", "B"), left(books, "p")) == (["65.00", "174.00"], "89.00")

    @pytest.mark.parametrize(
        ("to", "amount", "reason"),
        [
            (
                ["B"],
                "121",
                "payment 'p' has 120.00 EUR left to settle other documents, which is less than 121.00",
            ),
            (["B"], "-1", "the amount -1 must be positive"),
            ({"B": Decimal(121)}, None, "the parts add up to 121.00, but the amount is 120.00"),
        ],
    )
    def test_more_than_is_left_changes_nothing(self, books, to, amount, reason):
        before = dict(books.store)
        with pytest.raises(Invalid, match=reason):
            books.apply("p", to, LATER, amount and Decimal(amount))
        assert dict(books.store) == before

    def test_another_content_is_refused(self, books):
        books.apply("p", {"B": Decimal(5)}, LATER, id="x")
        with pytest.raises(
            Conflict, match=r"'x' is already recorded on 2026-03-01, but .* differs in documents;"
        ):
            books.apply("p", {"B": Decimal(6)}, LATER, id="x")
        books.receive(Decimal(7), LATER, customer="C", id="q")
        with pytest.raises(Conflict, match="differs in source"):
            books.apply("q", ["B"], LATER, id="x")

    def test_a_payment_that_is_missing(self, books):
        with pytest.raises(KeyError, match="no payment 'q'"):
            books.apply("q", ["A"], LATER)

    def test_a_refund_takes_of_the_unapplied_money_only(self, books):
        entry = books.refund_payment("p", Decimal(20), LATER, id="r")
        assert (entry.amount, left(books, "p"), cash(books)) == (
            Decimal(-20),
            "100",
            {"2026-02": "150", "2026-03": "-20"},
        )
        assert books.refund_payment("p", Decimal(20), LATER, id="r") == entry
        with pytest.raises(Invalid, match="refund of -101 on payment 'p': -101 takes more than the 100 "):
            books.refund_payment("p", Decimal(101), LATER)
        books.void_payment("p", LATER, "returned", entry="r")
        assert left(books, "p") == "120"


class TestCredit:
    def test_a_credit_note_settles_an_invoice_without_cash(self, books):
        books.credit("N", ["A"], DAY, id="c")
        assert (owed(books, "A", "N"), cash(books)) == (["50.00", "0.00"], {})
        kinds = [entry.kind for number in "AN" for entry in books.find(number).payments]
        assert kinds == ["credit", "credit"]
        assert not Receivables(books.store).paid()

    def test_in_part(self, books):
        books.credit("N", {"A": Decimal(20), "B": Decimal(10)}, DAY)
        assert owed(books, "A", "B", "N") == ["80.00", "190.00", "-20.00"]

    @pytest.mark.parametrize(
        ("number", "to", "reason"),
        [
            ("A", ["B"], "invoice 'A' has 0.00 EUR left to settle other documents"),
            ("N", {"A": Decimal(51)}, "the parts add up to 51.00, but the amount is 50.00"),
            (
                "N",
                {"N": Decimal(-10), "A": Decimal(20)},
                "credit-note 'N' cannot settle itself; name other documents",
            ),
            ("N", [], "nothing is owed on the documents that credit-note 'N' is to settle"),
        ],
    )
    def test_it_changes_nothing_if_refused(self, books, number, to, reason):
        before = dict(books.store)
        with pytest.raises(Invalid, match=reason):
            books.credit(number, to, DAY)
        assert dict(books.store) == before


class TestMove:
    def test_the_cash_stays_as_it_was(self, books):
        books.pay("A", Decimal("80.00"), DAY)
        books.move("A", ["B"], LATER, Decimal("30.00"))
        assert (owed(books, "A", "B"), cash(books)) == (["50.00", "170.00"], {"2026-02": "80.00"})
        assert sum(books.find("A").paid().values()) == Decimal("50.00")

    def test_the_credit_of_the_customer_is_moved_first(self, books):
        books.pay("A", Decimal("130.00"), DAY, overpaid=True)
        books.move("A", ["B"], LATER, Decimal("40.00"))
        assert (owed(books, "A", "B"), books.find("A").owed()["unapplied"]) == (["10.00", "160.00"], 0)

    def test_to_another_customer(self, books):
        books.pay("A", Decimal("80.00"), DAY)
        books.move("A", {"D": Decimal("80.00")}, LATER)
        totals = {each.customer: str(each.total) for each in Receivables(books.store).aging(DAY)}
        assert totals == {"C": "250.00", "D": "20.00"}

    def test_more_than_was_paid_changes_nothing(self, books):
        books.pay("A", Decimal("80.00"), DAY)
        before = dict(books.store)
        with pytest.raises(
            Invalid, match=r"has 80.00 EUR left to settle other documents, which is less than 81"
        ):
            books.move("A", ["B"], LATER, Decimal(81))
        assert dict(books.store) == before


class TestVoid:
    def test_a_payment_with_all_of_its_parts(self, books):
        books.receive(Decimal("150.00"), DAY, {"A": Decimal("60.00"), "B": Decimal("50.00")}, id="p")
        books.void_payment("p", LATER, "returned")
        assert (owed(books, "A", "B"), left(books, "p")) == (["100.00", "200.00"], "0.00")
        assert cash(books) == {"2026-02": "150.00", "2026-03": "-150.00"}
        assert books.is_voided(books.payment("p"))
        before = dict(books.store)
        books.void_payment("p", date(2026, 4, 1), "again")
        assert dict(books.store) == before
        with pytest.raises(Conflict, match="payment 'p' was voided on 2026-03-01: returned"):
            books.receive(Decimal("150.00"), DAY, {"A": Decimal("60.00"), "B": Decimal("50.00")}, id="p")

    def test_what_was_applied_later_must_be_voided_first(self, books):
        books.receive(Decimal(150), DAY, {"A": Decimal(60)}, id="p")
        books.apply("p", ["B"], LATER, id="x")
        before = dict(books.store)
        with pytest.raises(
            Invalid, match=r"takes more than .*; take no more than that, or void first the entries"
        ):
            books.void_payment("p", LATER, "returned")
        assert dict(books.store) == before
        books.void_payment("x", LATER, "wrong invoice")
        books.void_payment("p", LATER, "returned")
        assert owed(books, "A", "B") == ["100.00", "200.00"]

    def test_a_document_that_was_deleted_must_be_put_back_first(self, books):
        books.receive(Decimal(150), DAY, ["A", "B"], id="p")
        key = invoice_key("S", "A")
        deleted = books.store.pop(key)
        before = dict(books.store)
        with pytest.raises(
            Invalid, match=f"void of payment 'p': the document at '{key}' was deleted; put it back"
        ):
            books.void_payment("p", LATER, "returned")
        assert dict(books.store) == before
        books.store[key] = deleted
        books.void_payment("p", LATER, "returned")
        assert owed(books, "A", "B") == ["100.00", "200.00"]

    def test_a_credit_and_a_move(self, books):
        books.pay("A", Decimal(10), DAY)
        books.credit("N", ["B"], DAY, id="c")
        books.move("A", ["B"], DAY, id="m")
        for id in "cm":
            books.void_payment(id, LATER, "wrong")
        assert owed(books, "A", "B", "N") == ["90.00", "200.00", "-50.00"]

    def test_money_that_was_moved_later_must_be_voided_first(self, books):
        books.receive(Decimal(100), DAY, ["A"], id="p")
        books.move("A", ["B"], DAY, id="m")
        before = dict(books.store)
        with pytest.raises(Invalid, match="because it was moved by 'm'; void the move first"):
            books.void_payment("p", LATER, "returned")
        assert dict(books.store) == before
        books.void_payment("m", LATER, "wrong")
        books.void_payment("p", LATER, "returned")
        assert owed(books, "A", "B") == ["100.00", "200.00"]

    def test_a_single_payment_that_was_moved_later(self, books):
        books.pay("A", Decimal(100), DAY, id="p")
        books.move("A", ["B"], DAY, id="m")
        with pytest.raises(Invalid, match="because it was moved by 'm'; void the move first"):
            books.void("A", "p", LATER, "returned")

    @pytest.mark.parametrize("entry", ["p", "p/used"])
    def test_an_entry_that_is_not_a_refund_is_not_voided_alone(self, books, entry):
        books.receive(Decimal(150), DAY, ["A"], id="p")
        with pytest.raises(Invalid, match="is not a refund; void the payment as a whole"):
            books.void_payment("p", LATER, "wrong", entry=entry)
        assert left(books, "p") == "50.00"

    def test_a_payment_with_the_id_of_the_void_is_not_the_void(self, books):
        other = books.receive(Decimal(1), DAY, customer="C", id="other")
        books.add(replace(other, number="void-p", payments=(replace(other.payments[0], id="void-p"),)))
        books.receive(Decimal(100), DAY, ["A"], id="p")
        assert not books.is_voided(books.payment("p"))
        with pytest.raises(Conflict, match="its id 'void-p' is that of another payment"):
            books.void_payment("p", LATER, "returned")

    def test_a_void_is_not_voided(self, books):
        books.receive(Decimal(150), DAY, ["A"], id="p")
        books.void_payment("p", LATER, "returned")
        with pytest.raises(Invalid, match="it takes back another payment itself; record that payment again"):
            books.void_payment("void-p", LATER, "no")

    def test_a_part_is_not_voided_alone(self, books):
        books.receive(Decimal(150), DAY, ["A"], id="p")
        with pytest.raises(
            Invalid, match="is a part of payment 'p', which settles several documents; void that"
        ):
            books.void("A", "p", LATER, "wrong")

    def test_a_reason_is_needed(self, books):
        books.receive(Decimal(150), DAY, ["A"], id="p")
        with pytest.raises(Invalid, match="the reason is empty"):
            books.void_payment("p", LATER, " ")


FIVE = (Allocation("4400", Decimal(5)),)
FOREIGN = Part("invoices/X/A", Payment("q", DAY, Decimal(5), FIVE, kind="transfer", part_of="q"))
MARKED = payment_document("q", DAY, SELLER, Party("C", "Customer"), "EUR", (), (), 1)


@pytest.mark.parametrize(
    ("mark", "marked"),
    [
        ("payments-open/S/q", replace(MARKED, settlement=Settlement((FOREIGN,), "open"))),
        ("payments-open/S/q", replace(MARKED, kind="invoice")),
        ("payments-open/S/other", MARKED),
        ("payments-open/X/q", MARKED),
        ("payments-open/q", MARKED),
        ("payments-open/S/q/r", MARKED),
    ],
    ids=["other-seller", "invoice", "other-id", "mark-of-other-seller", "no-seller", "three-parts"],
)
def test_a_mark_does_not_reach_documents_that_are_not_its_own(books, mark, marked):
    books.add(invoice("A", seller=Party("X", "Other")))
    books.store[mark] = marked
    before = dict(books.store)
    with pytest.raises(Corrupt, match=f"the payment at '{mark}' does not belong there"):
        books.finish()
    assert dict(books.store) == before
    assert len(books.unfinished()) == 1


def test_a_payment_that_names_documents_of_another_seller_is_not_voided(books):
    books.add(invoice("A", seller=Party("X", "Other"), payments=(FOREIGN.entry,)))
    books.add(replace(MARKED, settlement=Settlement((FOREIGN,), "done")))
    with pytest.raises(Corrupt, match="parts of other documents than those of its seller"):
        books.void_payment("q", DAY, "wrong")
    assert books.find("A", "X").payments == (FOREIGN.entry,)


def test_a_stored_payment_on_another_code_has_nothing_unapplied(books):
    books.store["invoices/S/payments/q"] = replace(MARKED, payments=(Payment("q", DAY, Decimal(5), FIVE),))
    assert books.payments(unapplied=True) == []
    assert [each.number for each in books.payments()] == ["q"]


def test_payments_are_listed_by_day(books):
    books.receive(Decimal(10), LATER, ["A"], id="p")
    books.receive(Decimal(20), DAY, customer="D", id="q")
    books.apply("q", ["D"], LATER, Decimal(5))
    assert [each.number for each in books.payments()] == ["q", "p"]
    assert [each.number for each in books.payments(unapplied=True)] == ["q"]
    assert [each.number for each in books.payments(customer="C")] == ["p"]


def test_a_payment_document_is_not_an_invoice(books):
    books.receive(Decimal(10), DAY, ["A"], id="X")
    with pytest.raises(KeyError):
        books.find("X")
    assert sorted(each.number for each in books) == ["A", "B", "D", "N"]


def test_a_dict_keeps_them_too():
    books = fill(Books({}))
    books.receive(Decimal(150), DAY, {"A": Decimal(60)}, id="p")
    books.apply("p", ["B"], LATER, Decimal(20), id="x")
    books.void_payment("x", LATER, "wrong")
    assert (owed(books, "A", "B"), left(books, "p")) == (["40.00", "200.00"], "90.00")
    before = dict(books.store)
    with pytest.raises(Invalid):
        books.apply("p", {"A": Decimal(10), "B": Decimal(201)}, LATER)
    assert dict(books.store) == before


def test_views_equal_the_reports():
    books = fill(Books(Json(Memory(), Invoice)))
    books.receive(Decimal(150), DAY, ["A", "N"], id="p")
    books.apply("p", ["B"], LATER)
    assert reports(ViewedReceivables(books.store)) == reports(Receivables(books.store))


def test_books_that_are_exported_and_imported_are_equal(books):
    books.receive(Decimal(150), DAY, ["A"], id="p")
    books.void_payment("p", LATER, "returned")
    other: dict[str, Any] = {}
    copy = Books(other)
    assert all(copy.add(each) for each in books.store.values())
    assert not any(copy.add(each) for each in books.store.values())
    assert other == dict(books.store)


def test_a_store_that_cannot_compare_and_swap_is_refused_and_stays_as_it_was():
    class Plain(Without):
        swap = Store.swap

    store = Json(Memory(), Invoice)
    fill(Books(store))
    before = dict(store)
    with pytest.raises(Unsupported):
        Books(Plain(store, Feature.ATOMIC | Feature.SWAP)).receive(Decimal(10), DAY, ["A"])
    assert dict(store) == before
