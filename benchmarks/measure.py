"""Times two contenders alternately. Each round runs both, so a slow moment of the machine slows both."""

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import NamedTuple

Work = Callable[[int], int]
"""Does some operations for the round of the given number, and returns how many."""

Clock = Callable[[], float]
"""Returns the processor seconds that a contender has used."""


def own_cpu() -> float:
    """Processor seconds of this process and of the children that it has waited for."""
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited.ru_utime + waited.ru_stime


class Time(NamedTuple):
    """Seconds that one operation took, by the wall clock and by the processor's clock."""

    wall: float
    cpu: float


class Goal(NamedTuple):
    """The bound that a value must keep; ``sign`` is "≤" or "≥"."""

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
    """One line of the results. Its values are medians over the rounds, by ``clock``.

    ``ours`` and ``peer`` are in seconds per operation. ``value`` compares the two, in ``unit``. Half of the
    rounds lie between ``low`` and ``high``. ``other`` is ``value`` by the other clock.
    """

    group: str
    name: str
    clock: str
    ours: float
    peer: float
    unit: str
    value: float
    low: float
    high: float
    other: float
    rounds: int
    goal: Goal | None

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        return "met" if self.goal.met(self.value) else "missed"


def memory_row(group: str, name: str, ratio: float) -> Row:
    """The row of two peaks of memory, which should differ by at most a tenth."""
    none = float("nan")
    return Row(group, name, "wall", none, none, "of it", ratio, ratio, ratio, none, 1, at_most(1.1))


class Scale(NamedTuple):
    """Compares two times by ``clock``, which is "cpu" or "wall": ``of(ours, peer)`` is in ``unit``.

    Other work on the machine does not disturb the processor's clock. The wall clock is for contenders that
    wait for a disk.
    """

    unit: str
    of: Callable[[float, float], float]
    clock: str = "cpu"


OVER = Scale("of it", lambda ours, peer: ours / peer)
OVER_WAITING = OVER._replace(clock="wall")
FASTER = Scale("times faster", lambda ours, peer: peer / ours)
FASTER_WAITING = FASTER._replace(clock="wall")
EXTRA_NS = Scale("ns more", lambda ours, peer: (ours - peer) * 1e9)
EXTRA_US = Scale("µs more", lambda ours, peer: (ours - peer) * 1e6)
EXTRA_MS = Scale("ms more", lambda ours, peer: (ours - peer) * 1e3)
OURS_US = Scale("µs", lambda ours, peer: ours * 1e6)
OURS_MS = Scale("ms", lambda ours, peer: ours * 1e3)


def compare(
    group: str,
    name: str,
    ours: Work,
    peer: Work,
    *,
    rounds: int,
    scale: Scale = OVER,
    goal: Goal | None = None,
    clocks: tuple[Clock, Clock] = (own_cpu, own_cpu),
) -> Row:
    """Run both ``rounds`` times alternately; the contender that goes first alternates too.

    ``clocks`` are the processor's clocks of the two, if another process does their work.
    """
    gc.collect()
    gc.freeze()  # else a collection would visit all documents, at the cost of the contender that is running
    times = [_round((ours, peer), clocks, number) for number in range(rounds)]
    compared = [Time(*map(scale.of, us, them)) for us, them in times]
    clock, other = ("cpu", "wall") if scale.clock == "cpu" else ("wall", "cpu")
    low, value, high = quantiles([getattr(each, clock) for each in compared], n=4)
    return Row(
        group=group,
        name=name,
        clock=clock,
        ours=median(getattr(us, clock) for us, _ in times),
        peer=median(getattr(them, clock) for _, them in times),
        unit=scale.unit,
        value=value,
        low=low,
        high=high,
        other=median(getattr(each, other) for each in compared),
        rounds=rounds,
        goal=goal,
    )


def _round(works: tuple[Work, Work], clocks: tuple[Clock, Clock], number: int) -> tuple[Time, Time]:
    (ours, peer), (clock, other) = works, clocks
    if number % 2:
        them = _timed(peer, other, number)
        return _timed(ours, clock, number), them
    return _timed(ours, clock, number), _timed(peer, other, number)


def _timed(work: Work, clock: Clock, number: int) -> Time:
    gc.collect()
    wall, cpu = time.perf_counter(), clock()
    count = work(number)
    return Time((time.perf_counter() - wall) / count, (clock() - cpu) / count)
