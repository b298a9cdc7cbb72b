"""Which trials to run: any, by a seed, and all of those with two writers and two changes of turn."""

import random
from collections.abc import Iterator

from tests.middleware.versions.interleaved.programs import BYPASSES, READS, WRITES
from tests.middleware.versions.interleaved.scheduler import Fate
from tests.middleware.versions.interleaved.trial import STARTS, Plan
from tests.middleware.versions.weaker import KINDS

LONG = 8  # as many calls as an operation makes, but for the rare ones


def by_seed(seed: int, lacks: str | None = None, *, bypassed: bool = False) -> Plan:
    """A plan of two to four writers; always the same for a seed."""
    draw = random.Random(seed)
    kinds = [*WRITES * 2, *READS, *(BYPASSES * 3 if bypassed else ())]
    scripts = [[draw.choice(kinds) for _ in range(draw.randint(1, 3))] for _ in range(draw.randint(2, 4))]
    chosen = draw.choice(KINDS) if lacks is None else lacks
    return Plan(chosen, draw.choice(STARTS), scripts, list(_choices(draw)))


def _choices(draw: random.Random) -> Iterator[tuple[int, Fate]]:
    kill, lose = draw.choice([0, 0.02, 0.05, 0.1]), draw.choice([0, 0, 0.05])
    stay, writer = draw.choice([0, 0.3, 0.6, 0.9]), 0
    for _ in range(draw.randint(0, 90)):
        if draw.random() > stay:
            writer = draw.randint(0, 3)
        luck = draw.random()
        fate = Fate.KILL if luck < kill else Fate.LOSE if luck < kill + lose else Fate.RUN
        yield writer, fate


def all_pairs(lacks: str, start: str, first: str, second: str) -> Iterator[Plan]:
    """Every schedule in which the first writer is held up or killed once, and the second in its turn once."""
    scripts = [[first], [second]]
    for held in range(LONG):
        for fate in (Fate.RUN, Fate.KILL, Fate.LOSE):
            begun = [(0, Fate.RUN)] * held + [(0, fate)]
            for turn in range(LONG):
                yield Plan(lacks, start, scripts, [*begun, *[(1, Fate.RUN)] * turn, *[(0, Fate.RUN)] * LONG])
