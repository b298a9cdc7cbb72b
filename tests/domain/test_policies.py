"""The policies of allocation at the bounds."""

from holdall.domain.allocation import in_proportion, oldest_first


def test_the_first_unit_goes_to_the_oldest_and_the_other_way_alike() -> None:
    assert oldest_first(1, [60, 40]) == [1, 0]
    assert oldest_first(-1, [-60, -40]) == [-1, 0]
    assert oldest_first(1, [60, -20, 40]) == [21, -20, 0]
    assert in_proportion(1, [60, 40]) == [1, 0]
