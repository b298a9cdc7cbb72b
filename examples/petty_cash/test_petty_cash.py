"""The tests of the app: in memory, in a mocked bucket of S3, and in each store that --holdall-uri names.

pytest --holdall-uri sqlite:///test.db --holdall-uri s3://my-bucket/tests
"""

from decimal import Decimal

import pytest
from petty_cash import open_boxes, spend

import holdall


def test_an_expense_leaves_less_money_in_the_box(holdall_store):
    boxes = open_boxes(holdall_store)
    spend(boxes, "design", Decimal("12.50"), "printer paper")
    assert boxes["design"].left == Decimal("87.50")


def test_an_expense_larger_than_the_rest_is_refused(holdall_store):
    boxes = open_boxes(holdall_store)
    with pytest.raises(ValueError, match=r"more than the 100\.00 in the box"):
        spend(boxes, "design", Decimal("100.01"), "a party")
    assert "design" not in boxes


def test_an_outdated_box_does_not_overwrite_a_newer_one_in_s3(s3_store):
    boxes = open_boxes(s3_store)
    spend(boxes, "design", Decimal(1), "coffee")
    seen, tag = boxes.get_tagged("design")
    spend(boxes, "design", Decimal(2), "tea")
    with pytest.raises(holdall.Conflict):
        boxes.swap("design", seen, tag)
    assert boxes["design"].left == Decimal("97.00")
