"""Chooses how to run a query: in this thread, in threads that wait for a store, or in processes that compute."""

import time
from collections.abc import Iterator
from itertools import chain, islice
from typing import Final, Literal, NamedTuple

from holdall.query import pool
from holdall.query.crew import THREADS, why_private
from holdall.query.documents import keys
from holdall.query.job import Job, Outcome
from holdall.query.options import Plan
from holdall.query.spans import Span

_SAMPLE: Final = 512  # documents that are measured
_WAITING: Final = 0.3  # share of processor time below which a query waits for its store
_COLD, _WARM, _THREADS = 1.0, 0.2, 0.2  # seconds of work that are worth the start of workers
_TASK: Final = 0.2  # seconds that a task should take
_QUICKEST: Final = 5e-6  # seconds per document, at least: so a plan lists at most 200,000 keys
_LEAST, _MOST = 1_000, 10_000  # documents per task


class Survey(NamedTuple):
    """The plan for a job, the outcome of the documents that were measured, and the span after them.

    ``listed`` yields the keys of that span.
    """

    plan: Plan
    outcome: Outcome
    rest: Span | None
    listed: Iterator[str]


class Pace(NamedTuple):
    """The time that ``documents`` documents took, and the processor time in it, in seconds."""

    documents: int
    seconds: float
    busy: float


def survey(job: Job, span: Span) -> Survey:
    """Run ``job`` on the first documents of ``span``, and plan the rest by the time that they took."""
    bound = next(islice(_keys(job, span), _SAMPLE, None), None)
    first = Span(span.start, span.stop if bound is None else str(bound))
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = job.run(first)
    pace = Pace(outcome.documents, time.perf_counter() - wall, time.process_time() - cpu)
    if bound is None:
        few = Plan("serial", 0, f"there are only {outcome.documents:,} documents")
        return Survey(few, outcome, None, iter(()))
    rest = Span(str(bound), span.stop)
    needed = int(_worth(_suited(pace)) / _each(pace)) + 1
    listed = _keys(job, rest)
    seen = list(islice(listed, needed))
    refusal = why_private(job.store) or pool.why_unsafe()
    plan = choose(pace, len(seen), needed, refusal, pool.processors())
    return Survey(plan, outcome, rest, chain(seen, listed))


def choose(pace: Pace, rest: int, needed: int, refusal: str, processors: int) -> Plan:
    """Return the plan for ``rest`` documents, or more if it is ``needed``, the number that workers are worth.

    ``refusal`` says why there can be no worker processes, or is empty if there can be.
    """
    how = _suited(pace)
    if rest < needed:
        return Plan(
            "serial",
            0,
            f"{rest + pace.documents:,} documents take about {rest * _each(pace):.2g} s, "
            f"and {how} are worth their start from {_worth(how)} s on",
        )
    size = min(max(int(_TASK / _each(pace)), _LEAST), _MOST)
    share = f"{100 * min(pace.busy / pace.seconds, 1):.0f} % of the time was spent on computing"
    if how == "threads":
        return Plan(how, size, f"{THREADS} threads wait for the store at the same time, because only {share}")
    if refusal:
        return Plan("serial", 0, refusal)
    if processors < 2:
        return Plan("serial", 0, f"there is one processor, and {share}")
    return Plan(how, size, f"{processors} processes compute at the same time, because {share}")


def _suited(pace: Pace) -> Literal["threads", "processes"]:
    return "threads" if pace.busy < _WAITING * pace.seconds else "processes"


def _worth(how: Literal["threads", "processes"]) -> float:
    if how == "threads":
        return _THREADS
    return _WARM if pool.is_warm() else _COLD


def _each(pace: Pace) -> float:
    return max(pace.seconds / max(pace.documents, 1), _QUICKEST)


def _keys(job: Job, span: Span) -> Iterator[str]:
    return iter(keys(job.store, job.prefix, *span))
