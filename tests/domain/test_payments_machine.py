"""Any payments in any order: a store with transactions, one without that is killed, and a dict keep equal books."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from holdall import Json, Memory
from holdall.domain import Books, Invoice, Receivables
from holdall.domain.money import sum_amounts
from holdall.domain.settlement import unapplied
from holdall.errors import Conflict, Invalid
from tests.domain.made import invoice, line
from tests.domain.test_payments import DAY
from tests.domain.test_payments_unfinished import Killed, die, opened
from tests.soak import SOAK

INVOICES = (
    invoice("A"),
    invoice("B", line("1", c4400="150.00", c4410="-30.00"), line("2", c4400="80.00")),
    invoice("N", line("1", c4400="-50.00"), kind="credit-note"),
    invoice("M", line("1", c4400="-40.00", c4410="10.00"), kind="credit-note"),
)
Deed = Callable[[Books], Any]

ids = st.sampled_from(["p", "q", "r", "s"])
numbers = st.sampled_from([each.number for each in INVOICES])
amounts = st.integers(-1000, 20_000).map(lambda cents: Decimal(cents).scaleb(-2))
targets = st.one_of(
    st.lists(numbers, unique=True, max_size=3), st.dictionaries(numbers, amounts, min_size=1, max_size=3)
)
crash = st.none() | st.integers(0, 40)


class Payments(RuleBasedStateMachine):
    """Carries out each deed on three books. Books that refuse it, or are killed, are as they were, or whole."""

    def __init__(self) -> None:
        super().__init__()
        self.below = Memory()
        self.model, self.atomic = Books({}), Books(Json(Memory(), Invoice))
        for books in (self.model, self.atomic, opened(self.below)):
            for each in INVOICES:
                books.add(each)

    def carry_out(self, deed: Deed, crash: int | None) -> None:
        before = dict(self.model.store)
        outcome = _outcome(deed, self.model)
        assert _outcome(deed, self.atomic) == outcome
        killed = _outcome(deed, opened(self.below, {} if crash is None else {crash: die}))
        swapped = opened(self.below)
        if killed == "Killed":
            swapped.finish()
            assert dict(swapped.store) in (before, dict(self.model.store))
            # The model is the same after a second call with the same id.
            assert _outcome(deed, swapped) in (outcome, _outcome(deed, self.model))
            _outcome(deed, self.atomic)
        else:
            assert killed == outcome
        assert dict(self.atomic.store) == dict(swapped.store) == dict(self.model.store)

    @rule(id=ids, amount=amounts, to=targets, crash=crash)
    def receive(self, id: str, amount: Decimal, to: Any, crash: int | None) -> None:
        self.carry_out(lambda books: books.receive(amount, DAY, to, customer="C", id=id), crash)

    @rule(source=ids, id=ids, to=targets, amount=st.none() | amounts, crash=crash)
    def apply(self, source: str, id: str, to: Any, amount: Decimal | None, crash: int | None) -> None:
        self.carry_out(lambda books: books.apply(source, to, DAY, amount, id=id), crash)

    @rule(number=numbers, id=ids, to=targets, amount=st.none() | amounts, crash=crash)
    def credit(self, number: str, id: str, to: Any, amount: Decimal | None, crash: int | None) -> None:
        self.carry_out(lambda books: books.credit(number, to, DAY, amount, id=id), crash)

    @rule(number=numbers, id=ids, to=targets, amount=st.none() | amounts, crash=crash)
    def move(self, number: str, id: str, to: Any, amount: Decimal | None, crash: int | None) -> None:
        self.carry_out(lambda books: books.move(number, to, DAY, amount, id=id), crash)

    @rule(id=ids, amount=amounts, name=ids, crash=crash)
    def refund(self, id: str, amount: Decimal, name: str, crash: int | None) -> None:
        self.carry_out(lambda books: books.refund_payment(id, amount, DAY, id=f"back-{name}"), crash)

    @rule(id=ids, crash=crash)
    def void(self, id: str, crash: int | None) -> None:
        self.carry_out(lambda books: books.void_payment(id, DAY, "wrong"), crash)

    @rule(number=numbers, amount=amounts, id=ids, over=st.booleans(), crash=crash)
    def pay(self, number: str, amount: Decimal, id: str, over: bool, crash: int | None) -> None:
        self.carry_out(lambda books: books.pay(number, amount, DAY, id=f"own-{id}", overpaid=over), crash)

    @invariant()
    def the_cash_is_the_money_that_moved(self) -> None:
        books = opened(self.below)
        documents = [*books, *books.payment_documents()]
        cash = sum_amounts(
            entry.amount for each in documents for entry in each.payments if entry.kind == "receipt"
        )
        asked = Receivables(books.store)
        assert sum_amounts(row.amount for row in asked.received()) == cash
        assert sum_amounts(row.amount for row in asked.paid()) == cash
        billed = sum_amounts(each.total for each in INVOICES)
        assert sum_amounts(row.amount for row in asked.outstanding()) == billed - cash
        assert sum_amounts(row.amount for row in asked.adjusted()) == 0
        assert all(unapplied(each) >= 0 for each in books.payment_documents())


def _outcome(deed: Deed, books: Books) -> str:
    try:
        deed(books)
    except (Invalid, Conflict, KeyError, Killed) as problem:
        return type(problem).__name__
    return ""


TestPayments = Payments.TestCase
TestPayments.settings = settings(
    max_examples=50 if SOAK else 4, stateful_step_count=40 if SOAK else 8, deadline=None
)
