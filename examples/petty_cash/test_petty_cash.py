"""The tests of the app: on memory, on a mocked bucket, and on whatever --holdall-uri names.

pytest --holdall-uri sqlite:///test.db --holdall-uri s3://my-bucket/tests
"""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from petty_cash import Box, open_boxes, spend


def test_what_is_spent_is_gone(store):
    boxes = open_boxes(store)
    spend(boxes, "design", Decimal("12.50"), "printer paper")
    assert boxes["design"].left == Decimal("87.50")


def test_nobody_spends_more_than_there_is(store):
    boxes = open_boxes(store)
    with pytest.raises(ValueError, match=r"more than the 100\.00 left"):
        spend(boxes, "design", Decimal("100.01"), "a party")
    assert "design" not in boxes


def test_two_at_once_are_both_recorded_in_s3(s3_store):
    boxes = open_boxes(s3_store)
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda n: spend(boxes, "design", Decimal(1), f"coffee {n}"), range(12)))
    assert boxes["design"].left == Decimal("88.00")
    assert len(boxes["design"].spent) == len(Box().spent) + 12
