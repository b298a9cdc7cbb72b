"""Change the package in a sample of small ways, and see whether its tests notice.

.venv/bin/python -m tools.mutants [--count 300] [--seed 1] [--area NAME]...

`mutants.toml` next to this file says which tests cover which area. Each mutant is one change (see `mutations`). It
runs against the tests of its area in a copy of the checkout; the checkout itself stays as it is. If a run was
interrupted, the next one continues: it skips the mutants that a test has killed.

cosmic-ray makes the changes. It does not run them, because it changes files in place, draws no sample of a given
size, and has one test command for the whole package.
"""

import argparse
import asyncio
import contextlib
import difflib
import hashlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.mutations import sample

ROOT = Path(__file__).parents[1]
AT_ONCE = 2
ENOUGH = 96  # percent
MEMORY = 4 << 30  # bytes that a mutant may take
PATIENCE, LEAST = 4, 30  # a mutant gets 4 times as long as the unchanged package, and at least 30 seconds
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


@dataclass
class Mutant:
    """One change of one file."""

    area: str
    path: str
    line: int
    diff: str
    source: str
    outcome: str = ""

    @property
    def name(self) -> str:
        """The same for the same change of the same file in each run."""
        return hashlib.sha256(f"{self.path}\n{self.source}".encode()).hexdigest()[:16]


class Areas:
    """The table of areas: their files and the tests that cover them."""

    def __init__(self, root: Path, table: Path) -> None:
        read = tomllib.loads(table.read_text("utf-8"))
        self.root = root
        self.command: list[str] = [sys.executable, *read["command"]]
        self.tests: dict[str, list[str]] = {name: area["tests"] for name, area in read["area"].items()}
        self.equivalent: list[dict[str, str]] = read.get("equivalent", [])
        self.files: dict[str, str] = {}  # if two areas match a file, the first one has it
        for name, area in read["area"].items():
            for path in (path for pattern in area["files"] for path in root.glob(pattern)):
                self.files.setdefault(path.relative_to(root).as_posix(), name)

    def choose(self, names: list[str], count: int, seed: int) -> list[Mutant]:
        """A sample of the mutants of the areas ``names``; of all that have tests, if there are no names."""
        wanted = names or [name for name, tests in self.tests.items() if tests]
        sources = {
            path: (self.root / path).read_text("utf-8") for path, name in self.files.items() if name in wanted
        }
        mutants = []
        for path, line, mutation in sample(sources, count, seed):
            changed = mutation.apply(sources[path])
            mutants.append(Mutant(self.files[path], path, line, _diff(sources[path], changed, path), changed))
        return mutants

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether the table says that the mutant does the same as the package."""
        changed = [line for line in mutant.diff.splitlines()[2:] if line[0] in "+-"]
        return any(
            each["file"] == mutant.path
            and _words(changed) == _words([f"-{each['before']}", f"+{each['after']}"])
            for each in self.equivalent
        )


def _words(lines: list[str]) -> list[str]:
    """The lines without spaces, which a change may add."""
    return ["".join(line.split()) for line in lines]


def _diff(before: str, after: str, path: str) -> str:
    names = f"a/{path}", f"b/{path}"
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2))


class Results:
    """The mutants that were killed so far, one line of JSON for each. One that survived runs again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.known: dict[str, str] = dict(json.loads(line) for line in lines)

    def add(self, mutant: Mutant) -> None:
        """Note the outcome of a mutant."""
        if mutant.outcome != SURVIVED:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([mutant.name, mutant.outcome]) + "\n")


class Copy:
    """A copy of the checkout, in which one mutant at a time runs."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = folder / root.name
        ignore = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "node_modules", "site")
        shutil.copytree(root, self.root, ignore=ignore, symlinks=True)
        self.home = folder / "t"  # short, for the path of a socket in it is at most 107 bytes long
        self.home.mkdir()

    async def run(self, command: list[str], limit: float | None) -> str:
        """Run the tests for up to ``limit`` seconds, and tell how they ended."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(self.root),
                "TMPDIR": str(self.home),
                "HOME": str(self.home),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
            async with asyncio.timeout(limit):
                return KILLED if await process.wait() else SURVIVED
        except TimeoutError:
            return TIMED_OUT
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # also the servers that the tests have started
            await process.wait()

    async def run_mutant(self, mutant: Mutant, command: list[str], limit: float) -> str:
        """Change the file, run the tests, and change the file back."""
        path = self.root / mutant.path
        before = path.read_text("utf-8")
        try:
            _write(path, mutant.source)
            return await self.run(command, limit)
        finally:
            _write(path, before)


