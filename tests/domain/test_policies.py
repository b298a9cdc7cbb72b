"""The policies of allocation at the bounds: nothing to allocate, and nothing owed."""

import pytest

from holdall.domain.allocation import in_proportion, oldest_first


@pytest.mark.parametrize("owed", [[60, 40], [-60, -40], [60, -20, 40], [0, 0], []])
def test_an_amount_of_nothing_is_nothing_for_each_code(owed: list[int]) -> None:
    """Also where what is owed the other way would be used up at once."""
    assert oldest_first(0, owed) == [0] * len(owed)


def test_the_first_unit_goes_to_the_oldest_and_the_other_way_alike() -> None:
    assert oldest_first(1, [60, 40]) == [1, 0]
    assert oldest_first(-1, [-60, -40]) == [-1, 0]
    assert oldest_first(1, [60, -20, 40]) == [21, -20, 0]
    assert in_proportion(1, [60, 40]) == [1, 0]
