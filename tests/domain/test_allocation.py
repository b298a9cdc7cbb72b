"""Allocation policies: exact, within what is owed, deterministic."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdall.domain.allocation import (
    Policy,
    allocate,
    in_proportion,
    oldest_due_first,
    oldest_first,
)
from holdall.domain.model import UNAPPLIED, Allocation
from holdall.domain.money import major
from holdall.errors import Invalid
from tests.domain.made import CURRENCIES, debts, invoice, line

policies = pytest.mark.parametrize("policy", [in_proportion, oldest_first])


def part_of(draw: st.DataObject, whole: int) -> int:
    """An amount beyond nothing, up to all of ``whole``."""
    return draw.draw(st.integers(1, whole) if whole > 0 else st.integers(whole, -1))


@policies
@given(owed=debts(), draw=st.data())
def test_parts_sum_and_none_is_beyond_what_is_owed(
    policy: Policy, owed: list[int], draw: st.DataObject
) -> None:
    amount = part_of(draw, sum(owed))
    parts = policy(amount, owed)
    assert sum(parts) == amount
    assert all(min(0, each) <= part <= max(0, each) for part, each in zip(parts, owed, strict=True))


@policies
@given(owed=debts())
def test_all_of_it_settles_every_code(policy: Policy, owed: list[int]) -> None:
    assert list(policy(sum(owed), owed)) == owed


@policies
@pytest.mark.parametrize("owed", [[60, 40], [-60, -40], [60, -20, 40], [0, 5], []])
def test_nothing_pays_nothing(policy: Policy, owed: list[int]) -> None:
    assert policy(0, owed) == [0] * len(owed)


@given(owed=debts(), draw=st.data())
def test_oldest_first_never_shrinks_a_part(owed: list[int], draw: st.DataObject) -> None:
    amount, whole = part_of(draw, sum(owed)), sum(owed)
    assume(amount != whole)
    more = amount + (1 if whole > 0 else -1)
    before, after = oldest_first(amount, owed), oldest_first(more, owed)
    assert all(abs(low) <= abs(high) for low, high in zip(before, after, strict=True))


@given(owed=debts(), draw=st.data())
def test_oldest_first_settles_a_code_before_the_next_one(owed: list[int], draw: st.DataObject) -> None:
    assume(sum(owed) > 0)
    parts = oldest_first(part_of(draw, sum(owed)), owed)
    reached = [index for index, part in enumerate(parts) if part > 0]
    assert all(parts[index] == owed[index] for index in reached[:-1])
    assert all(owed[index] <= 0 for index in set(range(reached[-1])) - set(reached))


@policies
@given(currency=st.sampled_from(CURRENCIES), owed=debts(), draw=st.data())
def test_instalments_settle_exactly(
    policy: Policy, currency: str, owed: list[int], draw: st.DataObject
) -> None:
    left = {str(code): major(each, currency) for code, each in enumerate(owed)}
    for _ in range(3):
        units = int(sum(left.values()).scaleb({"EUR": 2, "JPY": 0, "BHD": 3}[currency]))
        amount = major(part_of(draw, units) if units else 0, currency)
        for part in allocate(amount, left, currency, policy):
            left[part.code] -= part.amount
    rest = allocate(sum(left.values(), Decimal(0)), left, currency, policy)
    for part in rest:
        left[part.code] -= part.amount
    assert sum(left.values()) == 0
    assert all(part.amount for part in rest)


OWED = {"4400": Decimal("60.00"), "4410": Decimal("40.00")}


@policies
@pytest.mark.parametrize(
    ("amount", "reason"),
    [("100.01", r"beyond the 100\.00 that is owed; pay no"), ("-0.01", r"nothing of the 100\.00 that is")],
)
def test_beyond_what_is_owed_is_refused(policy: Policy, amount: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        allocate(Decimal(amount), OWED, "EUR", policy)


@policies
def test_what_is_meant_to_be_over_is_unapplied(policy: Policy) -> None:
    parts = allocate(Decimal(130), OWED, "EUR", policy, overpaid=True)
    assert {part.code: part.amount for part in parts} == OWED | {UNAPPLIED: Decimal("30.00")}


@pytest.mark.parametrize(("unapplied", "amount"), [("-2.00", "-6.00"), ("2.00", "13.00")])
def test_what_is_unapplied_already_is_no_second_part(unapplied: str, amount: str) -> None:
    owed = {"4400": Decimal("0.00"), UNAPPLIED: Decimal(unapplied)}
    parts = allocate(Decimal(amount), owed, "EUR", overpaid=True)
    assert parts == (Allocation(UNAPPLIED, Decimal(amount)),)


def test_where_nothing_is_owed_all_of_it_is_unapplied() -> None:
    parts = allocate(Decimal(5), {"4400": Decimal(0)}, "EUR", overpaid=True)
    assert parts == (Allocation(UNAPPLIED, Decimal("5.00")),)


def test_named_amounts_are_taken_as_they_stand() -> None:
    parts = allocate(Decimal(5), OWED, "EUR", {"4410": Decimal(4), "9": Decimal(1)})
    assert parts == (Allocation("4410", Decimal(4)), Allocation("9", Decimal(1)))


@policies
@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("0.001", "EUR"), ("NaN", "EUR")])
def test_an_amount_with_too_many_decimals_is_refused(policy: Policy, amount: str, currency: str) -> None:
    with pytest.raises(Invalid, match=f"not a valid amount in {currency}"):
        allocate(Decimal(amount), {"4400": Decimal(60)}, currency, policy)


def test_nothing_is_allocated_to_nothing() -> None:
    assert allocate(Decimal(0), OWED, "EUR") == ()


class TestOverInvoices:
    late = invoice("2", due=date(2026, 1, 10))
    later = invoice("1", due=date(2026, 1, 20))
    no_day = invoice("3", issued=date(2026, 1, 15), due=None)
    credit = invoice("4", line("1", c4400="-30.00"), kind="credit-note", due=date(2026, 2, 1))

    def shares(self, amount: str, *invoices: object) -> dict[str, Decimal]:
        found = oldest_due_first(Decimal(amount), "EUR", invoices)  # type: ignore[arg-type]
        return {each.number: part for each, part in found}

    def test_the_longest_due_is_settled_first(self) -> None:
        assert self.shares("150", self.later, self.no_day, self.late) == {"2": 100, "3": 50}

    def test_the_smaller_number_is_first_on_one_day(self) -> None:
        same = invoice("10", due=date(2026, 1, 20))
        assert self.shares("50", self.later, same) == {"1": 50}

    def test_a_credit_note_lets_the_amount_reach_further(self) -> None:
        assert self.shares("70", self.late, self.credit) == {"2": 100, "4": -30}

    def test_beyond_all_of_it_is_refused(self) -> None:
        with pytest.raises(Invalid, match=r"beyond the 200\.00"):
            self.shares("200.01", self.late, self.later)

    def test_another_currency_is_refused_by_name(self) -> None:
        with pytest.raises(Invalid, match="invoice '9' is in USD, but the payment is in EUR"):
            self.shares("1", self.late, invoice("9", currency="USD"))

    def test_nothing_goes_nowhere(self) -> None:
        assert self.shares("0", self.late) == {}
