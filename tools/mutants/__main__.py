"""Run a sample of mutants, and report those that survived."""

import argparse
import asyncio
from collections import Counter
from pathlib import Path

from .areas import Areas, Mutant
from .runs import EQUIVALENT, KILLED, SURVIVED, TIMED_OUT, Results, run, say

ROOT = Path(__file__).parents[2]
ENOUGH = 96  # percent


def report(mutants: list[Mutant]) -> bool:
    """Print the mutants that survived and a table of the areas; return whether enough were killed."""
    for mutant in sorted(mutants, key=lambda mutant: (mutant.path, mutant.line)):
        if mutant.outcome == SURVIVED:
            say(f"\n{mutant.path}:{mutant.line} survived\n{mutant.diff}")
    areas = sorted({mutant.area for mutant in mutants})
    counts = {area: Counter(each.outcome for each in mutants if each.area == area) for area in areas}
    counts["all"] = Counter(each.outcome for each in mutants)
    say(f"\n{'area':24} {KILLED:>9} {TIMED_OUT:>9} {SURVIVED:>9} {EQUIVALENT:>10} {'percent':>8}")
    for area, count in counts.items():
        numbers = f"{count[KILLED]:9} {count[TIMED_OUT]:9} {count[SURVIVED]:9} {count[EQUIVALENT]:10}"
        say(f"{area:24} {numbers} {_percent(count):8.1f}")
    return _percent(counts["all"]) >= ENOUGH


def _percent(count: Counter[str]) -> float:
    killed = count[KILLED] + count[TIMED_OUT]
    return 100 * killed / ((killed + count[SURVIVED]) or 1)


def main(arguments: list[str] | None = None, root: Path = ROOT, table: Path | None = None) -> int:
    """Run a sample of mutants; return 1 if too many survive."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--area", action="append", default=[])
    given = parser.parse_args(arguments)
    areas = Areas(root, table or Path(__file__).with_name("areas.toml"))
    if unknown := set(given.area) - {name for name, tests in areas.tests.items() if tests}:
        parser.error(f"{', '.join(unknown)}: not an area with tests; these are: {', '.join(areas.tests)}")
    mutants = areas.choose(given.area, given.count, given.seed)
    asyncio.run(run(areas, mutants, Results(root / ".mutants")))
    return 0 if report(mutants) else 1


if __name__ == "__main__":
    raise SystemExit(main())
