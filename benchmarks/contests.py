"""The tasks that contenders are compared at, in the order in which they build on each other."""

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
    """Each does its part of a `Plan` in one round, and says of how many documents that was."""

    plan: Plan

    def load(self, round: int) -> int: ...
    def insert(self, round: int) -> int: ...
    def get(self, round: int) -> int: ...
    def change(self, round: int) -> int: ...
    def pay(self, round: int) -> int: ...
    def scan(self, round: int) -> int: ...


def contests(
    group: str,
    ours: Contender,
    peer: Contender,
    goals: Mapping[str, Goal],
    scale: Scale = OVER,
    scans: int = 11,
) -> Iterator[Row]:
    """A row for every task, with its goal if it has one; ``scans`` rounds of the scan, which is the longest."""
    for task, name in TASKS.items():
        yield compare(
            group,
            name,
            getattr(ours, task),
            getattr(peer, task),
            rounds=scans if task == "scan" else ours.plan.rounds,
            scale=scale,
            goal=goals.get(task),
        )
