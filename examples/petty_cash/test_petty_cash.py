"""The tests of the app: on memory, on a mocked bucket, and on whatever --holdall-uri names.

pytest --holdall-uri sqlite:///test.db --holdall-uri s3://my-bucket/tests
"""

from decimal import Decimal

import pytest
from petty_cash import open_boxes, spend

import holdall


def test_what_is_spent_is_gone(holdall_store):
    boxes = open_boxes(holdall_store)
    spend(boxes, "design", Decimal("12.50"), "printer paper")
    assert boxes["design"].left == Decimal("87.50")


def test_nobody_spends_more_than_there_is(holdall_store):
    boxes = open_boxes(holdall_store)
    with pytest.raises(ValueError, match=r"more than the 100\.00 left"):
        spend(boxes, "design", Decimal("100.01"), "a party")
    assert "design" not in boxes


def test_what_another_wrote_meanwhile_is_not_lost_in_s3(s3_store):
    boxes = open_boxes(s3_store)
    spend(boxes, "design", Decimal(1), "coffee")
    seen, tag = boxes.get_tagged("design")
    spend(boxes, "design", Decimal(2), "tea")
    with pytest.raises(holdall.Conflict):
        boxes.swap("design", seen, tag)
    assert boxes["design"].left == Decimal("97.00")
