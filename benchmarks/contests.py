"""The tasks that contenders are compared at; those after the first need what it loaded."""

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
    """Has a method for each task, which does its part of ``plan`` in one round and returns how much it was."""

    plan: Plan


def contests(
    group: str,
    ours: Contender,
    peer: Contender,
    goals: Mapping[str, Goal | None],
    scale: Scale = OVER,
    scans: int = 11,
) -> Iterator[Row]:
    """A row for each task of ``goals``; ``scans`` rounds of the scan, which is the longest."""
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
