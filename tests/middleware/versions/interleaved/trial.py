"""One trial: some writers, a store in some state, a schedule; and everything that must hold in the end."""

import threading
import time
from collections.abc import Iterator
from typing import NamedTuple
from unittest import mock

from holdall import Versions
from holdall.history import note
from holdall.middleware.versions import store as kept
from holdall.store import Store
from tests.middleware.versions.interleaved.linear import NOTHING, Operation, Outcome, State, check
from tests.middleware.versions.interleaved.programs import BYPASSES, KEY, Script, named
from tests.middleware.versions.interleaved.scheduler import Fate, Writer, run, watched
from tests.middleware.versions.weaker import Weaker

STARTS = ("empty", "bare", "new", "settled", "deleted", "again")
"""What was there: nothing, a value without versions, one revision, two, a deletion, one after a deletion."""


class Tally:
    """How much was tried."""

    def __init__(self) -> None:
        self.trials = self.calls = self.kills = self.losses = 0
        self._began = time.perf_counter()

    def __str__(self) -> str:
        return (
            f"{self.trials:,} schedules, {self.calls:,} calls, {self.kills:,} kills, "
            f"{self.losses:,} lost answers in {time.perf_counter() - self._began:.0f} s"
        )


class Plan(NamedTuple):
    """A trial: what the store lacks, how it begins, what each writer does, and who goes when."""

    lacks: str
    start: str
    scripts: list[list[str]]
    choices: list[tuple[int, Fate]]


def trial(plan: Plan, tally: Tally) -> None:
    """Run ``plan`` and check what came of it."""
    with mock.patch.object(kept, "pause", return_value=0):
        base = _begun(plan)
        operations = _operated(plan, base, tally)
        tally.trials += 1
        _finish(base, operations, _bypassed(plan))


def _begun(plan: Plan) -> Store[bytes]:
    base = Weaker("", plan.lacks)
    versions = Versions(base)
    match plan.start:
        case "bare":
            base[KEY] = b"bare"
        case "new" | "settled":
            for number in range(1 if plan.start == "new" else 2):
                _write(versions, f"before-{number}")
        case "deleted" | "again":
            _write(versions, "before-0")
            with note(message="before-1"):
                del versions[KEY]
            if plan.start == "again":
                _write(versions, "before-2")
    return base


def _write(versions: Versions[bytes], name: str) -> None:
    with note(message=name):
        versions[KEY] = name.encode()


def _operated(plan: Plan, base: Store[bytes], tally: Tally) -> list[Operation]:
    writers: dict[str, Writer] = {}
    clock = [0]

    def count(name: str) -> None:
        clock[0] += 1

    def choices() -> Iterator[tuple[int, Fate]]:
        for index, fate in plan.choices:
            tally.kills += fate is Fate.KILL
            tally.losses += fate is Fate.LOSE
            yield index, fate

    below = watched(base, lambda: writers[threading.current_thread().name], count)
    scripts = []
    for index, kinds in enumerate(plan.scripts):
        script = Script(f"w{index}", below, lambda: clock[0])
        writers[script.name] = Writer(script.name, lambda script=script, kinds=kinds: script.run(kinds))
        scripts.append(script)
    tally.calls += run(list(writers.values()), choices())
    return [operation for script in scripts for operation in script.operations]


def _bypassed(plan: Plan) -> bool:
    return any(kind in BYPASSES for script in plan.scripts for kind in script)


def _finish(base: Store[bytes], operations: list[Operation], found: bool) -> None:
    """Look, let one more writer come, and look again."""
    versions = Versions(base)
    before = states(versions)
    assert versions.get(KEY) == before[-1].value
    assert list(versions.scan(KEY)) == ([KEY] if before[-1].value is not None else [])
    last = Operation("last", 10**9, lambda state: b"last", outcome=Outcome.WROTE, ended=10**9 + 1)
    with note(message="last"):
        versions[KEY] = b"last"
    after = states(versions)
    assert after[: len(before)] == before, "what history told was not the last word"
    check([*operations, last], after, found=found)


def states(versions: Versions[bytes]) -> list[State]:
    """History from the beginning, and the value at each revision."""
    try:
        revisions = list(versions.history(KEY))
    except KeyError:
        return [NOTHING]
    found = [State(one.number, named(one), _value(versions, one.number)) for one in revisions]
    assert [state.value is None for state in found] == [one.deleted for one in revisions]
    line = [NOTHING, *reversed(found)]
    assert [state.number for state in line] == list(range(len(line)))
    return line


def _value(versions: Versions[bytes], number: int) -> bytes | None:
    try:
        return versions.at(KEY, number)
    except KeyError:
        return None
