"""Payments on a store without transactions: killed, raced and refused between any two requests."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables
from holdall.domain.money import sum_amounts
from holdall.domain.settlement import settlement_of, unapplied
from holdall.errors import Conflict, Invalid
from holdall.middleware.interceptor import Interceptor
from holdall.store import Feature, Store
from tests.domain.made import invoice, line
from tests.domain.test_payments import DAY, LATER, fill
from tests.replication.mortal import Without
from tests.soak import SOAK


class Killed(BaseException):
    """Stands for the end of the process."""


def die() -> None:
    raise Killed


class Eventful(Interceptor[Any]):
    """A store without transactions, with the event of that number before each request. `modify` is two requests."""

    modify = Store.modify

    def __init__(self, store: Store[Any], events: dict[int, Callable[[], Any]]) -> None:
        super().__init__(Without(store, Feature.ATOMIC))
        self._events = events
        self.calls: list[str] = []

    def _call(self, name, call, /, *args):
        self._request(name)
        return call(*args)

    def _stream(self, name, items, /):
        self._request(name)
        yield from items

    def _request(self, name: str) -> None:
        self.calls.append(name)
        self._events.get(len(self.calls) - 1, lambda: None)()


def watched(store: Store[Invoice], at: int | None = None) -> Books:
    """Books that end their process at a request: that after the claim of `receive`, unless ``at`` names another."""
    events = {after_the_claim() if at is None else at: die}
    return Books(Eventful(store, events))


def opened(below: Store[bytes], events: dict[int, Callable[[], Any]] | None = None) -> Books:
    return Books(Json(Eventful(below, events or {}), Invoice))


PARTS = {"A": Decimal("60.00"), "B": Decimal("50.00")}


def receive(books: Books) -> Any:
    return books.receive(Decimal("150.00"), DAY, PARTS, id="p")


def receive_with_a_credit_note(books: Books) -> Any:
    return books.receive(Decimal("150.00"), DAY, ["N", "B"], id="p")


def apply(books: Books) -> Any:
    return books.apply("earlier", PARTS, LATER, id="p")


def credit(books: Books) -> Any:
    return books.credit("N", ["B"], LATER, id="p")


def move(books: Books) -> Any:
    return books.move("D", PARTS, LATER, id="p")


def void(books: Books) -> Any:
    return books.void_payment("spread", LATER, "returned")


DEEDS = [receive, receive_with_a_credit_note, apply, credit, move, void]


def prepare(below: Store[bytes]) -> Books:
    """Books with money on account, and a payment over three invoices."""
    below.update(_prepared())
    return opened(below)


@cache
def _prepared() -> dict[str, bytes]:
    below = Memory()
    books = fill(opened(below))
    books.add(invoice("E", line("1", c4400="10.00")))
    books.receive(Decimal("130.00"), DAY, customer="C", id="earlier")
    books.receive(Decimal("20.00"), DAY, {"E": Decimal("5.00"), "B": Decimal("6.00")}, id="spread")
    books.pay("D", Decimal("110.00"), DAY, id="d", overpaid=True)
    return dict(below)


def cash(books: Books) -> Decimal:
    return sum_amounts(row.amount for row in Receivables(books.store).received())


def balance(books: Books) -> Decimal:
    """The sum of all balances."""
    return sum_amounts(row.total for row in Receivables(books.store).aging(DAY))


def contents(books: Books) -> dict[str, Any]:
    return dict(books.store)


def requests_of(deed: Callable[[Books], Any]) -> list[str]:
    books: Any = prepare(Memory())
    deed(books)
    calls: list[str] = books.store.inner.calls
    return calls


def moments(deed: Callable[[Books], Any]) -> list[int]:
    """The requests of ``deed`` before which another event may change its result; in a soak, all requests."""
    return [
        at for at, name in enumerate(requests_of(deed)) if SOAK or name in ("swap", "discard", "get_tagged")
    ]


def after_the_claim() -> int:
    """The number of the request of `receive` that follows its claim, which is the second swap."""
    calls = requests_of(receive)
    return calls.index("swap", calls.index("swap") + 1) + 1


FINISHERS: dict[str, Callable[[Books, Callable[[Books], Any]], Any]] = {
    "the same call": lambda books, deed: deed(books),
    "a list": lambda books, deed: books.payments(),
    "another payment": lambda books, deed: books.receive(Decimal(1), LATER, customer="D", id="other"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_killed_at_any_request_it_is_recorded_once_or_not_at_all(deed):
    expected = _expected(deed)
    for request in moments(deed):
        _kill(deed, request, expected)


def _kill(deed: Callable[[Books], Any], request: int, expected: Books) -> None:
    below = Memory()
    before = prepare(below)
    cash_before, owed_before, kept = cash(before), balance(before), contents(before)
    with pytest.raises(Killed):
        deed(opened(below, {request: die}))

    found = opened(below)
    new_cash = cash(found) - cash_before  # while it is unfinished
    assert new_cash in {Decimal(0), cash(expected) - cash_before}
    assert balance(found) >= min(owed_before, balance(expected))

    found.finish()
    assert contents(found) in (kept, contents(expected))
    deed(found)
    assert contents(found) == contents(expected)


@pytest.mark.parametrize("finisher", list(FINISHERS))
def test_whoever_meets_it_unfinished_finishes_it(finisher):
    below = Memory()
    prepare(below)
    with pytest.raises(Killed):
        receive(opened(below, {after_the_claim(): die}))
    books = opened(below)
    assert settlement_of(books.store["invoices/S/payments/p"]).state == "open"
    FINISHERS[finisher](books, receive)
    assert settlement_of(books.store["invoices/S/payments/p"]).state == "done"
    assert books.find("A").payments[0].id == "p"
    assert not [*books.store.scan("payments-open/")]


def _expected(deed: Callable[[Books], Any]) -> Books:
    below = Memory()
    books = prepare(below)
    deed(books)
    return books


def test_an_invoice_that_is_paid_by_another_in_between():
    """All of it is recorded, or nothing, and the invoice has no more than it owes."""
    for at in moments(receive):
        _pay_in_between(at)


def _pay_in_between(at: int) -> None:
    below = Memory()
    other = prepare(below)

    def rival() -> None:
        _try(lambda: other.pay("B", Decimal("140.00"), DAY, id="rival"))

    books = opened(below, {at: rival})
    cash_before = cash(other)
    try:
        receive(books)
    except Invalid:
        assert (cash(other) - cash_before, _sums(other)["A"]) == (Decimal("140.00"), Decimal("100.00"))
        assert "p" not in {each.number for each in other.payments()}
    else:
        assert (_sums(other)["A"], unapplied(other.payment("p"))) == (Decimal("40.00"), Decimal("40.00"))
        assert cash(other) - cash_before in {Decimal("150.00"), Decimal("290.00")}
    assert _sums(other)["B"] >= 0
    assert not [*other.store.scan("payments-open/")]


@pytest.mark.parametrize("amount", [Decimal("150.00"), Decimal("140.00")], ids=["equal", "another"])
def test_two_writers_of_one_id_record_one_payment(amount):
    for at in moments(receive):
        _race(at, amount)


def _race(at: int, amount: Decimal) -> None:
    below = Memory()
    other = prepare(below)
    before = cash(other)
    outcomes: list[str] = []

    def rival() -> None:
        outcomes.append(_try(lambda: other.receive(amount, DAY, PARTS, id="p")))

    outcomes.append(_try(lambda: receive(opened(below, {at: rival}))))
    recorded = cash(other) - before
    assert recorded in {Decimal("150.00"), amount}
    assert sorted(outcomes) == (["", ""] if amount == Decimal("150.00") else ["", "Conflict"])
    assert (_sums(other)["A"], unapplied(other.payment("p"))) == (
        Decimal("40.00"),
        recorded - Decimal("110.00"),
    )
    assert not [*other.store.scan("payments-open/")]


def test_a_payment_that_is_taken_back_may_be_killed_too():
    requests = 0
    while _kill_what_is_taken_back(requests):
        requests += 1
    assert requests >= 8


def _kill_what_is_taken_back(requests: int) -> bool:
    """Return whether the writer was killed."""
    below = Memory()
    other = prepare(below)

    def rival() -> None:
        other.pay("B", Decimal("180.00"), DAY, id="rival")

    at = after_the_claim()
    outcome = _try(lambda: receive(opened(below, {at: rival, at + 1 + requests: die})), Killed)
    other.finish()
    assert (_sums(other)["A"], _sums(other)["B"]) == (Decimal("100.00"), Decimal("14.00"))
    assert "p" not in {each.number for each in other.payments()}
    # Under the same id, what is possible is recorded after all.
    other.receive(Decimal("30.00"), LATER, {"A": Decimal("20.00"), "B": Decimal("10.00")}, id="p")
    assert (_sums(other)["A"], _sums(other)["B"]) == (Decimal("80.00"), Decimal("4.00"))
    return outcome == "Killed"


def test_a_writer_that_is_late_does_not_record_what_was_taken_back():
    """One writer stops anywhere; another one takes the payment back and tries again; then the first goes on."""
    for late in moments(receive):
        _go_on_late(late)


def _go_on_late(late: int) -> None:
    below = Memory()
    other = prepare(below)

    def rival() -> None:
        other.pay("B", Decimal("180.00"), DAY, id="rival")
        other.finish()
        _try(lambda: other.receive(Decimal("30.00"), LATER, {"A": Decimal("20.00")}, id="p"))

    _try(lambda: receive(opened(below, {late: rival})))
    other.finish()
    received = (
        other.payment("p").payments[0].amount if "p" in {each.number for each in other.payments()} else 0
    )
    parts = {Decimal("150.00"): Decimal("60.00"), Decimal("30.00"): Decimal("20.00")}
    assert _sums(other)["A"] == Decimal("100.00") - parts.get(received, Decimal(0))
    assert cash(other) == cash(prepare(Memory())) + received + (Decimal("180.00") if _has_rival(other) else 0)


def _has_rival(books: Books) -> bool:
    return any(each.id == "rival" for each in books.find("B").payments)


def _sums(books: Books) -> dict[str, Decimal]:
    return {each.number: sum_amounts(each.owed().values()) for each in books}


def _try(call: Callable[[], Any], *also: type[BaseException]) -> str:
    """Return the name of the error of ``call``, or nothing."""
    try:
        call()
    except (Invalid, Conflict, *also) as problem:
        return type(problem).__name__
    return ""
