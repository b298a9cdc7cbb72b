"""Runs mutants in copies of the checkout, several at once, each for a limited time."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import signal
import tempfile
import time
from pathlib import Path

from .areas import Areas, Mutant

AT_ONCE = 2
MEMORY = 4 << 30  # bytes that a mutant may take
PATIENCE, LEAST = 5, 60  # a mutant gets 5 times as long as the unchanged package, and at least a minute
KILLED, TIMED_OUT, SURVIVED, EQUIVALENT = "killed", "timed out", "survived", "equivalent"


class Results:
    """The mutants that were killed so far, one line of JSON for each. A mutant that survived runs again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.known: dict[str, str] = dict(json.loads(line) for line in lines)

    def add(self, mutant: Mutant) -> None:
        """Record the outcome of a mutant."""
        if mutant.outcome != SURVIVED:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([mutant.name, mutant.outcome]) + "\n")


class Copy:
    """A copy of the checkout, in which one mutant at a time runs."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = folder / root.name
        ignore = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "node_modules", "site")
        shutil.copytree(root, self.root, ignore=ignore, symlinks=True)
        self.home = folder / "t"  # short, because the path of a socket in it must have at most 107 bytes
        self.home.mkdir()

    async def run(self, command: list[str], limit: float | None) -> str:
        """Run the tests for up to ``limit`` seconds, and return how they ended."""
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
            preexec_fn=_prepare,
        )
        try:
            async with asyncio.timeout(limit):
                return KILLED if await process.wait() else SURVIVED
        except TimeoutError:
            return TIMED_OUT
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # this also ends the servers that the tests started
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


def _prepare() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # a shell lets jobs in its background ignore it; tests send it


def _write(path: Path, source: str) -> None:
    """Write a module and remove its bytecode, which Python would use if the size and second of the file are equal."""
    path.write_text(source, "utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


async def run(areas: Areas, mutants: list[Mutant], results: Results) -> None:
    """Run the mutants without a known outcome, several at once, and record each outcome."""
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
            say(f"{done:4}/{len(mutants)} {mutant.outcome:9} {mutant.path}:{mutant.line} ({took:.0f} s)")

    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        async with asyncio.TaskGroup() as group:
            for number in range(AT_ONCE):
                group.create_task(work(Copy(areas.root, Path(folder, str(number)))))


async def _limit(copy: Copy, area: str, command: list[str]) -> float:
    """The seconds that a mutant of the area gets; measured on a run of its tests on the unchanged package."""
    start = time.monotonic()
    if await copy.run(command, None) != SURVIVED:
        raise SystemExit(f"{area}: its tests fail on the package as it is; correct that first")
    took = time.monotonic() - start
    say(f"{area}: the tests pass on the package as it is, in {took:.0f} s")
    return max(LEAST, PATIENCE * took)


def say(line: str) -> None:
    """Print a line without buffering."""
    print(line, flush=True)
