"""Query keys for property tests, and the order that they are documented to have, written down anew."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

BACK = datetime(2026, 10, 25, 3)  # noqa: DTZ001 - what the clock on the wall shows


class Berlin(tzinfo):
    """Berlin's clock around 25 October 2026, when it showed the hour from two to three twice."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        assert moment is not None
        ahead = BACK - moment.replace(tzinfo=None)
        again = timedelta() < ahead <= timedelta(hours=1) and moment.fold
        return timedelta(hours=1 if again or ahead <= timedelta() else 2)


BERLIN = Berlin()

numbers = st.one_of(
    st.integers(-2, 2),
    st.integers(),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal("1.00"), Decimal("0.5"), Decimal("0.1")]),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
)
texts = st.one_of(st.sampled_from(["", "0", "1", "True", "EUR", "a", "é", "\U0001f600"]), st.text())
repeated_hour = st.builds(datetime, *map(st.just, (2026, 10, 25)), st.integers(0, 3), fold=st.integers(0, 1))
moments = st.one_of(
    repeated_hour,
    repeated_hour.map(lambda naive: naive.replace(tzinfo=BERLIN)),
    st.datetimes(
        min_value=datetime(2026, 10, 24),  # noqa: DTZ001 - the strategy adds the zone
        max_value=datetime(2026, 10, 26),  # noqa: DTZ001 - the strategy adds the zone
        timezones=st.sampled_from([UTC, BERLIN, timezone(timedelta(hours=5, minutes=30))]),
    ),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts, st.dates(), moments)
tuples = st.lists(scalars, max_size=3).map(tuple)
keys = st.one_of(scalars, tuples)

RANKS = [(type(None), 0), (bool, 1), ((int, float, Decimal), 2), (str, 3), (datetime, 5), (date, 4)]


def rank(key: object) -> int:
    """Where the type of ``key`` stands in the order."""
    if isinstance(key, datetime) and key.tzinfo is not None:
        return 6
    return next((position for kind, position in RANKS if isinstance(key, kind)), 7)


def compare(left: object, right: object) -> int:
    """-1, 0 or 1 as ``left`` comes before, with or after ``right``."""
    if rank(left) != rank(right):
        return _sign(rank(left), rank(right))
    if isinstance(left, tuple) and isinstance(right, tuple):
        unequal = (sign for sign in map(compare, left, right) if sign)
        return next(unequal, _sign(len(left), len(right)))
    return _sign(_measure(left), _measure(right))


def _measure(key: object) -> object:
    match key:
        case None | bool():
            return bool(key)
        case int() | float() | Decimal():
            return Fraction(key)
        case str():
            return key.encode("utf-32-be", "surrogatepass")
        case datetime() if key.tzinfo is not None:
            return key.astimezone(UTC)
    return key


def _sign(left: object, right: object) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]
