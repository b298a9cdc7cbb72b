"""``make bench-keys``: the time and the memory of a sync of many keys, from SQLite to SQLite and to a folder of files.

Each step runs in a process of its own, whose peak of memory is that of the step.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

import holdall

SIZES: Final = 100_000, 1_000_000
STEPS: Final = {
    "fill": "the source is filled",
    "first": "first sync",
    "second": "second sync, from the feed",
    "full": "second sync, all keys compared",
}


class Step(NamedTuple):
    """The seconds of a step by the clock and by the processor, its peak of memory, and the keys that it copied."""

    seconds: float
    cpu: float
    megabytes: float
    copied: int


def run(step: str, keys: int, source: str, target: str) -> Step:
    """Run a step in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.many_keys",
        source,
        target,
        "--step",
        step,
        "--keys",
        str(keys),
    ]
    return Step(*json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def measure(step: str, keys: int, source: str, target: str) -> Step:
    """Run a step in this process."""
    began = time.perf_counter()
    with holdall.open(source) as here:
        if step == "fill":
            here.update((f"invoices/{number:08}", b"%0100d" % number) for number in range(keys))
            copied = 0
        else:
            with holdall.open(target) as there:
                copied = holdall.sync(here, there, full=step == "full").copied
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Step(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, copied)


def main() -> None:
    """Print the table, or run one step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, nargs="*", default=SIZES)
    parser.add_argument("--targets", nargs="*", default=["sqlite", "file"])
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("addresses", nargs="*")
    given = parser.parse_args()
    if given.step:
        print(json.dumps(measure(given.step, given.keys[0], *given.addresses)))
        return
    table = Table("keys", "target", "step", "seconds", "processor", "peak MB", "copied")
    for keys in given.keys:
        for kind in given.targets:
            with tempfile.TemporaryDirectory() as name:
                _add(table, keys, kind, Path(name))
    Console().print(table)


def _add(table: Table, keys: int, kind: str, folder: Path) -> None:
    source = f"sqlite:///{folder}/source.db?durability=os"
    path = f"{folder}/target"
    target = f"file://{path}?durability=os" if kind == "file" else f"sqlite:///{path}.db?durability=os"
    for step, text in STEPS.items():
        made = run(step, keys, source, target)
        table.add_row(
            f"{keys:,}",
            kind,
            text,
            f"{made.seconds:,.1f}",
            f"{made.cpu:,.1f}",
            f"{made.megabytes:,.0f}",
            f"{made.copied:,}",
        )


if __name__ == "__main__":
    main()
