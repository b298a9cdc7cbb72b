"""A petty cash box: it records the expenses of a team in any store of holdall.

export HOLDALL_URI=sqlite:///cash.db        # or s3://acme/cash: the code stays the same
python petty_cash.py spend 12.50 "printer paper"
python petty_cash.py left
"""

import os
import sys
from datetime import date
from decimal import Decimal

import msgspec

import holdall


class Box(msgspec.Struct):
    """The money that was in the box at first, and each expense: its day, amount and purpose."""

    float: Decimal = Decimal("100.00")
    spent: list[tuple[date, Decimal, str]] = []

    @property
    def left(self) -> Decimal:
        return self.float - sum((amount for _, amount, _ in self.spent), Decimal(0))


Boxes = holdall.Store[Box]


def open_boxes(store: holdall.Store[bytes]) -> Boxes:
    """Return the boxes in ``store``: documents of JSON, under the names of the teams."""
    return holdall.Json(store, type=Box)


def spend(boxes: Boxes, team: str, amount: Decimal, purpose: str) -> Box:
    """Record an expense, and return the new box. Raises ValueError if the box does not hold ``amount``.

    If two people record an expense at the same time, `modify` keeps both.
    """

    def take(box: Box) -> Box:
        if amount > box.left:
            raise ValueError(f"{amount} is more than the {box.left} in the box; spend less")
        return Box(box.float, [*box.spent, (date.today(), amount, purpose)])

    return boxes.modify(team, take, default=Box())


def main(words: list[str]) -> None:
    with holdall.open(os.environ.get("HOLDALL_URI", "sqlite:///cash.db")) as store:
        boxes = open_boxes(store)
        match words:
            case ["spend", amount, purpose]:
                print(spend(boxes, "team", Decimal(amount), purpose).left)
            case ["left"]:
                print(boxes.get("team", Box()).left)
            case _:
                print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
