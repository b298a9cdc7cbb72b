"""A time that is asked for is a datetime with a time zone, or the error says what to give."""

from datetime import date, datetime

import pytest

from holdall import Json, Memory, ReadOnly, Versions


@pytest.mark.parametrize("layered", [lambda store: store, Json, ReadOnly])
@pytest.mark.parametrize("given", ["2026-01-01", date(2026, 1, 1), 1767225600, None])
def test_as_of_anything_else_is_a_type_error(layered, given):
    store = layered(Versions(Memory()))
    with pytest.raises(TypeError, match=r"is not a datetime; give one with a time zone, as in datetime\("):
        store.as_of(given)


def test_a_time_without_a_zone_is_refused():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - it is what is refused
    with pytest.raises(ValueError, match="has no time zone; add one"):
        Versions(Memory()).as_of(naive)
    with pytest.raises(ValueError, match="has no time zone; add one"):
        Versions(Memory()).prune(before=naive)


def test_prune_before_anything_else_is_a_type_error():
    with pytest.raises(TypeError, match="'2026-01-01' is not a datetime"):
        Versions(Memory()).prune(before="2026-01-01")
