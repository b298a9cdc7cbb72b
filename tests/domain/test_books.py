"""The books: added once, paid once for each id, and nothing changes where something is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from msgspec.structs import replace

from holdall import Json, Memory
from holdall.domain.allocation import oldest_first
from holdall.domain.books import Books
from holdall.domain.model import UNAPPLIED, Invoice, Party, Payment
from holdall.domain.recording import record
from holdall.errors import Conflict, Invalid, InvalidKey, Unsupported
from holdall.middleware.passthrough import PassThrough
from holdall.store import Feature
from tests.domain.made import invoice, line

DAY = date(2026, 2, 1)


class Plain(PassThrough[Invoice]):
    """A store that does not seek, as a listing service without a start."""

    @property
    def features(self) -> Feature:
        return super().features & ~Feature.SEEK


def store_of(kind: str) -> Any:
    if kind == "dict":
        return {}
    documents = Json(Memory(), Invoice)
    return documents if kind == "seeking" else Plain(documents)


@pytest.fixture(params=["dict", "seeking", "plain"])
def books(request: pytest.FixtureRequest) -> Books:
    return Books(store_of(request.param))


def unchanged(books: Books) -> dict[str, Invoice]:
    return dict(books.store.items())


def test_what_is_added_is_found(books: Books) -> None:
    assert books.add(invoice())
    assert books.find("7") == invoice()
    assert list(books.store) == ["invoices/S/7"]


def test_the_same_again_changes_nothing(books: Books) -> None:
    books.add(invoice())
    before = unchanged(books)
    assert not books.add(invoice(total=Decimal("100.0")))
    assert unchanged(books) == before


def test_the_same_again_keeps_payments_recorded_since(books: Books) -> None:
    books.add(invoice())
    books.pay("7", Decimal(10), DAY)
    assert not books.add(invoice())
    assert len(books.find("7").payments) == 1


def test_a_payment_that_came_with_the_invoice_is_among_those_recorded(books: Books) -> None:
    books.add(invoice())
    prepaid = books.pay("7", Decimal(10), DAY, id="prepaid")
    assert not books.add(invoice(payments=(prepaid,)))
    with pytest.raises(Conflict, match="differs in payments"):
        books.add(invoice(payments=(replace(prepaid, id="other"),)))


def test_other_content_under_the_number_is_refused_by_name(books: Books) -> None:
    books.add(invoice())
    before = unchanged(books)
    other = invoice("7", line("1", c4400="70.00"), customer=Party("D", "Other"))
    with pytest.raises(Conflict, match=r"'7' of 100\.00 EUR.*'7' of 70\.00 EUR.* differs in") as e:
        books.add(other)
    assert "customer, total, lines" in str(e.value)
    assert e.value.key == "invoices/S/7"
    assert unchanged(books) == before


def test_books_of_earlier_releases_have_no_payment_reference(books: Books) -> None:
    books.add(invoice())
    assert books.add(invoice(payment_reference="RF18539007547034")) is False
    books.add(invoice("8", payment_reference="RF18539007547034"))
    with pytest.raises(Conflict, match="differs in payment_reference"):
        books.add(invoice("8", payment_reference="RF33 8"))


def test_another_seller_may_use_the_number(books: Books) -> None:
    books.add(invoice())
    assert books.add(invoice(seller=Party("S/2", "Second")))
    assert books.find("7", seller="S/2").seller.id == "S/2"
    with pytest.raises(Invalid, match="'7' is used by the sellers 'S', 'S/2'; name the seller"):
        books.find("7")


def test_a_number_of_two_series_is_two_documents(books: Books) -> None:
    note = invoice("7", line("1", c4400="-40.00"), kind="credit-note")
    later = invoice("7", line("1", c4400="70.00"), issued=date(2027, 1, 1), due=None)
    documents = {"2026-invoice": invoice(), "2026-credit-note": note, "2027-invoice": later}
    for added in (True, False):
        assert [books.add(each) for each in documents.values()] == [added] * 3
    assert sorted(books.store) == [
        "invoices/S/7",
        "invoices/S/7/2026-credit-note",
        "invoices/S/7/2027-invoice",
    ]
    assert sorted(each.total for each in books) == [-40, 70, 100]
    assert {name: books.find("7", "S", name) for name in documents} == documents


def test_a_number_of_two_series_needs_the_series(books: Books) -> None:
    note = invoice("7", line("1", c4400="-40.00"), kind="credit-note")
    assert [books.add(note), books.add(invoice()), books.add(invoice("70"))] == [True] * 3
    with pytest.raises(Invalid, match="'7' is used in the series 2026-credit-note, 2026-invoice; name the"):
        books.pay("7", Decimal(10), DAY)
    books.pay("7", Decimal(10), DAY, series="2026-invoice")
    assert (
        len(books.find("7", series="2026-invoice").payments),
        books.find("7", "S", "2026-credit-note"),
    ) == (1, note)
    with pytest.raises(
        KeyError, match="no invoice '7' in the series '2025-invoice', only in 2026-credit-note"
    ):
        books.find("7", series="2025-invoice")
    with pytest.raises(KeyError, match="no invoice '70' in the series '2025-invoice'"):
        books.find("70", series="2025-invoice")


def test_other_content_in_a_later_series_is_refused_by_name(books: Books) -> None:
    note = invoice("7", line("1", c4400="-40.00"), kind="credit-note")
    assert [books.add(invoice()), books.add(note)] == [True] * 2
    with pytest.raises(
        Conflict, match=r"credit-note .7. of -40\.00 EUR .* differs in total, lines"
    ) as caught:
        books.add(invoice("7", line("1", c4400="-50.00"), kind="credit-note"))
    assert caught.value.key == "invoices/S/7/2026-credit-note"


def test_sellers_and_their_invoices_are_listed_in_order(books: Books) -> None:
    for seller, number in [("a", "2"), ("a-b", "1"), ("a", "1"), ("a0", "1"), ("b/c", "1")]:
        books.add(invoice(number, seller=Party(seller, seller)))
    assert list(books.sellers()) == ["a-b", "a", "a0", "b/c"]
    assert [(each.seller.id, each.number) for each in books.of("a")] == [("a", "1"), ("a", "2")]
    assert [each.number for each in books] == ["1", "1", "2", "1", "1"]


def test_no_books_have_no_sellers(books: Books) -> None:
    assert list(books.sellers()) == []
    assert list(books) == []


def test_other_keys_of_the_store_are_no_invoices(books: Books) -> None:
    books.store["notes/1"] = invoice()
    books.store["invoices0"] = invoice()
    assert list(books.sellers()) == []
    assert list(books) == []


def test_a_seller_written_otherwise_by_another_program_neither_hides_nor_doubles_one(books: Books) -> None:
    for seller in ("a/b", "c"):
        books.add(invoice(seller, seller=Party(seller, seller)))
    for foreign in ("%41", "a%2fb"):
        books.store[f"invoices/{foreign}/1"] = invoice("1")
    assert list(dict.fromkeys(islice(books.sellers(), 9))) == ["A", "a/b", "c"]
    assert books.find("a/b").seller.id == "a/b"


@pytest.mark.parametrize("seller", [None, "S", "T"])
def test_an_invoice_that_is_not_there_is_a_key_error(books: Books, seller: str | None) -> None:
    with pytest.raises(KeyError, match="no invoice '7'"):
        books.find("7", seller)
    with pytest.raises(KeyError, match="no invoice '7'"):
        books.pay("7", Decimal(1), DAY, seller=seller)


def test_an_invalid_invoice_is_not_kept(books: Books) -> None:
    with pytest.raises(Invalid, match="the lines add up to"):
        books.add(invoice(total=Decimal(1)))
    assert unchanged(books) == {}


def test_a_number_too_long_for_a_key_is_refused() -> None:
    with pytest.raises(InvalidKey):
        Books(store_of("seeking")).add(invoice("№" * 150))


class TestPaying:
    @pytest.fixture
    def books(self, books: Books) -> Books:
        books.add(invoice())
        return books

    def test_in_proportion_unless_said(self, books: Books) -> None:
        payment = books.pay("7", Decimal("33.33"), DAY, reference="RF1", note="by bank")
        assert {part.code: str(part.amount) for part in payment.allocations} == {
            "4400": "20.00",
            "4410": "13.33",
        }
        assert books.find("7").payments == (payment,)
        assert (payment.on, payment.reference, payment.note) == (DAY, "RF1", "by bank")

    def test_by_another_policy(self, books: Books) -> None:
        payment = books.pay("7", Decimal(70), DAY, oldest_first)
        assert [part.amount for part in payment.allocations] == [60, 10]

    def test_it_goes_to_the_codes_that_are_named(self, books: Books) -> None:
        books.pay("7", Decimal(40), DAY, {"4410": Decimal(40)})
        assert books.find("7").owed() == {"4400": 60, "4410": 0}

    def test_without_an_id_each_is_a_payment_of_its_own(self, books: Books) -> None:
        first, second = (books.pay("7", Decimal(10), DAY) for _ in range(2))
        assert first.id != second.id
        assert books.find("7").owed() == {"4400": 48, "4410": 32}

    @pytest.mark.parametrize("to", [oldest_first, {"4400": Decimal(10)}])
    def test_the_same_under_its_id_is_recorded_once(self, books: Books, to: Any) -> None:
        first = books.pay("7", Decimal(10), DAY, to, id="a")
        books.pay("7", Decimal(60), DAY, oldest_first)
        before = unchanged(books)
        assert books.pay("7", Decimal(10), DAY, to, id="a") == first
        assert unchanged(books) == before

    def test_the_same_again_writes_nothing(self) -> None:
        store = store_of("seeking")
        books = Books(store)
        books.add(invoice())
        books.pay("7", Decimal(10), DAY, id="a")
        before = store.get_tagged("invoices/S/7").tag
        books.pay("7", Decimal(10), DAY, id="a")
        assert not books.add(invoice())
        assert store.get_tagged("invoices/S/7").tag == before

    def test_the_same_recorded_by_another_writer_meanwhile_is_recorded_once(self) -> None:
        payment = Payment("a", DAY, Decimal(10), ())
        once = record(invoice(), payment, oldest_first)
        assert record(once, payment, oldest_first) == once

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": Decimal(11)},
            {"reference": "other"},
            {"to": {"4410": Decimal(10)}},
        ],
    )
    def test_another_under_that_id_is_refused(self, books: Books, change: dict[str, Any]) -> None:
        books.pay("7", Decimal(10), DAY, {"4400": Decimal(10)}, id="a")
        before = unchanged(books)
        with pytest.raises(Conflict, match="payment 'a' on invoice '7' is already recorded") as caught:
            books.pay(
                "7",
                **{"amount": Decimal(10), "on": DAY, "to": {"4400": Decimal(10)}, "id": "a"} | change,
            )
        assert "another id" not in str(caught.value)
        assert unchanged(books) == before

    def test_the_same_on_a_later_day_is_recorded_already(self, books: Books) -> None:
        first = books.pay("7", Decimal(10), DAY, id="a")
        before = unchanged(books)
        assert books.pay("7", Decimal(10), date(2026, 2, 2), id="a") == first
        assert unchanged(books) == before

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"amount": Decimal("100.01")}, r"beyond the 100\.00 that is owed; pay no more"),
            (
                {"amount": Decimal(-1)},
                r"-1\.00 EUR pays nothing of the 100\.00 that is owed; to take a payment back, name the amount",
            ),
            (
                {"to": {"4401": Decimal(10)}},
                "'4401' is not billed on this invoice, whose codes are 4400, 4410",
            ),
            (
                {"amount": Decimal(61), "to": {"4400": Decimal(61)}},
                "beyond the 60.00 owed on '4400'",
            ),
            ({"to": {"4400": Decimal(9)}}, "the allocations add up to 9, but the amount is 10"),
            ({"to": {}}, "no code is named; name the amount of each code"),
            ({"amount": Decimal(0)}, "the amount of a payment must not be 0; give the amount"),
            ({"amount": Decimal("0.001")}, "not a valid amount in EUR"),
            ({"amount": 10.5}, "not a valid amount in EUR"),
            ({"amount": 10.5, "to": {"4400": 10.5}}, "write a decimal number as text"),
            ({"on": "soon"}, "write a day of the calendar as YYYY-MM-DD"),
            ({"currency": "USD"}, "invoice '7' is in EUR, but the payment is in USD; record it in EUR"),
            ({"id": "a\nb"}, "no control characters"),
        ],
    )
    def test_what_may_not_be_is_refused(self, books: Books, fields: dict[str, Any], reason: str) -> None:
        before = unchanged(books)
        with pytest.raises(Invalid, match=reason) as caught:
            books.pay("7", **{"amount": Decimal(10), "on": DAY} | fields)
        assert "invoice '7'" in str(caught.value)
        assert unchanged(books) == before

    def test_the_currency_may_be_said(self, books: Books) -> None:
        assert books.pay("7", Decimal(1), DAY, currency="EUR").amount == 1

    def test_what_is_paid_over_is_unapplied_and_may_be_paid_back(self, books: Books) -> None:
        books.pay("7", Decimal(130), DAY, overpaid=True)
        assert books.find("7").owed() == {"4400": 0, "4410": 0, UNAPPLIED: -30}
        books.pay("7", Decimal(-30), DAY)
        assert books.find("7").owed()[UNAPPLIED] == 0


def test_a_credit_note_is_paid_back(books: Books) -> None:
    books.add(invoice("8", line("1", c4400="-30.00"), kind="credit-note", references=("7",)))
    with pytest.raises(Invalid, match=r"pays nothing of the -30\.00 that is owed; pay a neg"):
        books.pay("8", Decimal(10), DAY)
    books.pay("8", Decimal(-10), DAY)
    assert books.find("8").owed() == {"4400": -20}


class TestConcurrently:
    """On a store with compare-and-swap, in threads that start together."""

    def test_one_of_many_adds_wins_and_the_others_know(self) -> None:
        books = Books(store_of("seeking"))
        with ThreadPoolExecutor(8) as pool:
            added = list(pool.map(lambda _: books.add(invoice()), range(8)))
        assert sorted(added) == [False] * 7 + [True]

    def test_no_payment_is_lost(self) -> None:
        books = Books(store_of("seeking"))
        books.add(invoice())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: books.pay("7", Decimal("2.50"), DAY), range(40)))
        assert set(books.find("7").owed().values()) == {0}

    def test_no_payment_goes_beyond_what_is_owed(self) -> None:
        books = Books(store_of("seeking"))
        books.add(invoice())

        def pay(_: int) -> bool:
            try:
                books.pay("7", Decimal(30), DAY)
            except Invalid:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(pay, range(8))) == 3

    def test_one_payment_under_one_id(self) -> None:
        books = Books(store_of("seeking"))
        books.add(invoice())
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: books.pay("7", Decimal(10), DAY, id="a"), range(16)))
        assert len(books.find("7").payments) == 1


def test_a_store_that_cannot_swap_is_refused() -> None:
    class NoSwap(PassThrough[Invoice]):
        def swap(self, key: str, value: Invoice, /, expected: Any) -> Any:
            raise Unsupported("no swap here")

        def transact(self, changes: Any, /) -> None:
            raise Unsupported("no transactions here")

    with pytest.raises(Unsupported):
        Books(NoSwap(Json(Memory(), Invoice))).add(invoice())


@pytest.mark.parametrize("given", [["number", "7"], "7", None])
def test_what_is_not_an_invoice_is_a_type_error_that_says_how_to_make_one(given: Any, books: Books) -> None:
    with pytest.raises(TypeError, match=r"is not an Invoice; make one with Invoice.from_json"):
        books.add(given)
    assert unchanged(books) == {}


def test_an_address_is_not_books() -> None:
    with pytest.raises(TypeError, match=r"not a str; holdall.open\(address, type=Invoice\) opens a store"):
        Books("sqlite:///books.db")  # type: ignore[arg-type]
