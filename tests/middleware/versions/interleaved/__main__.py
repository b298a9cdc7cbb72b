"""Try schedules for so many seconds, and print how much was tried."""

import itertools
import sys
import time

from tests.middleware.versions.interleaved.plans import by_seed
from tests.middleware.versions.interleaved.trial import Tally, trial


def main(seconds: float, first: int = 0) -> None:
    """Run plan after plan, every fourth with writers that know nothing of versions."""
    tally, end = Tally(), time.monotonic() + seconds
    for seed in itertools.count(first):
        trial(by_seed(seed, bypassed=seed % 4 == 3), tally)
        if time.monotonic() > end:
            break
    sys.stdout.write(f"{tally}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), *map(int, sys.argv[2:3]))
