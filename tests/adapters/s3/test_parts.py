"""The bounds of the parts of a large object."""

from itertools import pairwise

import pytest

from holdall.adapters.s3.multipart import _MOST, _PART, _parts


@pytest.mark.parametrize("length", [1, _PART, _PART + 1, _PART * _MOST, _PART * _MOST + 1])
def test_parts_are_the_value_and_no_more_than_are_taken(length):
    parts = [part.indices(length)[:2] for part in _parts(length)]
    assert parts[0][0] == 0
    assert parts[-1][1] == length
    assert all(one[1] == two[0] for one, two in pairwise(parts))
    assert len(parts) <= _MOST
    assert all(end - begin >= _PART for begin, end in parts[:-1])
