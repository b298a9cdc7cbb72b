"""The tasks in which contenders compete. The first task loads the documents that the others need."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from benchmarks.measure import OVER, Goal, Row, Scale, compare
from benchmarks.plan import Plan

TASKS = {
    "load": "update() with new invoices",
    "insert": "insert, one commit each",
    "get": "get",
    "change": "update() with changed invoices",
    "pay": "payment (read, modify, write)",
    "scan": "full scan with decode",
}


class Contender(Protocol):
    """Has one method per task. It does the part of ``plan`` for one round and returns the number of operations."""

    plan: Plan


def contests(
    group: str,
    ours: Contender,
    peer: Contender,
    goals: Mapping[str, Goal | None],
    scale: Scale = OVER,
    scans: int = 11,
) -> Iterator[Row]:
    """Yield a row for each task of ``goals``. The scan takes longest, so it has only ``scans`` rounds."""
    for task, goal in goals.items():
        yield compare(
            group,
            TASKS[task],
            getattr(ours, task),
            getattr(peer, task),
            rounds=scans if task == "scan" else len(getattr(ours.plan, task)),
            scale=scale,
            goal=goal,
        )
