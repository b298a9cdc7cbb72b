"""The bounds of the parts of a large object."""

from itertools import pairwise

import pytest

from holdall.adapters.s3.multipart import MOST, PART, _slices


@pytest.mark.parametrize("length", [1, PART, PART + 1, PART * MOST, PART * MOST + 1])
def test_parts_are_the_value_and_no_more_than_are_taken(length):
    parts = [part.indices(length)[:2] for part in _slices(length)]
    assert parts[0][0] == 0
    assert parts[-1][1] == length
    assert all(one[1] == two[0] for one, two in pairwise(parts))
    assert len(parts) <= MOST
    assert all(end - begin >= PART for begin, end in parts[:-1])
