"""Checks that the opening balance of a statement and its entries add up to its closing balance."""

from collections.abc import Iterable
from typing import Final

from holdall.domain.bank.node import Money, Part
from holdall.domain.money import EXACT, sum_amounts, text

_OPENING: Final = ("OPBD", "PRCD")  # opening booked, or else the closing balance of the statement before
_CLOSING: Final = ("CLBD",)


def check_balances(statement: Part, entries: Iterable[Money]) -> None:
    """Raise Invalid if ``statement`` has both balances and ``entries`` do not lead from one to the other.

    A statement whose balances or entries are in several currencies is not checked.
    """
    opening, closing = _balance(statement, _OPENING), _balance(statement, _CLOSING)
    moved = list(entries)
    if opening is None or closing is None:
        return
    if len({each.currency for each in (opening, closing, *moved)}) > 1:
        return
    change = sum_amounts(each.amount for each in moved)
    total = EXACT.add(opening.amount, change)
    if total != closing.amount:
        start, booked, end, stated = (
            text(each, opening.currency) for each in (opening.amount, change, total, closing.amount)
        )
        raise statement.wrong(
            f"opens with {start} {opening.currency}, and its {len(moved):,} booked entries add up to {booked}, "
            f"which makes {end}, but it closes with {stated}",
            "it is not complete; ask the bank for it again",
        )


def _balance(statement: Part, codes: tuple[str, ...]) -> Money | None:
    """Return the balance with the first of ``codes`` that the statement has."""
    found = {each.text_at("Tp/CdOrPrtry/Cd"): each for each in statement.every("Bal")}
    return next((found[code].signed() for code in codes if code in found), None)
