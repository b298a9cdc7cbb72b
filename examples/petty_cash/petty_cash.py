"""A petty cash box: what a team took out of it, in any store.

export HOLDALL_URI=sqlite:///cash.db        # or s3://acme/cash, and nothing below changes
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
    """What was in the box at first, and what was spent since."""

    float: Decimal = Decimal("100.00")
    spent: list[tuple[date, Decimal, str]] = []

    @property
    def left(self) -> Decimal:
        return self.float - sum((amount for _, amount, _ in self.spent), Decimal(0))


Boxes = holdall.Store[Box]


def open_boxes(store: holdall.Store[bytes]) -> Boxes:
    """Boxes by team, kept as JSON in ``store``."""
    return holdall.Json(store, type=Box)


def spend(boxes: Boxes, team: str, amount: Decimal, what: str) -> Box:
    """Take money out. Two people who do so at once are both recorded: that is what modify is for."""

    def taken(box: Box) -> Box:
        if amount > box.left:
            raise ValueError(f"{amount} is more than the {box.left} left")
        return Box(box.float, [*box.spent, (date.today(), amount, what)])

    return boxes.modify(team, taken, default=Box())


def main(words: list[str]) -> None:
    with holdall.open(os.environ.get("HOLDALL_URI", "sqlite:///cash.db")) as store:
        boxes = open_boxes(store)
        match words:
            case ["spend", amount, what]:
                print(spend(boxes, "team", Decimal(amount), what).left)
            case ["left"]:
                print(boxes.get("team", Box()).left)
            case _:
                print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
