"""Two contenders timed in turns: a round runs each once, so what slows the machine slows both."""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import NamedTuple

Work = Callable[[int], int]
"""Does some operations, given the number of the round, and says how many."""


class Time(NamedTuple):
    """Seconds that one operation took: by the clock on the wall, and on a processor."""

    wall: float
    cpu: float


class Goal(NamedTuple):
    """What a value has to be: ``sign`` is "≤" or "≥"."""

    sign: str
    bound: float

    def met(self, value: float) -> bool:
        return value <= self.bound if self.sign == "≤" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


def at_most(bound: float) -> Goal:
    """The goal of a value that should be small."""
    return Goal("≤", bound)


def at_least(bound: float) -> Goal:
    """The goal of a value that should be large."""
    return Goal("≥", bound)


@dataclass(frozen=True)
class Row:
    """One line of the results. ``ours`` and ``peer`` are seconds an operation by the clock on the wall.

    ``value`` is what is compared, in ``unit``, by the clock of its `Scale`; half of the rounds lie from
    ``low`` to ``high``. ``cpu`` is the same by processor time, which does not count waiting. All are
    medians over the rounds.
    """

    group: str
    name: str
    ours: float
    peer: float
    unit: str
    value: float
    low: float
    high: float
    cpu: float
    rounds: int
    goal: Goal | None

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        return "met" if self.goal.met(self.value) else "missed"


class Scale(NamedTuple):
    """How two times by ``clock``, "wall" or "cpu", are compared: ``of(ours, peer)``, in ``unit``.

    A busy machine slows both contenders alike, so a ratio stands. An absolute time does not, and is
    taken by the processor's clock.
    """

    unit: str
    clock: str
    of: Callable[[float, float], float]


OVER = Scale("of it", "wall", lambda ours, peer: ours / peer)
FASTER = Scale("times faster", "wall", lambda ours, peer: peer / ours)
EXTRA_NS = Scale("ns more", "cpu", lambda ours, peer: (ours - peer) * 1e9)
EXTRA_US = Scale("µs more", "cpu", lambda ours, peer: (ours - peer) * 1e6)
EXTRA_MS = Scale("ms more", "cpu", lambda ours, peer: (ours - peer) * 1e3)
OURS_MS = Scale("ms", "cpu", lambda ours, peer: ours * 1e3)


def compare(
    group: str,
    name: str,
    ours: Work,
    peer: Work,
    *,
    rounds: int,
    scale: Scale = OVER,
    goal: Goal | None = None,
) -> Row:
    """Run both ``rounds`` times in turns, the first one alternating."""
    gc.collect()
    gc.freeze()  # or a collection, paid for by whoever is running, would visit all documents
    times = [_round(ours, peer, number) for number in range(rounds)]
    by_clock = [Time(*map(scale.of, us, them)) for us, them in times]
    low, value, high = quantiles([getattr(each, scale.clock) for each in by_clock], n=4)
    return Row(
        group=group,
        name=name,
        ours=median(us.wall for us, _ in times),
        peer=median(them.wall for _, them in times),
        unit=scale.unit,
        value=value,
        low=low,
        high=high,
        cpu=median(each.cpu for each in by_clock),
        rounds=rounds,
        goal=goal,
    )


def _round(ours: Work, peer: Work, number: int) -> tuple[Time, Time]:
    if number % 2:
        them = _timed(peer, number)
        return _timed(ours, number), them
    return _timed(ours, number), _timed(peer, number)


def _timed(work: Work, number: int) -> Time:
    gc.collect()
    wall, cpu = time.perf_counter(), _cpu()
    count = work(number)
    return Time((time.perf_counter() - wall) / count, (_cpu() - cpu) / count)


def _cpu() -> float:
    """Processor seconds of this process and of the children that it has waited for."""
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited.ru_utime + waited.ru_stime