def _write(path: Path, source: str) -> None:
    """Write a module and remove its bytecode, which Python takes for current if size and second are the same."""
    path.write_text(source, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


async def run(areas: Areas, mutants: list[Mutant], results: Results) -> None:
    """Run the mutants without a known outcome, several at once, and note each outcome."""
    for mutant in mutants:
        mutant.outcome = EQUIVALENT if areas.is_equivalent(mutant) else results.known.get(mutant.name, "")
    left = iter([mutant for mutant in mutants if not mutant.outcome])
    limits: dict[str, asyncio.Task[float]] = {}

    async def work(copy: Copy) -> None:
        for mutant in left:
            command = [*areas.command, *areas.tests[mutant.area]]
            if mutant.area not in limits:
                limits[mutant.area] = asyncio.create_task(_limit(copy, mutant.area, command))
            limit = await limits[mutant.area]
            start = time.monotonic()
            mutant.outcome = await copy.run_mutant(mutant, command, limit)
            results.add(mutant)
            done = sum(bool(each.outcome) for each in mutants)
            took = time.monotonic() - start
            _say(f"{done:4}/{len(mutants)} {mutant.outcome:9} {mutant.path}:{mutant.line} ({took:.0f} s)")

    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(work(Copy(areas.root, Path(folder, str(number)))))


async def _limit(copy: Copy, area: str, command: list[str]) -> float:
    """The seconds that a mutant of the area gets, from a run of its tests on the package as it is."""
    start = time.monotonic()
    if await copy.run(command, None) != SURVIVED:
        raise SystemExit(f"{area}: its tests fail on the package as it is; correct that first")
    took = time.monotonic() - start
    _say(f"{area}: the tests pass on the package as it is, in {took:.0f} s")
    return max(LEAST, PATIENCE * took)


def report(mutants: list[Mutant]) -> bool:
    """Print the mutants that survived and a table of the areas; return whether enough were killed."""
    for mutant in sorted(mutants, key=lambda mutant: (mutant.path, mutant.line)):
        if mutant.outcome == SURVIVED:
            _say(f"\n{mutant.path}:{mutant.line} survived\n{mutant.diff}")
    areas = sorted({mutant.area for mutant in mutants})
    counts = {area: Counter(each.outcome for each in mutants if each.area == area) for area in areas}
    counts["all"] = Counter(each.outcome for each in mutants)
    _say(f"\n{'area':24} {KILLED:>9} {TIMED_OUT:>9} {SURVIVED:>9} {EQUIVALENT:>10} {'percent':>8}")
    for area, count in counts.items():
        numbers = f"{count[KILLED]:9} {count[TIMED_OUT]:9} {count[SURVIVED]:9} {count[EQUIVALENT]:10}"
        _say(f"{area:24} {numbers} {_percent(count):8.1f}")
    return _percent(counts["all"]) >= ENOUGH


def _percent(count: Counter[str]) -> float:
    killed = count[KILLED] + count[TIMED_OUT]
    return 100 * killed / ((killed + count[SURVIVED]) or 1)


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str] | None = None, root: Path = ROOT, table: Path | None = None) -> int:
    """Run a sample of mutants; return 1 if too many survive."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--area", action="append", default=[])
    given = parser.parse_args(arguments)
    areas = Areas(root, table or root / "tools" / "mutants.toml")
    if unknown := set(given.area) - {name for name, tests in areas.tests.items() if tests}:
        parser.error(f"{', '.join(unknown)}: not an area with tests; these are: {', '.join(areas.tests)}")
    mutants = areas.choose(given.area, given.count, given.seed)
    asyncio.run(run(areas, mutants, Results(root / ".mutants")))
    return 0 if report(mutants) else 1


if __name__ == "__main__":
    raise SystemExit(main())
