"""What `Metrics` has counted of one operation."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import Final, NamedTuple, Self

BOUNDS: Final = tuple(digit * 10**power for power in range(3, 11) for digit in (1, 2, 5))
"""Where the buckets of latencies end, in nanoseconds: 1, 2, 5, 10 µs … 50 s. One more is for what takes longer."""


def bucket(nanoseconds: int) -> int:
    """The number of the bucket that a latency falls into.

    >>> bucket(1000), bucket(1001), bucket(10**12) == len(BOUNDS)
    (0, 1, True)
    """
    return bisect_left(BOUNDS, nanoseconds)


class Measured(NamedTuple):
    """One operation: how often, how long, how much.

    ``calls`` is the sum of ``latencies``, one number a bucket of `BOUNDS`. Of the calls, ``missing`` found
    no such key, ``conflicts`` lost a compare-and-swap, and ``errors`` failed otherwise; ``retries`` is how
    often `modify` began again. ``items`` went through a bulk operation or a scan. ``sent`` and ``received``
    are bytes of values, where values are bytes; ``seconds`` is the time of all calls.

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
        """From counts by bucket and by name."""
        latencies = tuple(counts[number] for number in range(len(BOUNDS) + 1))
        names = ("missing", "conflicts", "errors", "retries", "items", "sent", "received")
        named = {name: counts[name] for name in names}
        return cls(sum(latencies), **named, seconds=counts["nanoseconds"] / 1e9, latencies=latencies)

    def within(self, share: float) -> float:
        """Seconds within which ``share`` of the calls ended, rounded up to a bound; infinite beyond the last.

        >>> Measured.of(Counter({3: 98, 9: 2})).within(0.5)
        1e-05
        """
        reached = list(accumulate(self.latencies))
        number = bisect_left(reached, share * self.calls)
        return BOUNDS[number] / 1e9 if number < len(BOUNDS) else float("inf")
