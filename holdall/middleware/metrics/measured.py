"""The counts and times that `Metrics` has collected for one operation."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import Final, NamedTuple, Self

BOUNDS: Final = tuple(digit * 10**power for power in range(3, 11) for digit in (1, 2, 5))
"""The upper bounds of the latency buckets in nanoseconds: 1, 2, 5, 10 µs … 50 s.

One more bucket counts longer calls.
"""


def bucket(nanoseconds: int) -> int:
    """The number of the bucket of a latency.

    >>> bucket(1000), bucket(1001), bucket(10**12) == len(BOUNDS)
    (0, 1, True)
    """
    return bisect_left(BOUNDS, nanoseconds)


class Measured(NamedTuple):
    """The counts of one operation: its calls, their times and their amounts of data.

    ``latencies`` has one number per bucket of `BOUNDS`, and ``calls`` is their sum. Of the calls, ``missing``
    did not find the key, ``conflicts`` lost a compare-and-swap, and ``errors`` failed otherwise; ``retries``
    is how often `modify` started again. ``items`` is how many items a bulk operation or a scan carried.
    ``sent`` and ``received`` are bytes of values, if the values are bytes; ``seconds`` is the time of all
    calls.

    >>> Measured.of(Counter({3: 8, 5: 1, "nanoseconds": 10**5}))
    Measured(calls=9, missing=0, conflicts=0, errors=0, retries=0, items=0, sent=0, received=0, seconds=0.0001, ...)
    """

    calls: int
    missing: int
    conflicts: int
    errors: int
    retries: int
    items: int
    sent: int
    received: int
    seconds: float
    latencies: tuple[int, ...]

    @classmethod
    def of(cls, counts: Counter[str | int]) -> Self:
        """Create it from counts by bucket and by name."""
        latencies = tuple(counts[number] for number in range(len(BOUNDS) + 1))
        names = ("missing", "conflicts", "errors", "retries", "items", "sent", "received")
        named = {name: counts[name] for name in names}
        return cls(sum(latencies), **named, seconds=counts["nanoseconds"] / 1e9, latencies=latencies)

    def within(self, share: float) -> float:
        """The seconds within which ``share`` of the calls ended, rounded up to a bound of a bucket.

        It is infinite if it is more than the last bound.

        >>> Measured.of(Counter({3: 98, 9: 2})).within(0.5)
        1e-05
        """
        reached = list(accumulate(self.latencies))
        number = bisect_left(reached, share * self.calls)
        return BOUNDS[number] / 1e9 if number < len(BOUNDS) else float("inf")
