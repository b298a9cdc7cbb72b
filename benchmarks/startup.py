"""The time that a process takes to start: for an import, and for the help of the command line."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import EXTRA_MS, OURS_MS, Row, Work, at_most, compare

ROUNDS = 31


def startup(folder: Path) -> Iterator[Row]:
    """Compare each with a Python that does nothing."""
    bare = _runs(sys.executable, "-c", "pass")
    imports = _runs(sys.executable, "-c", "import holdall")
    helps = _runs(str(Path(sys.executable).with_name("holdall")), "--help")
    group = "start / bare Python"
    yield compare(group, "import holdall", imports, bare, rounds=ROUNDS, scale=EXTRA_MS, goal=at_most(60))
    yield compare(group, "holdall --help", helps, bare, rounds=ROUNDS, scale=OURS_MS, goal=at_most(150))


def _runs(*command: str) -> Work:
    def work(round: int) -> int:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return 1

    return work
